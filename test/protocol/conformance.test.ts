// Every declaration against the message definitions of Apache Kafka, version by version: the fields on the wire, their order, types,
// nullability, tags and defaults, and what happens to a value that a version lacks. test/facts holds the definitions of two releases,
// as data: 4.3.1, and 3.9.1 for the versions that 4.0 dropped.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Errors, errorMessage, errorName, isRetriable } from "../../protocol/errors.ts";
import { apiByKey, apis } from "../../protocol/messages/index.ts";
import type { FieldType, Struct } from "../../protocol/schema/field.ts";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import { includesVersion, parseVersions } from "../../protocol/schema/versions.ts";
import { declaredMessages, declaredRecords } from "./declared-messages.ts";

interface FieldFact {
  readonly name: string;
  readonly type: string;
  readonly versions?: string;
  readonly nullableVersions?: string;
  readonly tag?: number;
  readonly taggedVersions?: string;
  readonly default?: string | number | boolean | null;
  readonly ignorable?: boolean;
  readonly fields?: readonly FieldFact[];
}

interface MessageFact {
  readonly name: string;
  readonly type: string;
  readonly apiKey?: number;
  readonly validVersions: string;
  readonly flexibleVersions: string;
  readonly fields: readonly FieldFact[];
  readonly commonStructs?: readonly { readonly name: string; readonly fields: readonly FieldFact[] }[];
}

/** What of the definitions is not declared, by the name of the message without "Request" or "Response", and why. */
const NOT_DECLARED = new Map([
  ["LeaderAndIsr", "from a ZooKeeper controller to brokers; gone in 4.0"],
  ["StopReplica", "from a ZooKeeper controller to brokers; gone in 4.0"],
  ["UpdateMetadata", "from a ZooKeeper controller to brokers; gone in 4.0"],
  ["ControlledShutdown", "from brokers to a ZooKeeper controller; gone in 4.0"],
  ["Vote", "among controllers: elections of the metadata log"],
  ["BeginQuorumEpoch", "among controllers: elections of the metadata log"],
  ["EndQuorumEpoch", "among controllers: elections of the metadata log"],
  ["FetchSnapshot", "among controllers: snapshots of the metadata log"],
  ["UpdateRaftVoter", "among controllers: their addresses"],
  ["ControllerRegistration", "among controllers: registration"],
  ["BrokerRegistration", "from brokers to the controller: registration"],
  ["BrokerHeartbeat", "from brokers to the controller: registration"],
  ["AlterPartition", "from brokers to the controller: replicas in sync"],
  ["AllocateProducerIds", "from brokers to the controller: blocks of producer ids"],
  ["AssignReplicasToDirs", "from brokers to the controller: log directories"],
  ["ListClientMetricsResources", "the former name of ListConfigResources version 0, the same on the wire"],
  ["RequestHeader", "written by hand in protocol/headers.ts: the client id keeps its int16 length in flexible versions"],
  ["ResponseHeader", "written by hand in protocol/headers.ts"],
  ["ControlRecordTypeSchema", "a fixed layout in protocol/records/control-batch.ts"],
  ["EndTxnMarker", "a fixed layout in protocol/records/control-batch.ts"],
  ["LeaderChangeMessage", "a control record of the metadata log"],
  ["SnapshotHeaderRecord", "a control record of the metadata log"],
  ["SnapshotFooterRecord", "a control record of the metadata log"],
  ["KRaftVersionRecord", "a control record of the metadata log"],
  ["VotersRecord", "a control record of the metadata log"],
  ["DefaultPrincipalData", "inside of Envelope, where only brokers of Kafka need it"],
]);

const older = readFacts("3.9.1");
const newer = readFacts("4.3.1");

function readFacts(release: string): ReadonlyMap<string, MessageFact> {
  const facts: MessageFact[] = JSON.parse(readFileSync(join(import.meta.dirname, `../facts/messages-${release}.json`), "utf8"));
  return new Map(facts.map((fact) => [fact.name, fact]));
}

/** The definition of one version, and the other release's, which may know fields that this one does not. */
function definitionOf(name: string, version: number): { fact: MessageFact; other: MessageFact | undefined } | undefined {
  for (const [fact, other] of [
    [newer.get(name), older.get(name)],
    [older.get(name), newer.get(name)],
  ]) {
    if (fact !== undefined && includesVersion(parseVersions(fact.validVersions), version)) return { fact, other };
  }
  return undefined;
}

/** One line a field, in the order of the wire: untagged, tagged by tag, then those that the version lacks by name. */
interface Line {
  readonly text: string;
  /** Orders tagged fields, and puts them and absent ones behind. */
  readonly rank: number;
}

const ABSENT_RANK = 1e9;

function sorted(lines: readonly Line[]): string[] {
  return lines
    .toSorted((a, b) => a.rank - b.rank || (a.rank === ABSENT_RANK ? Number(a.text > b.text) - Number(a.text < b.text) : 0))
    .map((line) => line.text);
}

function line(field: {
  path: string;
  type: string;
  isNullable: boolean;
  tag: number | undefined;
  defaultValue: unknown;
  inner: readonly string[];
}): Line {
  const nullable = field.isNullable ? " or null" : "";
  const tag = field.tag === undefined ? "" : `, tag ${field.tag}`;
  const text = `${field.path}: ${field.type}${nullable}${tag}, default ${JSON.stringify(field.defaultValue)}`;
  return { text: [text, ...field.inner].join("\n"), rank: field.tag === undefined ? 0 : 1 + field.tag };
}

function absentLine(path: string, defaultValue: unknown, isIgnorable: boolean): Line {
  return {
    text: `${path}: absent, ${isIgnorable ? "ignorable" : "not ignorable"}, default ${JSON.stringify(defaultValue)}`,
    rank: ABSENT_RANK,
  };
}

function declaredShape(struct: Struct, version: number, isFlexible: boolean, path: string): string[] {
  const lines = Object.entries(struct.shape).map(([name, { type, traits }]) => {
    const here = path + name;
    const defaultValue = traits.defaultValue === undefined ? zeroOf(typeName(type)) : numeric(traits.defaultValue);
    if (!includesVersion(traits.versions, version)) return absentLine(here, defaultValue, traits.isIgnorable);
    const element = type.kind === "array" ? type.element : type;
    return line({
      path: here,
      type: typeName(type),
      isNullable: includesVersion(traits.nullableVersions, version),
      tag: isFlexible && includesVersion(traits.taggedVersions, version) ? traits.tag : undefined,
      defaultValue,
      inner: element.kind === "struct" ? declaredShape(element.struct, version, isFlexible, `${here}.`) : [],
    });
  });
  return sorted(lines);
}

function typeName(type: FieldType): string {
  if (type.kind === "array") return `[]${typeName(type.element)}`;
  if (type.kind === "struct") return "struct";
  return type.name === "bigInt64" ? "int64" : type.name;
}

function numeric(value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value;
}

interface Definition {
  readonly fields: readonly FieldFact[];
  readonly commonStructs: ReadonlyMap<string, readonly FieldFact[]>;
}

function definition(fact: MessageFact): Definition {
  return { fields: fact.fields, commonStructs: new Map(fact.commonStructs?.map((struct) => [struct.name, struct.fields])) };
}

function factShape(own: Definition, other: Definition | undefined, version: number, isFlexible: boolean, path: string): string[] {
  const lines = own.fields.map((field) => {
    const here = path + fieldName(field);
    if (!isPresent(field, version)) return absentLine(here, defaultOf(field), field.ignorable === true);
    const inner = innerDefinition(own, field);
    const otherField = other?.fields.find(({ name }) => name === field.name);
    return line({
      path: here,
      type: inner === undefined ? field.type : field.type.startsWith("[]") ? "[]struct" : "struct",
      isNullable: includesVersion(parseVersions(field.nullableVersions ?? "none"), version),
      tag: isFlexible && includesVersion(parseVersions(field.taggedVersions ?? "none"), version) ? field.tag : undefined,
      defaultValue: defaultOf(field),
      inner:
        inner === undefined
          ? []
          : factShape(inner, other && otherField && innerDefinition(other, otherField), version, isFlexible, `${here}.`),
    });
  });
  const known = new Set(own.fields.map((field) => field.name));
  for (const field of other?.fields ?? []) {
    if (!known.has(field.name)) lines.push(absentLine(path + fieldName(field), defaultOf(field), field.ignorable === true));
  }
  return sorted(lines);
}

function fieldName(field: FieldFact): string {
  return field.name.slice(0, 1).toLowerCase() + field.name.slice(1);
}

function isPresent(field: FieldFact, version: number): boolean {
  return includesVersion(parseVersions(field.versions ?? field.taggedVersions ?? "none"), version);
}

function innerDefinition(own: Definition, field: FieldFact): Definition | undefined {
  const fields = field.fields ?? own.commonStructs.get(field.type.replace("[]", ""));
  return fields && { fields, commonStructs: own.commonStructs };
}

/** The default that Kafka gives a field, with one exception: error messages are null where it has none, not empty. */
function defaultOf(field: FieldFact): unknown {
  const isStruct = /^[A-Z]/.test(field.type);
  if (/errorMessage$/i.test(field.name) && field.nullableVersions !== undefined) return null;
  // JSON's null is none to Kafka, too: only the text "null" makes a field null where it is absent.
  if (field.default === undefined || field.default === null) return zeroOf(isStruct ? "struct" : field.type);
  if (field.default === "null") return null;
  if (field.type === "bool") return String(field.default).toLowerCase() === "true";
  return field.type === "string" ? field.default : Number(field.default);
}

function zeroOf(type: string): unknown {
  if (type.startsWith("[]")) return [];
  if (type === "bool") return false;
  if (type === "string") return "";
  if (type === "uuid") return ZERO_UUID;
  return ["bytes", "records", "struct"].includes(type) ? `zero ${type}` : 0;
}

describe("a declaration has the fields of Kafka's definition, in every version", () => {
  for (const message of declaredMessages) {
    it(message.name, () => {
      const { lowest, highest } = message.versions;
      expect(Number.isFinite(highest)).toBe(true);
      for (let version = lowest; version <= highest; version++) {
        const found = definitionOf(message.name, version);
        if (found === undefined) throw new Error(`version ${version} is in no definition`);
        const { fact, other } = found;
        const isFlexible = includesVersion(parseVersions(fact.flexibleVersions), version);
        expect(message.isFlexible(version), `version ${version} is flexible`).toBe(isFlexible);
        expect({ version, fields: declaredShape(message.struct, version, isFlexible, "") }).toEqual({
          version,
          fields: factShape(definition(fact), other && definition(other), version, isFlexible, ""),
        });
      }
    });
  }
});

describe("nothing is left out unnoticed", () => {
  const names = new Set([...older.keys(), ...newer.keys()]);
  const byName = new Map(declaredMessages.map((message) => [message.name, message]));

  it("every message is declared, or listed with the reason why not", () => {
    const missing = [...names].filter(
      (name) => !byName.has(name) && !NOT_DECLARED.has(name.replace(/(?<!Response|Request)(Request|Response)$/, "")),
    );
    expect(missing).toEqual([]);
  });

  it("the list has no entry that is declared or unknown", () => {
    const listed = [...NOT_DECLARED.keys()].filter(
      (name) => byName.has(`${name}Request`) || !(names.has(name) || names.has(`${name}Request`)),
    );
    expect(listed).toEqual([]);
  });

  it("every version of a definition is declared", () => {
    for (const message of declaredMessages) {
      for (const fact of [older.get(message.name), newer.get(message.name)]) {
        if (fact === undefined) continue;
        const { lowest, highest } = parseVersions(fact.validVersions);
        expect({ name: message.name, lowest: message.hasVersion(lowest), highest: message.hasVersion(highest) }).toEqual({
          name: message.name,
          lowest: true,
          highest: true,
        });
      }
    }
  });

  it("every API has its key, and they are in the order of keys", () => {
    for (const api of apis) {
      expect([newer.get(api.request.name)?.apiKey, newer.get(api.response.name)?.apiKey]).toEqual([api.key, api.key]);
      expect(apiByKey.get(api.key)).toBe(api);
    }
    expect(apis.map((api) => api.key)).toEqual(apis.map((api) => api.key).toSorted((a, b) => a - b));
  });

  it("every record of an internal topic has its type", () => {
    for (const type of declaredRecords) {
      expect(newer.get(type.key.name)?.apiKey, type.name).toBe(type.type);
      expect(newer.get(type.value.name)?.apiKey, type.name).toBe(type.type);
    }
  });
});

describe("error codes", () => {
  const facts: { code: number; name: string; retriable: boolean }[] = JSON.parse(
    readFileSync(join(import.meta.dirname, "../facts/errors.json"), "utf8"),
  );

  it("are those of Kafka, with the same names", () => {
    expect(Object.entries(Errors)).toEqual(facts.map(({ name, code }) => [name, code]));
    for (const { name, code } of facts) expect(errorName(code)).toBe(name);
  });

  it("are retriable where Kafka's clients repeat the request", () => {
    expect(facts.filter(({ code }) => isRetriable(code))).toEqual(facts.filter(({ retriable }) => retriable));
  });

  it("have a sentence each, and a code that does not exist reads as an unknown error", () => {
    for (const { code } of facts) expect(errorMessage(code) ?? "none").toMatch(code === 0 ? /^none$/ : /^.+\.$/);
    expect(errorName(30_000)).toBe("UNKNOWN_SERVER_ERROR");
  });
});
