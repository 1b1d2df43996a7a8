// Features of the cluster (KIP-584), as far as they are truly served. Clients switch behaviour on by them:
// streams.version appears here with the APIs that it stands for.
//
// What is finalized is stored from the first start of the cluster on. A level of 0 is stored too: it tells a feature that someone
// switched off from one that this version of the broker brings along.

import { Errors } from "../../protocol/errors.ts";
import { ownValue } from "../base/foreign-names.ts";
import type { Refusal } from "./refusal.ts";

export interface SupportedFeature {
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
  /** Finalized when a cluster first sees the feature; 0: not. */
  readonly initialLevel: number;
}

export interface FinalizedFeatures {
  /** Rises with every change. */
  readonly epoch: number;
  readonly levels: Readonly<Record<string, number>>;
}

/** metadata.version 30 is Kafka's 4.3-IV0, the level of the protocol that is spoken here. */
const METADATA_VERSION = { name: "metadata.version", minVersion: 7, maxVersion: 30, initialLevel: 30 } as const;
export const ELIGIBLE_LEADER_REPLICAS = "eligible.leader.replicas.version";
/** From 1 on groups of the consumer protocol are served (KIP-848). At 0 its requests are refused; groups that are of it stay what they are. */
export const GROUP_VERSION = "group.version";
/** From 1 on there are share groups (KIP-932). */
export const SHARE_VERSION = "share.version";
/** From 1 on streams groups are served (KIP-1071). At 0 their requests are refused; groups stay what they are. */
export const STREAMS_VERSION = "streams.version";
export const TRANSACTION_VERSION = "transaction.version";

export const supportedFeatures: readonly SupportedFeature[] = [
  METADATA_VERSION,
  // The quorum that keeps the metadata does not change its members while it runs.
  { name: "kraft.version", minVersion: 0, maxVersion: 0, initialLevel: 0 },
  // A replica is in sync or the data is elsewhere: there never is an eligible leader outside of the in-sync replicas.
  { name: ELIGIBLE_LEADER_REPLICAS, minVersion: 0, maxVersion: 1, initialLevel: 1 },
  { name: GROUP_VERSION, minVersion: 0, maxVersion: 1, initialLevel: 1 },
  { name: SHARE_VERSION, minVersion: 0, maxVersion: 1, initialLevel: 1 },
  { name: STREAMS_VERSION, minVersion: 0, maxVersion: 1, initialLevel: 1 },
  { name: TRANSACTION_VERSION, minVersion: 0, maxVersion: 2, initialLevel: 2 },
];

/** What holds once this broker has started: features that are new to the cluster are finalized. The same object when none is. */
export function withNewFeatures(finalized: FinalizedFeatures | undefined): FinalizedFeatures {
  const known = finalized ?? { epoch: 0, levels: {} };
  const fresh = supportedFeatures.filter(({ name }) => known.levels[name] === undefined);
  if (finalized !== undefined && fresh.length === 0) return finalized;
  return {
    epoch: known.epoch + 1,
    levels: { ...known.levels, ...Object.fromEntries(fresh.map(({ name, initialLevel }) => [name, initialLevel])) },
  };
}

export function finalizedLevel(finalized: FinalizedFeatures | undefined, name: string): number {
  return finalized?.levels[name] ?? 0;
}

/** As ApiVersions tells them: those with a level above 0. */
export function finalizedLevels(finalized: FinalizedFeatures | undefined): { readonly name: string; readonly level: number }[] {
  return supportedFeatures.map(({ name }) => ({ name, level: finalizedLevel(finalized, name) })).filter(({ level }) => level > 0);
}

/** Codes on the wire. */
export const UpgradeTypes = { UPGRADE: 1, SAFE_DOWNGRADE: 2, UNSAFE_DOWNGRADE: 3 } as const;

export interface FeatureUpdate {
  readonly name: string;
  readonly level: number;
  /** One of UpgradeTypes, if it is known. */
  readonly upgradeType: number;
}

/** All updates, or the first that is refused. The wording is Kafka's: tools print it. */
export function decideFeatures(
  finalized: FinalizedFeatures,
  updates: readonly FeatureUpdate[],
  brokerId: number,
): FinalizedFeatures | Refusal {
  const levels = { ...finalized.levels };
  for (const update of updates) {
    const fault = updateFault(update, ownValue(levels, update.name) ?? 0, brokerId);
    if (fault !== undefined) return { error: Errors.INVALID_UPDATE_VERSION, message: fault };
    levels[update.name] = update.level;
  }
  const hasChanged = Object.keys(levels).some((name) => levels[name] !== finalized.levels[name]);
  return hasChanged ? { epoch: finalized.epoch + 1, levels } : finalized;
}

function updateFault({ name, level, upgradeType }: FeatureUpdate, current: number, brokerId: number): string | undefined {
  const invalid = (why: string) => `Invalid update version ${level} for feature ${name}. ${why}`;
  const isKnownType = Object.values<number>(UpgradeTypes).includes(upgradeType);
  if (!isKnownType) return invalid("The controller does not support the given upgrade type.");
  if (level < 0) return invalid("A feature version cannot be less than 0.");
  const feature = supportedFeatures.find((supported) => supported.name === name);
  if (feature === undefined)
    return invalid(level === 0 ? `Feature ${name} not found.` : `Local controller ${brokerId} does not support this feature.`);
  if (level < feature.minVersion || level > feature.maxVersion) {
    return invalid(`Local controller ${brokerId} only supports versions ${feature.minVersion}-${feature.maxVersion}`);
  }
  if (level > current && upgradeType !== UpgradeTypes.UPGRADE) return invalid("Can't downgrade to a newer version.");
  if (level >= current) return undefined;
  if (upgradeType === UpgradeTypes.UPGRADE) {
    return invalid("Can't downgrade the version of this feature without setting the upgrade type to either safe or unsafe downgrade.");
  }
  if (name !== METADATA_VERSION.name) return undefined;
  const refusal =
    upgradeType === UpgradeTypes.SAFE_DOWNGRADE
      ? "Refusing to perform the requested downgrade because it might delete metadata information."
      : "Unsafe metadata downgrade is not supported in this version.";
  return `Unsupported metadata.version downgrade from ${current} to ${level}. ${refusal}`;
}
