// Features of the cluster (KIP-584), as far as they are truly served. Clients switch behaviour on by them: transaction.version,
// group.version, share.version and streams.version appear here with the APIs that they stand for.

export interface SupportedFeature {
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
}

export const supportedFeatures: readonly SupportedFeature[] = [
  { name: "metadata.version", minVersion: 7, maxVersion: 30 },
  { name: "transaction.version", minVersion: 0, maxVersion: 2 },
];

/** metadata.version 30 is Kafka's 4.3-IV0, the level of the protocol that is spoken here. */
export const finalizedFeatures: readonly { readonly name: string; readonly level: number }[] = [
  { name: "metadata.version", level: 30 },
  { name: "transaction.version", level: 2 },
];

/** 0 when the feature is not finalized. */
export function finalizedLevel(name: string): number {
  return finalizedFeatures.find((feature) => feature.name === name)?.level ?? 0;
}
