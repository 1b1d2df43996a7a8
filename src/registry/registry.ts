// A schema registry: subjects with versions of schemas, over a log that keeps them. What it answers over HTTP is in the folder `http`.

import { Deletions } from "./deletion.ts";
import { contextNotEmpty, invalidRequest, subjectNotFound } from "./errors.ts";
import { SchemaParser } from "./parsing.ts";
import { isEmptyContext, Queries } from "./queries.ts";
import type { SchemaVersion } from "./records.ts";
import { Registrations } from "./registration.ts";
import type { SchemaLog } from "./schema-log.ts";
import { Settings } from "./settings.ts";
import { type OnRefusedRecord, RegistryStore } from "./store.ts";

export class SchemaRegistry {
  readonly queries: Queries;
  readonly settings: Settings;
  readonly registrations: Registrations;
  readonly deletions: Deletions;
  readonly #store: RegistryStore;
  readonly #parser: SchemaParser;

  /** `onRefused` hears of records in the log that are none, or contradict others. */
  constructor(log: SchemaLog, onRefused?: OnRefusedRecord) {
    const store = new RegistryStore(log, onRefused);
    this.#store = store;
    this.#parser = new SchemaParser(store.state);
    this.settings = new Settings(store);
    this.queries = new Queries(store.state, this.settings);
    this.registrations = new Registrations(store, this.#parser, this.settings);
    this.deletions = new Deletions(store, this.settings);
  }

  /** Reads what is new in the log. */
  catchUp(): Promise<void> {
    return this.#store.catchUp();
  }

  /** Whatever changes something happens in here, one after the other. */
  exclusively<Result>(change: () => Result | Promise<Result>): Promise<Result> {
    return this.#store.exclusively(change);
  }

  /** A version's text in one of the forms that its format has; "" is the stored one. */
  async textOf(version: SchemaVersion, format: string): Promise<string> {
    return format === "" ? version.schema : (await this.#parser.parseStored(version)).textAs(format);
  }

  /** Of a context without subjects. */
  async deleteContext(context: string): Promise<void> {
    if (!this.#store.state.hasContext(context)) throw subjectNotFound(`:${context}:`);
    if (context === ".") throw invalidRequest("The default context cannot be deleted");
    if (!isEmptyContext(this.#store.state, context)) throw contextNotEmpty(context);
    await this.#store.write({ keytype: "CONTEXT", tenant: "default", context, value: null });
  }
}
