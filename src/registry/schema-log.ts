// Where the registry keeps its state: a log of keys and values, of which the last of each key counts. In Kafka that is the compacted topic `_schemas`.

/** Both are the UTF-8 text of the record; a value of null deletes what its key stands for. */
export interface SchemaRecord {
  readonly key: string;
  readonly value: string | null;
}

export interface SchemaLog {
  /** Resolves when the record is durable. One at a time. */
  append(key: string, value: string | null): Promise<void>;
  /** All records, oldest first, as far as the log goes when it is asked. */
  records(): AsyncIterable<SchemaRecord>;
}

/** As long as the process lives. */
export class MemorySchemaLog implements SchemaLog {
  readonly #records: SchemaRecord[];

  constructor(records: readonly SchemaRecord[] = []) {
    this.#records = [...records];
  }

  append(key: string, value: string | null): Promise<void> {
    this.#records.push({ key, value });
    return Promise.resolve();
  }

  async *records(): AsyncIterable<SchemaRecord> {
    yield* [...this.#records];
  }
}
