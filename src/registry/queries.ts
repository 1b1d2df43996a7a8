// What can be read of the registry.

import { idNotFound, schemaNotFound, subjectNotFound, versionNotFound } from "./errors.ts";
import { SCHEMA_TYPES } from "./formats.ts";
import type { SchemaVersion } from "./records.ts";
import type { Settings } from "./settings.ts";
import type { RegistryState } from "./state.ts";
import { canonicalSubject, DEFAULT_CONTEXT, EVERY_CONTEXT, isQualified, parseSubject, printSubject } from "./subject.ts";

/** Which versions count: those that are live, all, or those that are softly deleted. */
export type Which = "live" | "all" | "deleted";

export class Queries {
  readonly #state: RegistryState;
  readonly #settings: Settings;

  constructor(state: RegistryState, settings: Settings) {
    this.#state = state;
    this.#settings = settings;
  }

  /** The subject that a name means to a reader: behind an alias, or, if the default context has none, in another. */
  resolved(name: string): string {
    const subject = this.#settings.aliased(canonicalSubject(name));
    if (isQualified(name) || this.#state.versions(subject).length > 0) return subject;
    const elsewhere = this.#state.contexts().map((context) => printSubject({ context, subject }));
    return elsewhere.find((one) => this.#state.versions(one).length > 0) ?? subject;
  }

  /** Subjects whose name begins with `prefix` in its context; before `:*:` in all. */
  subjects(prefix: string, which: Which): readonly string[] {
    return this.#state.subjects().filter((subject) => {
      const versions = this.#state.versions(subject);
      const isLive = versions.some(({ deleted }) => !deleted);
      return hasPrefix(subject, prefix) && (which === "all" || (which === "live") === isLive);
    });
  }

  /** With `aliases` also those of subjects for which another name stands that begins like this. */
  schemas(
    prefix: string,
    which: Which,
    { latestOnly, aliases }: { readonly latestOnly: boolean; readonly aliases: boolean },
  ): readonly SchemaVersion[] {
    const subjects = new Set(this.subjects(prefix, which));
    for (const { alias, subject } of aliases ? this.#state.aliases() : []) if (hasPrefix(alias, prefix)) subjects.add(subject);
    return [...subjects].sort().flatMap((subject) => {
      const versions = this.versions(subject, which);
      return latestOnly ? versions.slice(-1) : versions;
    });
  }

  /** Other names of a subject, sorted. */
  aliasesOf(subject: string): readonly string[] {
    const names = this.#state.aliases().flatMap((one) => (one.subject === subject ? [one.alias] : []));
    return names.sort();
  }

  versions(subject: string, which: Which): readonly SchemaVersion[] {
    return this.#state.versions(subject).filter(({ deleted }) => which === "all" || (which === "deleted") === deleted);
  }

  /** As `versions`; 40401 for a subject that has none. */
  someVersions(subject: string, which: Which): readonly SchemaVersion[] {
    const versions = this.versions(subject, which);
    if (versions.length === 0) throw subjectNotFound(subject);
    return versions;
  }

  /** `version` is undefined for the latest, which is always a live one as long as there is any. */
  version(subject: string, version: number | undefined, which: "live" | "all"): SchemaVersion {
    const all = this.#state.versions(subject);
    const live = all.filter(({ deleted }) => !deleted);
    if (all.length === 0 || (which === "live" && live.length === 0)) throw subjectNotFound(subject);
    const found =
      version === undefined ? (live.at(-1) ?? all.at(-1)) : (which === "all" ? all : live).find((one) => one.version === version);
    if (found === undefined) throw versionNotFound(version ?? -1);
    return found;
  }

  /** The newest live version that has all these properties. */
  byMetadata(subject: string, properties: ReadonlyMap<string, string>, which: "live" | "all"): SchemaVersion {
    const found = this.someVersions(subject, which).findLast(({ metadata }) =>
      [...properties].every(
        ([key, value]) =>
          metadata?.properties !== undefined && Object.hasOwn(metadata.properties, key) && metadata.properties[key] === value,
      ),
    );
    if (found === undefined) throw schemaNotFound();
    return found;
  }

  /**
   * A version that has the id, found by `subject`: it may name a context; a subject in one, which has to have the id itself; or a subject, which has it
   * in the default context or, in the order of their names, in another, or else it is anybody's in the default context.
   */
  byId(id: number, subject: string): SchemaVersion {
    const found = this.#usesOf(id, subject)[0];
    if (found === undefined) throw idNotFound(id);
    return found;
  }

  byGuid(guid: string): SchemaVersion {
    const found = this.#withGuid(guid)[0];
    if (found === undefined) throw idNotFound(guid);
    return found;
  }

  idsOfGuid(guid: string): readonly { readonly context: string; readonly id: number }[] {
    const found = this.#withGuid(guid);
    if (found.length === 0) throw idNotFound(guid);
    return found.map(({ subject, id }) => ({ context: parseSubject(subject).context, id }));
  }

  /** Versions that have an id, by subject and version; 40403 for an id that nobody has. */
  uses(id: number, subject: string, which: Which): readonly SchemaVersion[] {
    const uses = this.#usesOf(id, subject);
    if (uses.length === 0) throw idNotFound(id);
    const counted = uses.filter(({ deleted }) => which === "all" || (which === "deleted") === deleted);
    return counted.toSorted((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : a.version - b.version));
  }

  highestId(subject: string): number {
    return this.#state.highestId(parseSubject(subject).context);
  }

  referencedBy({ subject, version }: SchemaVersion, which: Which): readonly number[] {
    const referrers = this.#state.referrers(subject, version);
    const ids = referrers.filter(({ deleted }) => which === "all" || (which === "deleted") === deleted).map(({ id }) => id);
    return [...new Set(ids)].sort((a, b) => a - b);
  }

  contexts(prefix: string): readonly string[] {
    return this.#state.contexts().filter((context) => context.startsWith(prefix));
  }

  /** The subject's own use first. */
  #usesOf(id: number, name: string): readonly SchemaVersion[] {
    const { context, subject } = parseSubject(name);
    if (subject === "") return this.#state.uses(context, id);
    const others = context === DEFAULT_CONTEXT ? this.#state.contexts().filter((other) => other !== context) : [];
    for (const place of [context, ...others]) {
      const uses = this.#state.uses(place, id);
      const own = uses.find((use) => parseSubject(use.subject).subject === subject);
      if (own !== undefined) return [own, ...uses.filter((use) => use !== own)];
    }
    return context === DEFAULT_CONTEXT ? this.#state.uses(context, id) : [];
  }

  /** One version for each context that has the schema. */
  #withGuid(guid: string): readonly SchemaVersion[] {
    return this.#state.contexts().flatMap((context) => {
      const ids = SCHEMA_TYPES.flatMap((schemaType) => this.#state.idOf(context, schemaType, guid) ?? []);
      return ids.flatMap((id) => this.#state.uses(context, id).slice(0, 1));
    });
  }
}

function hasPrefix(name: string, prefix: string): boolean {
  if (prefix.startsWith(EVERY_CONTEXT)) return parseSubject(name).subject.startsWith(prefix.slice(EVERY_CONTEXT.length));
  const wanted = parseSubject(prefix);
  const { context, subject } = parseSubject(name);
  return context === wanted.context && subject.startsWith(wanted.subject);
}

/** Whether a context of that name, which is not the default one, is empty. */
export function isEmptyContext(state: RegistryState, context: string): boolean {
  return context !== DEFAULT_CONTEXT && state.subjects().every((subject) => parseSubject(subject).context !== context);
}
