// Metadata and rules of a schema, between what a subject is set to have by default and what it is set to have in any case.

import type { JsonValue } from "./json-text.ts";
import type { Metadata, RuleSet } from "./records.ts";

export function mergeMetadata(...layers: readonly (Metadata | undefined)[]): Metadata | undefined {
  const given = layers.filter((layer) => layer !== undefined);
  if (given.length < 2) return given[0];
  const tags = Object.assign({}, ...given.map((layer) => layer.tags ?? {}));
  const properties = Object.assign({}, ...given.map((layer) => layer.properties ?? {}));
  const sensitive = [...new Set(given.flatMap((layer) => layer.sensitive ?? []))];
  return {
    ...(Object.keys(tags).length > 0 ? { tags } : {}),
    ...(Object.keys(properties).length > 0 ? { properties } : {}),
    ...(sensitive.length > 0 ? { sensitive } : {}),
  };
}

/** Lists of rules are joined; of rules with one name the last one counts. */
export function mergeRules(...layers: readonly (RuleSet | undefined)[]): RuleSet | undefined {
  const given = layers.filter((layer) => layer !== undefined);
  if (given.length < 2) return given[0];
  const merged: { [key: string]: JsonValue } = {};
  for (const [key, value] of given.flatMap((layer) => Object.entries(layer))) {
    const before = merged[key];
    merged[key] = isList(before) && isList(value) ? joined(before, value) : value;
  }
  return merged;
}

function joined(before: readonly JsonValue[], after: readonly JsonValue[]): readonly JsonValue[] {
  const names = new Set(after.map(nameOf));
  return [...before.filter((rule) => !names.has(nameOf(rule))), ...after];
}

function nameOf(rule: JsonValue): JsonValue | undefined {
  return typeof rule === "object" && rule !== null && !isList(rule) ? rule["name"] : undefined;
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}
