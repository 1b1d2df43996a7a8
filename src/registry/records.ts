// The records of the topic `_schemas` as Confluent's registry writes them: compact JSON. Kafka compacts by the bytes of the key, so keys are written with
// their attributes in this order and no other; they are read in any.

import type { SchemaReference, SchemaType } from "./format.ts";
import { isSchemaType } from "./formats.ts";
import type { JsonValue } from "./json-text.ts";

export interface Metadata {
  readonly tags?: { readonly [name: string]: readonly string[] };
  readonly properties?: { readonly [name: string]: string };
  readonly sensitive?: readonly string[];
}

/** Rules are kept and given out as they came. */
export type RuleSet = { readonly [key: string]: JsonValue };

/** A version of a subject. */
export interface SchemaVersion {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly schemaType: SchemaType;
  readonly schema: string;
  readonly references: readonly SchemaReference[];
  readonly metadata: Metadata | undefined;
  readonly ruleSet: RuleSet | undefined;
  readonly deleted: boolean;
}

/** `compatibilityLevel` and what else a subject, a context or all are set to. */
export interface ConfigValue {
  readonly alias?: string;
  readonly normalize?: boolean;
  readonly compatibilityLevel?: string;
  readonly compatibilityPolicy?: string;
  readonly compatibilityGroup?: string;
  readonly validateFields?: boolean;
  readonly validateNames?: boolean;
  readonly validateRules?: boolean;
  readonly defaultMetadata?: Metadata;
  readonly overrideMetadata?: Metadata;
  readonly defaultRuleSet?: RuleSet;
  readonly overrideRuleSet?: RuleSet;
}

const CONFIG_KINDS: { readonly [name in keyof ConfigValue]: string } = {
  alias: "string",
  normalize: "boolean",
  compatibilityLevel: "string",
  compatibilityPolicy: "string",
  compatibilityGroup: "string",
  validateFields: "boolean",
  validateNames: "boolean",
  validateRules: "boolean",
  defaultMetadata: "record",
  overrideMetadata: "record",
  defaultRuleSet: "record",
  overrideRuleSet: "record",
};

/** A value of null deletes what the record stands for. */
export type RegistryRecord =
  | { readonly keytype: "SCHEMA"; readonly subject: string; readonly version: number; readonly value: SchemaVersion | null }
  | { readonly keytype: "CONFIG"; readonly subject: string | null; readonly value: ConfigValue | null }
  | { readonly keytype: "MODE"; readonly subject: string | null; readonly value: { readonly mode: string } | null }
  | {
      readonly keytype: "DELETE_SUBJECT";
      readonly subject: string;
      readonly value: { readonly subject: string; readonly version: number } | null;
    }
  | { readonly keytype: "CLEAR_SUBJECT"; readonly subject: string; readonly value: { readonly subject: string } | null }
  | {
      readonly keytype: "CONTEXT";
      readonly tenant: string;
      readonly context: string;
      readonly value: { readonly tenant: string; readonly context: string } | null;
    }
  | { readonly keytype: "NOOP"; readonly value: null };

export function writeKey(record: RegistryRecord): string {
  const { keytype } = record;
  switch (keytype) {
    case "SCHEMA":
      return JSON.stringify({ keytype, subject: record.subject, version: record.version, magic: 1 });
    case "CONFIG":
    case "MODE":
    case "DELETE_SUBJECT":
    case "CLEAR_SUBJECT":
      return JSON.stringify({ keytype, subject: record.subject, magic: 0 });
    case "CONTEXT":
      return JSON.stringify({ keytype, tenant: record.tenant, context: record.context, magic: 0 });
    case "NOOP":
      return JSON.stringify({ keytype, magic: 0 });
  }
}

export function writeValue(record: RegistryRecord): string | null {
  if (record.value === null) return null;
  return JSON.stringify(record.keytype === "SCHEMA" ? schemaValue(record.value) : record.value);
}

function schemaValue({ schemaType, references, metadata, ruleSet, deleted, ...value }: SchemaVersion) {
  const { subject, version, id, schema } = value;
  return {
    ...{ subject, version, id },
    ...(schemaType === "AVRO" ? {} : { schemaType }),
    ...(references.length === 0 ? {} : { references }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(ruleSet === undefined ? {} : { ruleSet }),
    ...{ schema, deleted },
  };
}

/** Undefined for what is no record of a registry, or one of a kind that is not known. */
export function readRecord(keyText: string, valueText: string | null): RegistryRecord | undefined {
  const key = parsed(keyText);
  const value = valueText === null ? null : parsed(valueText);
  if (!isRecord(key) || (value !== null && !isRecord(value))) return undefined;
  const { keytype } = key;
  const subject = typeof key["subject"] === "string" ? key["subject"] : null;
  switch (keytype) {
    case "SCHEMA": {
      const schema = value === null ? null : readSchema(value);
      if (subject === null || typeof key["version"] !== "number" || schema === undefined) return undefined;
      return { keytype, subject, version: key["version"], value: schema };
    }
    case "CONFIG":
      return { keytype, subject, value: value === null ? null : readConfig(value) };
    case "MODE":
      return { keytype, subject, value: value === null ? null : { mode: String(value["mode"]) } };
    case "DELETE_SUBJECT":
      if (subject === null) return undefined;
      return { keytype, subject, value: value === null ? null : { subject, version: Number(value["version"] ?? 0) } };
    case "CLEAR_SUBJECT":
      return subject === null ? undefined : { keytype, subject, value: value === null ? null : { subject } };
    case "CONTEXT": {
      const { tenant, context } = key;
      if (typeof tenant !== "string" || typeof context !== "string") return undefined;
      return { keytype, tenant, context, value: value === null ? null : { tenant, context } };
    }
    case "NOOP":
      return { keytype, value: null };
    default:
      return undefined;
  }
}

/** Of what is there what a setting can be; newer registries repeat the subject. */
function readConfig(value: { readonly [key: string]: unknown }): ConfigValue {
  const kept = Object.entries(value).filter(
    ([name, one]) => Object.hasOwn(CONFIG_KINDS, name) && kindOf(one) === CONFIG_KINDS[name as keyof ConfigValue],
  );
  return Object.fromEntries(kept) as ConfigValue;
}

function kindOf(value: unknown): string {
  return isRecord(value) ? "record" : typeof value;
}

function readSchema(value: { readonly [key: string]: unknown }): SchemaVersion | undefined {
  const { subject, version, id, schema, schemaType = "AVRO", references, metadata, ruleSet, deleted } = value;
  if (typeof subject !== "string" || typeof version !== "number" || typeof id !== "number" || typeof schema !== "string") return undefined;
  if (typeof schemaType !== "string" || !isSchemaType(schemaType)) return undefined;
  return {
    ...{ subject, version, id, schemaType, schema },
    references: Array.isArray(references) ? references.filter(isReference) : [],
    metadata: isRecord(metadata) ? (metadata as Metadata) : undefined,
    ruleSet: isRecord(ruleSet) ? (ruleSet as RuleSet) : undefined,
    deleted: deleted === true,
  };
}

function isReference(value: unknown): value is SchemaReference {
  if (!isRecord(value)) return false;
  const { name, subject, version } = value;
  return typeof name === "string" && typeof subject === "string" && Number.isInteger(version);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
