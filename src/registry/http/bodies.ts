// The objects that requests bring and answers give.

import { invalidRequest, RegistryError } from "../errors.ts";
import type { SchemaReference } from "../format.ts";
import { guidOf } from "../identity.ts";
import type { RuleSet, SchemaVersion } from "../records.ts";
import type { Registration } from "../registration.ts";
import type { ConfigUpdate } from "../settings.ts";
import { readBody, type Shape } from "./parameters.ts";

const REGISTRATION: Shape = {
  ...{
    schema: "string",
    schemaType: "string",
    references: "array",
    metadata: "object",
    ruleSet: "object",
    version: "number",
    id: "number",
  },
  ...{ subject: "string", schemaTagsToAdd: "array", schemaTagsToRemove: "array", propagateSchemaTags: "boolean" },
};

const CONFIG: Shape = {
  ...{ alias: "string", normalize: "boolean", validateFields: "boolean", validateNames: "boolean", validateRules: "boolean" },
  ...{ compatibility: "string", compatibilityPolicy: "string", compatibilityGroup: "string" },
  ...{ defaultMetadata: "object", overrideMetadata: "object", defaultRuleSet: "object", overrideRuleSet: "object" },
};

export function readRegistration(body: string): Registration {
  const { subject: _, ...given } = readBody(body, REGISTRATION);
  for (const tags of ["schemaTagsToAdd", "schemaTagsToRemove"]) {
    const list = given[tags];
    if (Array.isArray(list) && list.length > 0) throw invalidRequest(`${tags} is not supported by this registry`);
  }
  const references = Array.isArray(given["references"]) ? given["references"].map(readReference) : [];
  return { schema: "", ...given, references } as Registration;
}

export function readConfig(body: string): ConfigUpdate {
  return readBody(body, CONFIG) as ConfigUpdate;
}

export function readMode(body: string): string {
  const { mode } = readBody(body, { mode: "string" });
  return typeof mode === "string" ? mode : "";
}

function readReference(value: unknown): SchemaReference {
  const { name, subject, version } = typeof value === "object" && value !== null ? (value as { readonly [key: string]: unknown }) : {};
  if (typeof name !== "string" || typeof subject !== "string" || typeof version !== "number") {
    throw new RegistryError(422, "A reference has a name, a subject and a version");
  }
  return { name, subject, version };
}

/** What a client may not know is told only to those that say that they do not mind. */
export interface Telling {
  readonly unknownProperties: boolean;
}

/** A schema where it stands for itself, by its id. `text` is its text in the form that was asked for. */
export function schemaString(version: SchemaVersion, text: string, telling: Telling) {
  const { subject, version: number } = version;
  return {
    ...(telling.unknownProperties ? { subject, version: number, guid: guidOf(version) } : {}),
    ...besides(version, telling),
    schema: text,
  };
}

/** A schema as a version of a subject. */
export function schemaBody(version: SchemaVersion, text: string, telling: Telling) {
  const { subject, version: number, id, deleted } = version;
  return {
    ...{ subject, version: number, id },
    ...(telling.unknownProperties ? { guid: guidOf(version) } : {}),
    ...besides(version, telling),
    schema: text,
    ...(telling.unknownProperties && deleted ? { deleted } : {}),
  };
}

/** What is answered to a registration, where it is more than the id. */
export function registeredBody(version: SchemaVersion, text: string, telling: Telling) {
  const { id, version: number } = version;
  return {
    ...{ id, version: number },
    ...(telling.unknownProperties ? { guid: guidOf(version) } : {}),
    ...besides(version, telling),
    schema: text,
  };
}

/** Whether a set has a rule of a type; those about encoding are not looked at, as with Confluent's registry. */
export function hasRule(ruleSet: RuleSet | undefined, type: string): boolean {
  const rules = [ruleSet?.["domainRules"], ruleSet?.["migrationRules"]].flatMap((list) => (Array.isArray(list) ? list : []));
  return rules.some((rule) => typeof rule === "object" && rule !== null && "type" in rule && rule["type"] === type);
}

function besides({ schemaType, references, metadata, ruleSet }: SchemaVersion, { unknownProperties }: Telling) {
  return {
    ...(schemaType === "AVRO" && !unknownProperties ? {} : { schemaType }),
    ...(references.length === 0 ? {} : { references }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(ruleSet === undefined ? {} : { ruleSet }),
  };
}
