// Parses schemas with what they refer to. Parsed ones are kept for a while, because a subject's versions are compared again and again.

import { othersTurn } from "../base/clock.ts";
import { systemClock } from "../base/system-clock.ts";
import { invalidSchema, schemaTooLarge } from "./errors.ts";
import { InvalidSchema, type ParsedSchema, type ResolvedReference, type SchemaReference, type SchemaType } from "./format.ts";
import { formatOf } from "./formats.ts";
import { guidOf } from "./identity.ts";
import type { SchemaVersion } from "./records.ts";
import type { RegistryState } from "./state.ts";
import { subjectBeside } from "./subject.ts";

/** A schema as somebody sends it; `subject` says from where names of other subjects are seen. */
export interface SchemaText {
  readonly subject: string;
  readonly schemaType: SchemaType;
  readonly schema: string;
  readonly references: readonly SchemaReference[];
}

/** Of the texts of parsed schemas that are kept. */
const MOST_KEPT_CHARACTERS = 4 * 1024 * 1024;
const MOST_REFERENCES = 1000;
/** Of a new schema, and of all that it refers to: they are parsed in one go, in which nobody else has a turn. */
const MOST_CHARACTERS = 256 * 1024;

export class SchemaParser {
  readonly #state: RegistryState;
  readonly #kept = new Map<string, ParsedSchema>();
  #keptCharacters = 0;

  constructor(state: RegistryState) {
    this.#state = state;
  }

  /** Throws 42201 for what is not a schema or refers to what is not there. */
  async parseNew(text: SchemaText, normalize: boolean): Promise<ParsedSchema> {
    if (text.schema.length > MOST_CHARACTERS) throw schemaTooLarge(`it has more than ${MOST_CHARACTERS} characters`);
    return await this.#parse(text, { isNew: true, normalize });
  }

  /** A stored schema, which is not judged again. */
  async parseStored(version: SchemaVersion): Promise<ParsedSchema> {
    const key = `${this.#state.erasures} ${version.schemaType} ${guidOf(version)} ${version.subject}`;
    const known = this.#kept.get(key);
    // One after the other is parsed where many are compared.
    if (known === undefined) await othersTurn(systemClock);
    const parsed = known ?? (await this.#parse(version, { isNew: false, normalize: false }));
    this.#keep(key, parsed);
    return parsed;
  }

  /** The references with the numbers of versions in place of -1, the latest. */
  numbered({ subject, references }: SchemaText): readonly SchemaReference[] {
    return references.map((reference) => {
      if (reference.version !== -1) return reference;
      const latest = this.#state.versions(subjectBeside(reference.subject, subject)).findLast(({ deleted }) => !deleted);
      return latest === undefined ? reference : { ...reference, version: latest.version };
    });
  }

  /** As the one that was used last; those that were not used for longest go. */
  #keep(key: string, parsed: ParsedSchema): void {
    if (!this.#kept.delete(key)) this.#keptCharacters += parsed.canonicalText.length;
    this.#kept.set(key, parsed);
    for (const [oldest, { canonicalText }] of this.#kept) {
      if (this.#keptCharacters <= MOST_KEPT_CHARACTERS || oldest === key) return;
      this.#kept.delete(oldest);
      this.#keptCharacters -= canonicalText.length;
    }
  }

  async #parse(text: SchemaText, options: { readonly isNew: boolean; readonly normalize: boolean }): Promise<ParsedSchema> {
    try {
      const references = this.#resolve(text);
      const characters = references.reduce((sum, { schema }) => sum + schema.length, 0);
      if (options.isNew && characters > MOST_CHARACTERS)
        throw new InvalidSchema(`What it refers to has more than ${MOST_CHARACTERS} characters`);
      const format = await formatOf(text.schemaType);
      return await format.parse(text.schema, { references, ...options });
    } catch (cause) {
      throw asInvalid(text, cause);
    }
  }

  /** Those that others build upon first, each version once. */
  #resolve(text: SchemaText): readonly ResolvedReference[] {
    const resolved = new Map<string, ResolvedReference>();
    const visit = ({ subject: parent, references }: Pick<SchemaText, "subject" | "references">, path: readonly string[]) => {
      for (const { name, subject, version } of references) {
        const target = subjectBeside(subject, parent);
        const place = `${version}/${target}`;
        if (path.includes(place)) throw new InvalidSchema(`References go round in a circle at subject "${subject}" and version ${version}`);
        if (resolved.has(`${name} ${place}`)) continue;
        const found = this.#state.version(target, version);
        if (found === undefined) throw new InvalidSchema(`No schema reference found for subject "${subject}" and version ${version}`);
        visit(found, [...path, place]);
        resolved.set(`${name} ${place}`, { name, subject: target, version, schema: found.schema });
        if (resolved.size > MOST_REFERENCES) throw new InvalidSchema(`More than ${MOST_REFERENCES} references`);
      }
    };
    visit(text, []);
    return [...resolved.values()];
  }
}

/** What was thrown while a schema was parsed or compared, as its sender is told it. */
export function asInvalid(text: SchemaText, cause: unknown): unknown {
  if (cause instanceof InvalidSchema) return invalidSchema(text, cause.message);
  // The stack is what runs out with texts that are nested more deeply than any that somebody means.
  return cause instanceof RangeError ? invalidSchema(text, "It is nested too deeply") : cause;
}
