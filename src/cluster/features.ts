// Features of the cluster (KIP-584), as far as they are truly served. Clients switch behaviour on by them: transaction.version,
// group.version, share.version and streams.version appear here with the APIs that they stand for.

export interface SupportedFeature {
  readonly name: string;
  readonly minVersion: number;
  readonly maxVersion: number;
}

export const supportedFeatures: readonly SupportedFeature[] = [{ name: "metadata.version", minVersion: 7, maxVersion: 30 }];

/** metadata.version 30 is Kafka's 4.3-IV0, the level of the protocol that is spoken here. */
export const finalizedFeatures: readonly { readonly name: string; readonly level: number }[] = [{ name: "metadata.version", level: 30 }];
