// The versions that Kafka served up to 3.9 and that 4.0 dropped (KIP-896, KIP-724): served too, unless odradek.old.protocol.versions is off.
// Produce goes on being advertised from 0 on, as Kafka 4 does it.

import * as messages from "../../protocol/messages/index.ts";
import type { Handler } from "./handler.ts";

/** By key of the API: the lowest version that Kafka 4 serves, where 3.9 served lower ones. */
const LOWEST_OF_KAFKA_4: ReadonlyMap<number, number> = new Map([
  [messages.produce.key, 3],
  [messages.fetch.key, 4],
  [messages.listOffsets.key, 1],
  [messages.offsetCommit.key, 2],
  [messages.offsetFetch.key, 1],
  [messages.createTopics.key, 2],
  [messages.deleteTopics.key, 1],
  [messages.offsetForLeaderEpoch.key, 2],
  [messages.writeTxnMarkers.key, 1],
  [messages.describeAcls.key, 1],
  [messages.createAcls.key, 1],
  [messages.deleteAcls.key, 1],
  [messages.describeConfigs.key, 1],
  [messages.alterReplicaLogDirs.key, 1],
  [messages.describeLogDirs.key, 1],
  [messages.createDelegationToken.key, 1],
  [messages.renewDelegationToken.key, 1],
  [messages.expireDelegationToken.key, 1],
  [messages.describeDelegationToken.key, 1],
]);

export function withoutOldVersions(handlers: readonly Handler[]): readonly Handler[] {
  return handlers.map((handler) => {
    const lowest = LOWEST_OF_KAFKA_4.get(handler.api.key);
    if (lowest === undefined) return handler;
    const isAdvertised = handler.api.key === messages.produce.key;
    const versions = { ...handler.versions, lowest };
    return { ...handler, versions, advertisedVersions: isAdvertised ? handler.advertisedVersions : versions };
  });
}
