// The registry's state over its log: records are appended first and applied when they are durable. Who changes something has the state to himself until
// he is done, so that what he decided on still holds when it is written.

import { type RegistryRecord, readRecord, type SchemaVersion, writeKey, writeValue } from "./records.ts";
import type { SchemaLog } from "./schema-log.ts";
import { RegistryState } from "./state.ts";

/** Told of records that were left out, with the reason. */
export type OnRefusedRecord = (key: string, reason: string) => void;

export class RegistryStore {
  readonly state: RegistryState;
  readonly #log: SchemaLog;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(log: SchemaLog, state: RegistryState) {
    this.#log = log;
    this.state = state;
  }

  /** Reads the log through. */
  static async open(log: SchemaLog, onRefused: OnRefusedRecord = () => {}): Promise<RegistryStore> {
    const state = new RegistryState();
    for await (const { key, value } of log.records()) {
      const record = readRecord(key, value);
      const complaint = record === undefined ? "it is not a record of a schema registry" : state.apply(record);
      if (complaint !== undefined) onRefused(key, complaint);
    }
    return new RegistryStore(log, state);
  }

  /** One change at a time, in the order in which they come. */
  exclusively<Result>(change: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(change);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async write(record: RegistryRecord): Promise<void> {
    await this.#log.append(writeKey(record), writeValue(record));
    this.state.apply(record);
  }

  writeVersion(value: SchemaVersion): Promise<void> {
    return this.write({ keytype: "SCHEMA", subject: value.subject, version: value.version, value });
  }

  eraseVersion({ subject, version }: SchemaVersion): Promise<void> {
    return this.write({ keytype: "SCHEMA", subject, version, value: null });
  }
}
