// The records of the topic `_schemas` as Confluent's registry writes them: compact JSON. Kafka compacts by the bytes of the key, so keys are written with
// their attributes in this order and no other; they are read in any.

import type { SchemaReference, SchemaType } from "./format.ts";
import { isSchemaType } from "./formats.ts";
import type { JsonValue } from "./json-text.ts";

export type RegistryKey =
  | { readonly keytype: "SCHEMA"; readonly subject: string; readonly version: number }
  | { readonly keytype: "CONFIG" | "MODE"; readonly subject: string | null }
  | { readonly keytype: "DELETE_SUBJECT" | "CLEAR_SUBJECT"; readonly subject: string }
  | { readonly keytype: "CONTEXT"; readonly tenant: string; readonly context: string }
  | { readonly keytype: "NOOP" };

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

export type RegistryRecord =
  | { readonly key: Extract<RegistryKey, { keytype: "SCHEMA" }>; readonly value: SchemaVersion | null }
  | { readonly key: { readonly keytype: "CONFIG"; readonly subject: string | null }; readonly value: ConfigValue | null }
  | { readonly key: { readonly keytype: "MODE"; readonly subject: string | null }; readonly value: { readonly mode: string } | null }
  | {
      readonly key: { readonly keytype: "DELETE_SUBJECT"; readonly subject: string };
      readonly value: { readonly subject: string; readonly version: number } | null;
    }
  | { readonly key: { readonly keytype: "CLEAR_SUBJECT"; readonly subject: string }; readonly value: { readonly subject: string } | null }
  | {
      readonly key: Extract<RegistryKey, { keytype: "CONTEXT" }>;
      readonly value: { readonly tenant: string; readonly context: string } | null;
    }
  | { readonly key: { readonly keytype: "NOOP" }; readonly value: null };

export function writeKey(key: RegistryKey): string {
  switch (key.keytype) {
    case "SCHEMA":
      return JSON.stringify({ keytype: key.keytype, subject: key.subject, version: key.version, magic: 1 });
    case "CONFIG":
    case "MODE":
    case "DELETE_SUBJECT":
    case "CLEAR_SUBJECT":
      return JSON.stringify({ keytype: key.keytype, subject: key.subject, magic: 0 });
    case "CONTEXT":
      return JSON.stringify({ keytype: key.keytype, tenant: key.tenant, context: key.context, magic: 0 });
    case "NOOP":
      return JSON.stringify({ keytype: key.keytype, magic: 0 });
  }
}

export function writeValue({ key, value }: RegistryRecord): string | null {
  if (value === null) return null;
  return key.keytype === "SCHEMA" ? JSON.stringify(schemaValue(value as SchemaVersion)) : JSON.stringify(value);
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
  const key = readKey(parsed(keyText));
  if (key === undefined) return undefined;
  if (valueText === null) return { key, value: null } as RegistryRecord;
  const value = parsed(valueText);
  if (!isRecord(value)) return undefined;
  if (key.keytype === "SCHEMA") {
    const schema = readSchema(value);
    return schema === undefined ? undefined : { key, value: schema };
  }
  return { key, value } as RegistryRecord;
}

function readKey(key: unknown): RegistryKey | undefined {
  if (!isRecord(key)) return undefined;
  const { keytype, subject, version, tenant, context } = key;
  switch (keytype) {
    case "SCHEMA":
      return typeof subject === "string" && typeof version === "number" ? { keytype, subject, version } : undefined;
    case "CONFIG":
    case "MODE":
      return { keytype, subject: typeof subject === "string" ? subject : null };
    case "DELETE_SUBJECT":
    case "CLEAR_SUBJECT":
      return typeof subject === "string" ? { keytype, subject } : undefined;
    case "CONTEXT":
      return typeof tenant === "string" && typeof context === "string" ? { keytype, tenant, context } : undefined;
    case "NOOP":
      return { keytype };
    default:
      return undefined;
  }
}

function readSchema(value: { readonly [key: string]: unknown }): SchemaVersion | undefined {
  const { subject, version, id, schema, schemaType = "AVRO", references, metadata, ruleSet, deleted } = value;
  if (typeof subject !== "string" || typeof version !== "number" || typeof id !== "number" || typeof schema !== "string") return undefined;
  if (typeof schemaType !== "string" || !isSchemaType(schemaType)) return undefined;
  return {
    ...{ subject, version, id, schemaType, schema },
    references: Array.isArray(references) ? references : [],
    metadata: isRecord(metadata) ? (metadata as Metadata) : undefined,
    ruleSet: isRecord(ruleSet) ? (ruleSet as RuleSet) : undefined,
    deleted: deleted === true,
  };
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
