// The seven levels of compatibility: which of a subject's versions a new schema is compared to, and which of the two has to read the other.

import type { Difference, ParsedSchema } from "./format.ts";
import type { SchemaVersion } from "./records.ts";
import type { CompatibilityLevel } from "./settings.ts";

export interface EarlierVersion {
  readonly version: SchemaVersion;
  readonly parsed: ParsedSchema;
}

/** The versions to compare with, newest first, of those given lowest first. */
export function versionsToCompare(level: CompatibilityLevel, versions: readonly SchemaVersion[]): readonly SchemaVersion[] {
  if (level === "NONE") return [];
  return level.endsWith("_TRANSITIVE") ? versions.toReversed() : versions.slice(-1);
}

/**
 * What makes a schema incompatible with an earlier version, as messages of which the last name the version and the level. Empty if nothing does. Of the
 * versions given the first counts that is incompatible.
 */
export function incompatibilities(
  level: CompatibilityLevel,
  next: { readonly schemaType: string; readonly parsed: ParsedSchema },
  earlier: EarlierVersion,
): readonly string[] {
  const messages = next.schemaType === earlier.version.schemaType ? comparison(level, next.parsed, earlier.parsed) : [OTHER_TYPE];
  if (messages.length === 0) return [];
  return [
    ...messages,
    `{oldSchemaVersion: ${earlier.version.version}}`,
    `{oldSchema: '${earlier.version.schema}'}`,
    `{validateFields: 'false', compatibility: '${level}'}`,
  ];
}

/** More than anybody reads. */
const MOST_TOLD = 1000;

const OTHER_TYPE = "Incompatible because of different schema type";

function comparison(level: CompatibilityLevel, next: ParsedSchema, earlier: ParsedSchema): readonly string[] {
  const reads = level.startsWith("BACKWARD") || level.startsWith("FULL") ? next.differencesFrom(earlier) : [];
  const isRead = level.startsWith("FORWARD") || level.startsWith("FULL") ? earlier.differencesFrom(next) : [];
  return [...print(reads, "new", "old"), ...print(isRead, "old", "new")];
}

function print(differences: readonly Difference[], reader: string, writer: string): readonly string[] {
  const told = differences.slice(0, MOST_TOLD).map((difference) => difference.print(reader, writer));
  const more = differences.length - MOST_TOLD;
  return more > 0 ? [...told, `{and ${more} more}`] : told;
}
