// Strings, numbers and enums of two JSON Schemas, and the bounds that all kinds have.

import { type Difference, pathDifference } from "../format.ts";
import type { JsonValue } from "../json-text.ts";
import type { NumberModel, StringModel } from "./model.ts";

interface Bounds {
  readonly older: number | undefined;
  readonly newer: number | undefined;
}

/** An upper bound may be raised or go, a lower one may be lowered or go. `keyword` is as JSON Schema has it, `maxLength`. */
export function differencesOfBounds(keyword: string, { older, newer }: Bounds, isUpper: boolean, path: string): readonly Difference[] {
  if (newer === undefined) return [];
  const word = keyword.replace(/[A-Z]/g, (capital) => `_${capital}`).toUpperCase();
  const place = placeOf(path, keyword);
  if (older === undefined)
    return [pathDifference(`${word}_ADDED`, `The {reader} schema has ${keyword} at path '${place}', which the {writer} schema has not`)];
  if (isUpper ? newer >= older : newer <= older) return [];
  const change = isUpper ? "decreased" : "increased";
  const description = `The value of ${keyword} at path '${place}' in the {reader} schema is ${change} from the {writer} schema`;
  return [pathDifference(`${word}_${change.toUpperCase()}`, description)];
}

export function differencesOfStrings(older: StringModel, newer: StringModel, path: string): readonly Difference[] {
  return [
    ...differencesOfBounds("maxLength", { older: older.most, newer: newer.most }, true, path),
    ...differencesOfBounds("minLength", { older: older.least, newer: newer.least }, false, path),
    ...differencesOfPatterns(older.pattern, newer.pattern, path),
  ];
}

export function differencesOfNumbers(older: NumberModel, newer: NumberModel, path: string): readonly Difference[] {
  const narrowed = pathDifference(
    "TYPE_NARROWED",
    `The type at path '${path}' in the {reader} schema is narrower than in the {writer} schema`,
  );
  return [
    ...(newer.isInteger && !older.isInteger ? [narrowed] : []),
    ...differencesOfBounds("maximum", { older: older.most, newer: newer.most }, true, path),
    ...differencesOfBounds("minimum", { older: older.least, newer: newer.least }, false, path),
    ...differencesOfBounds("exclusiveMaximum", { older: older.below, newer: newer.below }, true, path),
    ...differencesOfBounds("exclusiveMinimum", { older: older.above, newer: newer.above }, false, path),
    ...differencesOfMultiples(older.multipleOf, newer.multipleOf, path),
  ];
}

export function differencesOfEnums(older: readonly JsonValue[], newer: readonly JsonValue[], path: string): readonly Difference[] {
  const accepted = new Set(newer.map(identityOf));
  const missing = older.filter((value) => !accepted.has(identityOf(value)));
  if (missing.length === 0) return [];
  const place = placeOf(path, "enum");
  const errorType = missing.length === older.length - newer.length ? "ENUM_ARRAY_NARROWED" : "ENUM_ARRAY_CHANGED";
  return [pathDifference(errorType, `The enum at path '${place}' in the {reader} schema lacks values of the {writer} schema`)];
}

/** Where a keyword of the schema at `path` stands. */
export function placeOf(path: string, ...parts: readonly string[]): string {
  const escaped = parts.map((part) => part.replaceAll("~", "~0").replaceAll("/", "~1"));
  return `${path === "#/" ? "#" : path}/${escaped.join("/")}`;
}

function differencesOfPatterns(older: string | undefined, newer: string | undefined, path: string): readonly Difference[] {
  if (newer === undefined || newer === older) return [];
  const errorType = older === undefined ? "PATTERN_ADDED" : "PATTERN_CHANGED";
  const description = `The pattern at path '${placeOf(path, "pattern")}' in the {reader} schema is not that of the {writer} schema`;
  return [pathDifference(errorType, description)];
}

function differencesOfMultiples(older: number | undefined, newer: number | undefined, path: string): readonly Difference[] {
  if (newer === undefined || newer === older) return [];
  if (older !== undefined && isMultiple(older, newer)) return [];
  const errorType = older === undefined ? "MULTIPLE_OF_ADDED" : isMultiple(newer, older) ? "MULTIPLE_OF_EXPANDED" : "MULTIPLE_OF_CHANGED";
  const description = `The value of multipleOf at path '${placeOf(path, "multipleOf")}' in the {reader} schema is no divisor of that in the {writer} schema`;
  return [pathDifference(errorType, description)];
}

/** With decimals that binary fractions only come near to. */
function isMultiple(value: number, divisor: number): boolean {
  const quotient = value / divisor;
  return Math.abs(quotient - Math.round(quotient)) < 1e-9;
}

/** Equal for values that JSON Schema takes for equal: the order of keys says nothing. */
export function identityOf(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(identityOf).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}:${identityOf(inner)}`);
  return `{${entries.sort().join(",")}}`;
}
