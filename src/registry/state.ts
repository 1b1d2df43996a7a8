// What the records of `_schemas` amount to: versions of subjects, ids and their schemas in each context, settings. It changes by `apply` alone, for records
// that are read from the log and for new ones alike.

import type { SchemaType } from "./format.ts";
import { guidOf } from "./identity.ts";
import type { ConfigValue, RegistryRecord, SchemaVersion } from "./records.ts";
import { DEFAULT_CONTEXT, parseSubject, subjectBeside } from "./subject.ts";

/** The ids of one context. Equal schemas have one id, unless they were imported under several. */
class ContextIds {
  readonly #uses = new Map<number, Set<SchemaVersion>>();
  readonly #ids = new Map<string, number[]>();
  /** The highest that was ever seen; the next one is above. */
  highest = 0;

  /** Versions that have the id, live or not. */
  uses(id: number): readonly SchemaVersion[] {
    return [...(this.#uses.get(id) ?? [])];
  }

  /** One of another version than this. */
  otherUse(id: number, { subject, version }: Pick<SchemaVersion, "subject" | "version">): SchemaVersion | undefined {
    for (const use of this.#uses.get(id) ?? []) if (use.subject !== subject || use.version !== version) return use;
    return undefined;
  }

  /** The lowest of a schema's. */
  idOf(schemaType: SchemaType, guid: string): number | undefined {
    return this.#ids.get(`${schemaType} ${guid}`)?.[0];
  }

  add(version: SchemaVersion): void {
    const key = keyOf(version);
    const ids = this.#ids.get(key) ?? [];
    if (!ids.includes(version.id))
      this.#ids.set(
        key,
        [...ids, version.id].sort((a, b) => a - b),
      );
    this.#uses.set(version.id, (this.#uses.get(version.id) ?? new Set()).add(version));
    this.highest = Math.max(this.highest, version.id);
  }

  remove(version: SchemaVersion): void {
    const left = this.#uses.get(version.id);
    left?.delete(version);
    if (left !== undefined && left.size > 0) return;
    this.#uses.delete(version.id);
    const key = keyOf(version);
    const ids = (this.#ids.get(key) ?? []).filter((id) => id !== version.id);
    if (ids.length > 0) this.#ids.set(key, ids);
    else this.#ids.delete(key);
  }
}

export class RegistryState {
  /** How often a version was erased or replaced: what was known of a schema by the number of its version may be void. */
  erasures = 0;
  readonly #subjects = new Map<string, Map<number, SchemaVersion>>();
  readonly #contexts = new Map<string, ContextIds>([[DEFAULT_CONTEXT, new ContextIds()]]);
  readonly #referrers = new Map<string, Set<SchemaVersion>>();
  readonly #configs = new Map<string | null, ConfigValue>();
  readonly #modes = new Map<string | null, string>();

  /** The complaint, if the record contradicts what is known: it is left out. */
  apply(record: RegistryRecord): string | undefined {
    switch (record.keytype) {
      case "SCHEMA":
        return this.#applySchema(record.subject, record.version, record.value);
      case "CONFIG":
        set(this.#configs, record.subject, record.value);
        return undefined;
      case "MODE":
        set(this.#modes, record.subject, record.value?.mode ?? null);
        return undefined;
      case "DELETE_SUBJECT":
        this.#deleteUpTo(record.subject, record.value?.version ?? 0);
        return undefined;
      case "CLEAR_SUBJECT":
        if (record.value !== null) this.#clear(record.subject);
        return undefined;
      case "CONTEXT":
        if (record.value === null) this.#contexts.delete(record.context);
        else this.#ids(record.context);
        return undefined;
      case "NOOP":
        return undefined;
    }
  }

  /** As it was before the first record. */
  clear(): void {
    this.erasures++;
    this.#subjects.clear();
    this.#contexts.clear();
    this.#ids(DEFAULT_CONTEXT);
    this.#referrers.clear();
    this.#configs.clear();
    this.#modes.clear();
  }

  /** Sorted by code unit. */
  subjects(): readonly string[] {
    return [...this.#subjects.keys()].sort();
  }

  /** Of a subject, lowest first, with those that are softly deleted. */
  versions(subject: string): readonly SchemaVersion[] {
    return [...(this.#subjects.get(subject)?.values() ?? [])].sort((a, b) => a.version - b.version);
  }

  version(subject: string, version: number): SchemaVersion | undefined {
    return this.#subjects.get(subject)?.get(version);
  }

  contexts(): readonly string[] {
    return [...this.#contexts.keys()].sort();
  }

  hasContext(context: string): boolean {
    return this.#contexts.has(context);
  }

  /** Versions of a context that have an id, live or not. */
  uses(context: string, id: number): readonly SchemaVersion[] {
    return this.#contexts.get(context)?.uses(id) ?? [];
  }

  idOf(context: string, schemaType: SchemaType, guid: string): number | undefined {
    return this.#contexts.get(context)?.idOf(schemaType, guid);
  }

  highestId(context: string): number {
    return this.#contexts.get(context)?.highest ?? 0;
  }

  /** Versions that refer to this one, live or not. */
  referrers(subject: string, version: number): readonly SchemaVersion[] {
    return [...(this.#referrers.get(placeOf(subject, version)) ?? [])];
  }

  config(subject: string | null): ConfigValue | undefined {
    return this.#configs.get(subject);
  }

  /** Subjects that stand for others, by what their settings say. */
  aliases(): readonly { readonly alias: string; readonly subject: string }[] {
    return [...this.#configs].flatMap(([name, { alias: subject = "" }]) =>
      name === null || subject === "" ? [] : [{ alias: name, subject }],
    );
  }

  mode(subject: string | null): string | undefined {
    return this.#modes.get(subject);
  }

  #applySchema(subject: string, version: number, value: SchemaVersion | null): string | undefined {
    if (value !== null) {
      const known = this.#contexts.get(parseSubject(subject).context)?.otherUse(value.id, { subject, version });
      if (known !== undefined && known.schema !== value.schema) return `id ${value.id} stands for another schema already`;
    }
    const before = this.version(subject, version);
    if (before !== undefined && before.schema !== value?.schema) this.erasures++;
    if (before !== undefined) this.#remove(before);
    if (value !== null) this.#add({ ...value, subject, version });
    return undefined;
  }

  #deleteUpTo(subject: string, last: number): void {
    for (const version of this.versions(subject)) {
      if (version.version > last || version.deleted) continue;
      this.#remove(version);
      this.#add({ ...version, deleted: true });
    }
  }

  #clear(subject: string): void {
    this.erasures++;
    for (const version of this.versions(subject)) if (version.deleted) this.#remove(version);
  }

  #add(version: SchemaVersion): void {
    const versions = this.#subjects.get(version.subject) ?? new Map<number, SchemaVersion>();
    this.#subjects.set(version.subject, versions.set(version.version, version));
    this.#ids(parseSubject(version.subject).context).add(version);
    for (const reference of version.references) {
      const place = placeOf(subjectBeside(reference.subject, version.subject), reference.version);
      this.#referrers.set(place, (this.#referrers.get(place) ?? new Set()).add(version));
    }
  }

  #remove(version: SchemaVersion): void {
    const versions = this.#subjects.get(version.subject);
    versions?.delete(version.version);
    if (versions?.size === 0) this.#subjects.delete(version.subject);
    this.#ids(parseSubject(version.subject).context).remove(version);
    for (const reference of version.references) {
      this.#referrers.get(placeOf(subjectBeside(reference.subject, version.subject), reference.version))?.delete(version);
    }
  }

  #ids(context: string): ContextIds {
    const ids = this.#contexts.get(context) ?? new ContextIds();
    this.#contexts.set(context, ids);
    return ids;
  }
}

/** A text may be a schema of two types, which have no id in common. */
function keyOf(version: SchemaVersion): string {
  return `${version.schemaType} ${guidOf(version)}`;
}

function placeOf(subject: string, version: number): string {
  return `${version}/${subject}`;
}

function set<Value>(map: Map<string | null, Value>, key: string | null, value: Value | null): void {
  if (value === null) map.delete(key);
  else map.set(key, value);
}
