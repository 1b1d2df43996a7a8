// What Kafka's tools know of features without asking a broker: the names of metadata versions, and which level of each feature came with which.

import { FlagError } from "./flags.ts";

export const METADATA_FEATURE = "metadata.version";

/** By level, from 7 on. */
const METADATA_VERSIONS = [
  "3.3-IV3",
  "3.4-IV0",
  "3.5-IV0",
  "3.5-IV1",
  "3.5-IV2",
  "3.6-IV0",
  "3.6-IV1",
  "3.6-IV2",
  "3.7-IV0",
  "3.7-IV1",
  "3.7-IV2",
  "3.7-IV3",
  "3.7-IV4",
  "3.8-IV0",
  "3.9-IV0",
  "4.0-IV0",
  "4.0-IV1",
  "4.0-IV2",
  "4.0-IV3",
  "4.1-IV0",
  "4.1-IV1",
  "4.2-IV0",
  "4.2-IV1",
  "4.3-IV0",
  "4.4-IV0",
] as const;
const FIRST_LEVEL = 7;
/** What a release means where none is named. */
const LATEST_STABLE = "4.3-IV0";

/** In the order in which Kafka's tool prints them: from which metadata version on which level is usual. */
const FEATURES = {
  "kraft.version": { highest: 1, since: [["3.9-IV0", 1]] },
  "transaction.version": { highest: 2, since: [["4.0-IV2", 2]] },
  "group.version": { highest: 1, since: [["4.0-IV0", 1]] },
  "eligible.leader.replicas.version": { highest: 1, since: [["4.1-IV0", 1]] },
  "share.version": { highest: 1, since: [["4.2-IV0", 1]] },
  "streams.version": { highest: 1, since: [["4.2-IV1", 1]] },
} as const satisfies { readonly [name: string]: { readonly highest: number; readonly since: readonly (readonly [string, number])[] } };
type FeatureName = keyof typeof FEATURES;

/** The only ones that need another feature: a level of metadata.version. */
const DEPENDENCIES: { readonly [feature: string]: number } = { "eligible.leader.replicas.version=1": 23 };

export function versionName(level: number): string {
  return METADATA_VERSIONS[level - FIRST_LEVEL] ?? `UNKNOWN [${level}]`;
}

/** A release means its last version. Raises FlagError. */
export function metadataLevel(text: string): number {
  const at = METADATA_VERSIONS.findLastIndex((name) => name === text || name.startsWith(`${text}-IV`));
  if (at >= 0) return at + FIRST_LEVEL;
  throw new FlagError(`Unknown metadata.version '${text}'. Supported metadata.version are: ${METADATA_VERSIONS.join(", ")}`, {
    isTerse: true,
  });
}

/** The levels of all features that belong to a release, metadata.version first. Raises FlagError. */
export function levelsOf(release = LATEST_STABLE): [name: string, level: number][] {
  const metadata = metadataLevel(release);
  const others = featureNames().map((name): [string, number] => {
    const reached = FEATURES[name].since.findLast(([version]) => metadataLevel(version) <= metadata);
    return [name, reached?.[1] ?? 0];
  });
  return [[METADATA_FEATURE, metadata], ...others];
}

/** The lines of `version-mapping`. */
export function mappingLines(release = LATEST_STABLE): string[] {
  return levelsOf(release).map(([name, level]) => `${name}=${level}${name === METADATA_FEATURE ? ` (${release})` : ""}`);
}

/** The lines of `feature-dependencies` for one feature. Raises FlagError for what there is not. */
export function dependencyLines(name: string, level: number): string[] {
  if (name === METADATA_FEATURE) {
    if (METADATA_VERSIONS[level - FIRST_LEVEL] === undefined) throw new FlagError(`Unknown metadata.version ${level}`, { isTerse: true });
    return [`${name}=${level} (${versionName(level)}) has no dependencies.`];
  }
  const known = featureNames().find((feature) => feature === name);
  if (known === undefined) throw new FlagError(`Unknown feature: ${name}`, { isTerse: true });
  if (level > FEATURES[known].highest) throw new FlagError(`No feature:${name} with feature level ${level}`, { isTerse: true });
  const needed = DEPENDENCIES[`${name}=${level}`];
  if (needed === undefined) return [`${name}=${level} has no dependencies.`];
  return [`${name}=${level} requires:`, `    ${METADATA_FEATURE}=${needed} (${versionName(needed)})`];
}

function featureNames(): FeatureName[] {
  return Object.keys(FEATURES).filter((name): name is FeatureName => Object.hasOwn(FEATURES, name));
}
