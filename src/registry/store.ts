// The registry's state over its log. What it knows is what it has read there: a record that is written is read back before anybody goes on. Who changes
// something has the registry to himself until he is done, and begins when all that is in the log was read, so that what he decided on still holds when it is
// written.

import { othersTurn } from "../base/clock.ts";
import { systemClock } from "../base/system-clock.ts";
import { type RegistryRecord, readRecord, type SchemaVersion, writeKey, writeValue } from "./records.ts";
import { BEGINNING, type SchemaLog } from "./schema-log.ts";
import { RegistryState } from "./state.ts";

/** Beyond these others have a turn. */
const CHARACTERS_AT_ONCE = 32 * 1024;

/** Told of records that were left out, with the reason. */
export type OnRefusedRecord = (key: string, reason: string) => void;

export class RegistryStore {
  readonly state = new RegistryState();
  readonly #log: SchemaLog;
  readonly #onRefused: OnRefusedRecord;
  #turn: Promise<unknown> = Promise.resolve();
  /** The reading that was begun last, and whether it is still to begin. */
  #reading: Promise<void> = Promise.resolve();
  #isReadingToBegin = false;

  constructor(log: SchemaLog, onRefused: OnRefusedRecord = () => {}) {
    this.#log = log;
    this.#onRefused = onRefused;
  }

  /** Resolves when all is known that was in the log when this was called. */
  catchUp(): Promise<void> {
    if (this.#isReadingToBegin) return this.#reading;
    this.#isReadingToBegin = true;
    this.#reading = this.#reading.catch(() => undefined).then(() => this.#read());
    return this.#reading;
  }

  /** One change at a time, in the order in which they come. */
  exclusively<Result>(change: () => Result | Promise<Result>): Promise<Result> {
    const result = this.#turn.then(() => this.catchUp()).then(change);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async write(record: RegistryRecord): Promise<void> {
    await this.#log.append(writeKey(record), writeValue(record));
    await this.catchUp();
  }

  writeVersion(value: SchemaVersion): Promise<void> {
    return this.write({ keytype: "SCHEMA", subject: value.subject, version: value.version, value });
  }

  eraseVersion({ subject, version }: SchemaVersion): Promise<void> {
    return this.write({ keytype: "SCHEMA", subject, version, value: null });
  }

  async #read(): Promise<void> {
    this.#isReadingToBegin = false;
    let characters = 0;
    for await (const found of this.#log.unread()) {
      if (found === BEGINNING) {
        this.state.clear();
        continue;
      }
      this.#apply(found.key, found.value);
      characters += found.key.length + (found.value?.length ?? 0);
      if (characters < CHARACTERS_AT_ONCE) continue;
      characters = 0;
      await othersTurn(systemClock);
    }
  }

  #apply(key: string, value: string | null): void {
    const record = readRecord(key, value);
    const complaint = record === undefined ? "it is not a record of a schema registry" : this.state.apply(record);
    if (complaint !== undefined) this.#onRefused(key, complaint);
  }
}
