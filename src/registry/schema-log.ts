// Where the registry keeps its state: a log of keys and values, of which the last of each key counts. In Kafka that is the compacted topic `_schemas`.

/** Both are the UTF-8 text of the record; a value of null deletes what its key stands for. */
export interface SchemaRecord {
  readonly key: string;
  readonly value: string | null;
}

/** Everything before it is void: the log has begun anew. */
export const BEGINNING = Symbol("beginning");

export interface SchemaLog {
  /** Resolves when the record is durable. One at a time. Rejects with NotWriter where another one writes by now. */
  append(key: string, value: string | null): Promise<void>;
  /** What has come since this was read to its end before, oldest first, as far as the log goes now. One at a time. */
  unread(): AsyncIterable<SchemaRecord | typeof BEGINNING>;
}

/** Another broker writes the log: nothing was written. */
export class NotWriter extends Error {
  constructor() {
    super("another broker writes the schema registry's topic");
    this.name = "NotWriter";
  }
}

/** As long as the process lives. */
export class MemorySchemaLog implements SchemaLog {
  readonly #records: SchemaRecord[];
  #read = 0;

  constructor(records: readonly SchemaRecord[] = []) {
    this.#records = [...records];
  }

  get records(): readonly SchemaRecord[] {
    return this.#records;
  }

  append(key: string, value: string | null): Promise<void> {
    this.#records.push({ key, value });
    return Promise.resolve();
  }

  async *unread(): AsyncIterable<SchemaRecord> {
    const from = this.#read;
    this.#read = this.#records.length;
    yield* this.#records.slice(from);
  }
}
