// Registering schemas, looking them up by their text, and asking whether they could be registered.

import { othersTurn } from "../base/clock.ts";
import { systemClock } from "../base/system-clock.ts";
import { type EarlierVersion, incompatibilities, versionsToCompare } from "./compatibility.ts";
import { incompatible, invalidRequest, invalidSubject, notPermitted, schemaNotFound, subjectNotFound } from "./errors.ts";
import type { ParsedSchema, SchemaReference } from "./format.ts";
import { isSchemaType } from "./formats.ts";
import { guidOf, type SchemaContent } from "./identity.ts";
import { mergeMetadata, mergeRules } from "./metadata.ts";
import { asInvalid, type SchemaParser } from "./parsing.ts";
import type { ConfigValue, Metadata, RuleSet, SchemaVersion } from "./records.ts";
import type { Settings } from "./settings.ts";
import type { RegistryStore } from "./store.ts";
import { isSubject, parseSubject } from "./subject.ts";

/** A request to register; only the text has to be there. `version` and `id` are for imports. */
export interface Registration {
  readonly schema: string;
  readonly schemaType?: string;
  readonly references?: readonly SchemaReference[];
  readonly metadata?: Metadata;
  readonly ruleSet?: RuleSet;
  readonly version?: number;
  readonly id?: number;
}

export interface Registered {
  readonly version: SchemaVersion;
  /** Whether the client is told more than the id, because there is more than it has sent. */
  readonly isTold: boolean;
}

/** A schema that was understood: as it would be stored. */
interface Candidate {
  readonly content: SchemaContent;
  readonly parsed: ParsedSchema;
  readonly config: ConfigValue;
}

export class Registrations {
  readonly #store: RegistryStore;
  readonly #parser: SchemaParser;
  readonly #settings: Settings;

  constructor(store: RegistryStore, parser: SchemaParser, settings: Settings) {
    this.#store = store;
    this.#parser = parser;
    this.#settings = settings;
  }

  /** The version that the schema has in the subject, which may have been there before. */
  async register(subject: string, request: Registration, normalize: boolean): Promise<Registered> {
    if (!isSubject(subject)) throw invalidSubject(subject);
    const candidate = await this.#candidate(subject, request, normalize, true);
    const known = isPlain(request, candidate.config) ? await this.#find(this.#live(subject), candidate, request) : undefined;
    if (known !== undefined) return { version: known, isTold: hasMoreThan(known, request) };
    const isImport = this.#checkMode(subject, request);
    const version = this.#nextVersion(subject, request.version ?? 0, isImport);
    const content = isImport ? candidate.content : numbered(candidate.content, version, request.version);
    const same = this.#same(subject, content, isImport ? request : undefined);
    if (same !== undefined) return { version: same, isTold: true };
    if (!isImport) await this.#checkCompatibility(subject, { ...candidate, content });
    const value = { subject, version, id: this.#idFor(subject, content, request.id), ...content, deleted: false };
    await this.#put(value);
    return { version: value, isTold: content.metadata !== undefined || content.ruleSet !== undefined };
  }

  /** The version of a subject that has this schema; 40401 for a subject without versions, 40403 if none has it. */
  async lookUp(
    subject: string,
    request: Registration,
    { normalize, deleted }: { normalize: boolean; deleted: boolean },
  ): Promise<SchemaVersion> {
    const versions = this.#store.state.versions(subject).filter((version) => deleted || !version.deleted);
    if (versions.length === 0) throw subjectNotFound(subject);
    const found = await this.#find(versions, await this.#candidate(subject, request, normalize, false), request);
    if (found === undefined) throw schemaNotFound();
    return found;
  }

  /** Why a schema could not be registered; with `only`, why it is not compatible with that version. Empty if nothing speaks against it. */
  async messages(subject: string, request: Registration, normalize: boolean, only?: SchemaVersion): Promise<readonly string[]> {
    const candidate = await this.#candidate(subject, request, normalize, true);
    return await this.#incompatibilities(subject, candidate, only === undefined ? undefined : [only]);
  }

  async #candidate(subject: string, request: Registration, normalize: boolean, inherit: boolean): Promise<Candidate> {
    const config = this.#settings.configInScope(subject);
    const latest = this.#live(subject).at(-1);
    const text = this.#textOf(subject, request, latest);
    const parsed = await this.#parser.parseNew(text, normalize || config.normalize === true);
    const references = normalize || config.normalize === true ? sorted(text.references) : text.references;
    const own = { metadata: request.metadata, ruleSet: request.ruleSet };
    const given = inherit ? { metadata: own.metadata ?? latest?.metadata, ruleSet: own.ruleSet ?? latest?.ruleSet } : own;
    const content = {
      schemaType: text.schemaType,
      schema: parsed.canonicalText,
      references,
      metadata: inherit ? mergeMetadata(config.defaultMetadata, given.metadata, config.overrideMetadata) : given.metadata,
      ruleSet: inherit ? mergeRules(config.defaultRuleSet, given.ruleSet, config.overrideRuleSet) : given.ruleSet,
    };
    return { content, parsed, config };
  }

  /** Without a text there is that of the latest version, to change what is beside it. */
  #textOf(subject: string, { schema, schemaType = "AVRO", references = [] }: Registration, latest: SchemaVersion | undefined) {
    if (!isSchemaType(schemaType)) throw invalidRequest(`Invalid schema type ${schemaType}`);
    if (schema.trim() === "") {
      if (latest === undefined) throw invalidRequest("Empty schema");
      return { subject, schemaType: latest.schemaType, schema: latest.schema, references: latest.references };
    }
    const text = { subject, schemaType, schema, references };
    return { ...text, references: this.#parser.numbered(text) };
  }

  /** The newest counts. Metadata and rules that are not given may be any. */
  async #find(
    versions: readonly SchemaVersion[],
    { content, parsed }: Candidate,
    request: Registration,
  ): Promise<SchemaVersion | undefined> {
    const wanted = guidOf(content);
    const exact = versions.findLast((version) => guidOf(version) === wanted && version.schemaType === content.schemaType);
    if (exact !== undefined) return exact;
    const plain = (version: SchemaContent) =>
      guidOf({
        ...version,
        metadata: request.metadata === undefined ? undefined : version.metadata,
        ruleSet: request.ruleSet === undefined ? undefined : version.ruleSet,
      });
    const text = plain(content);
    const isSimilar = (version: SchemaContent) => version.schema === content.schema && plain(version) === text;
    const similar = versions.findLast((version) => version.schemaType === content.schemaType && isSimilar(version));
    if (similar !== undefined || content.references.length > 0) return similar;
    return await this.#findWrittenOut(versions, content, parsed);
  }

  /** A schema that refers to others is the same as one in which these are written out. */
  async #findWrittenOut(
    versions: readonly SchemaVersion[],
    content: SchemaContent,
    parsed: ParsedSchema,
  ): Promise<SchemaVersion | undefined> {
    if (content.schemaType !== "AVRO") return undefined;
    const text = await parsed.textAs("resolved");
    for (const version of versions.toReversed()) {
      if (version.references.length === 0 || version.schemaType !== "AVRO") continue;
      if ((await (await this.#parser.parseStored(version)).textAs("resolved")) === text) return version;
    }
    return undefined;
  }

  /** Whether the subject imports. */
  #checkMode(subject: string, { id }: Registration): boolean {
    this.#settings.needWritable(subject);
    const isImport = this.#settings.modeOf(subject) === "IMPORT";
    const hasId = id !== undefined && id > 0;
    if (hasId && !isImport) throw notPermitted(`Subject ${subject} is not in import mode`);
    if (!hasId && isImport) throw notPermitted(`Subject ${subject} is not in read-write mode`);
    return isImport;
  }

  #nextVersion(subject: string, wanted: number, isImport: boolean): number {
    const versions = this.#store.state.versions(subject);
    if (versions.length >= MOST_VERSIONS) throw notPermitted(`Subject ${subject} has ${MOST_VERSIONS} versions, and takes no more`);
    const next = (versions.at(-1)?.version ?? 0) + 1;
    if (wanted <= 0 || wanted === next) return next;
    if (!isImport) throw invalidRequest("Version is not one more than previous version");
    return wanted;
  }

  #idFor(subject: string, content: SchemaContent, wanted: number | undefined): number {
    const { state } = this.#store;
    const { context } = parseSubject(subject);
    const known = state.idOf(context, content.schemaType, guidOf(content));
    if (wanted === undefined || wanted <= 0) return known ?? state.highestId(context) + 1;
    const [holder] = state.uses(context, wanted);
    if (holder !== undefined && (holder.schemaType !== content.schemaType || guidOf(holder) !== guidOf(content))) {
      throw notPermitted(`Overwrite new schema with id ${wanted} is not permitted.`);
    }
    return wanted;
  }

  async #checkCompatibility(subject: string, candidate: Candidate): Promise<void> {
    const messages = await this.#incompatibilities(subject, candidate);
    if (messages.length > 0) throw incompatible(subject, messages);
  }

  async #incompatibilities(subject: string, candidate: Candidate, versions?: readonly SchemaVersion[]): Promise<readonly string[]> {
    const level = this.#settings.levelOf(subject);
    const group = candidate.config.compatibilityGroup;
    const groupOf = ({ metadata }: { readonly metadata: Metadata | undefined }) =>
      group === undefined ? undefined : metadata?.properties?.[group];
    const ofGroup = (versions ?? this.#live(subject)).filter((version) => groupOf(version) === groupOf(candidate.content));
    for (const version of versionsToCompare(level, ofGroup)) {
      await othersTurn(systemClock);
      const earlier: EarlierVersion = { version, parsed: await this.#parser.parseStored(version) };
      const messages = judged(version, () =>
        incompatibilities(level, { schemaType: candidate.content.schemaType, parsed: candidate.parsed }, earlier),
      );
      if (messages.length > 0) return messages;
    }
    return [];
  }

  /** Earlier versions that were softly deleted and had the same id make room. */
  async #put(value: SchemaVersion): Promise<void> {
    const { subject, version, id } = value;
    const before = this.#store.state.versions(subject).filter((one) => one.deleted && one.id === id && one.version !== version);
    const { context } = parseSubject(subject);
    if (!this.#store.state.hasContext(context)) {
      await this.#store.write({ keytype: "CONTEXT", tenant: "default", context, value: { tenant: "default", context } });
    }
    await this.#store.writeVersion(value);
    for (const one of before) await this.#store.eraseVersion(one);
  }

  /** A live version with this very content; of an import it has to be the version and the id that are imported. */
  #same(subject: string, content: SchemaContent, imported: Registration | undefined): SchemaVersion | undefined {
    const guid = guidOf(content);
    return this.#live(subject).findLast((one) => {
      if (imported !== undefined && (one.id !== imported.id || one.version !== imported.version)) return false;
      return guidOf(one) === guid && one.schemaType === content.schemaType;
    });
  }

  #live(subject: string): readonly SchemaVersion[] {
    return this.#store.state.versions(subject).filter(({ deleted }) => !deleted);
  }
}

/** A version that somebody else stored may turn out to be no schema only when it is compared. */
function judged(version: SchemaVersion, compare: () => readonly string[]): readonly string[] {
  try {
    return compare();
  } catch (cause) {
    throw asInvalid(version, cause);
  }
}

/** Whether it is enough that the schema is there already, whatever the mode. */
function isPlain({ version, id }: Registration, config: ConfigValue): boolean {
  const isSet = [config.defaultMetadata, config.overrideMetadata, config.defaultRuleSet, config.overrideRuleSet].some(
    (one) => one !== undefined,
  );
  return !version && !id && !isSet;
}

function hasMoreThan({ metadata, ruleSet }: SchemaVersion, request: Registration): boolean {
  return (metadata !== undefined && request.metadata === undefined) || (ruleSet !== undefined && request.ruleSet === undefined);
}

/** A version that was asked for by its number has it among its properties, and so have those that come after it. */
function numbered(content: SchemaContent, version: number, asked: number | undefined): SchemaContent {
  const { properties } = content.metadata ?? {};
  if (!asked && properties?.[VERSION_PROPERTY] === undefined) return content;
  return { ...content, metadata: { ...content.metadata, properties: { ...properties, [VERSION_PROPERTY]: String(version) } } };
}

/** Of a subject: some changes look at all of them. */
const MOST_VERSIONS = 10_000;

const VERSION_PROPERTY = "confluent:version";

/** By name, each once. */
function sorted(references: readonly SchemaReference[]): readonly SchemaReference[] {
  const unique = new Map(
    references.map((reference) => [JSON.stringify([reference.name, reference.subject, reference.version]), reference]),
  );
  return [...unique.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
