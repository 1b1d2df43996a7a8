// Which of Kafka's APIs may be asked for as JSON: those that people look at a cluster with, and change it with. The others belong to clients that
// live on a connection (members of groups, consumers, producers), to brokers among each other, or to logging in.

import type { Handler } from "../../../api/handler.ts";
import { handlers } from "../../../api/index.ts";
import type { Services } from "../../../api/services.ts";

const NAMES: ReadonlySet<string> = new Set([
  ...["Metadata", "DescribeCluster", "DescribeTopicPartitions", "DescribeLogDirs", "DescribeQuorum", "ApiVersions", "UpdateFeatures"],
  ...["CreateTopics", "DeleteTopics", "CreatePartitions", "DeleteRecords", "ListOffsets", "OffsetForLeaderEpoch"],
  ...["ElectLeaders", "AlterPartitionReassignments", "ListPartitionReassignments", "UnregisterBroker"],
  ...["DescribeConfigs", "AlterConfigs", "IncrementalAlterConfigs", "ListConfigResources"],
  ...["FindCoordinator", "ListGroups", "DescribeGroups", "ConsumerGroupDescribe", "ShareGroupDescribe", "StreamsGroupDescribe"],
  // What a member leaves by removes members that somebody names, too.
  ...["DeleteGroups", "LeaveGroup", "OffsetFetch", "OffsetCommit", "OffsetDelete"],
  ...["DescribeShareGroupOffsets", "AlterShareGroupOffsets", "DeleteShareGroupOffsets"],
  // Who takes a transactional id ends what its producer left open; a transaction that hangs is ended by its markers.
  ...["ListTransactions", "DescribeTransactions", "DescribeProducers", "InitProducerId", "EndTxn", "WriteTxnMarkers"],
  ...["DescribeAcls", "CreateAcls", "DeleteAcls", "DescribeUserScramCredentials", "AlterUserScramCredentials"],
  ...["DescribeClientQuotas", "AlterClientQuotas"],
  ...["CreateDelegationToken", "RenewDelegationToken", "ExpireDelegationToken", "DescribeDelegationToken"],
]);

/** Of those, what this broker serves, in the versions in which it does. */
export function kafkaApis({ served }: Services): readonly Handler[] {
  const versions = new Map(served.map(({ api, advertisedVersions }) => [api.key, advertisedVersions]));
  return handlers.flatMap((handler) => {
    const known = NAMES.has(handler.api.name) ? versions.get(handler.api.key) : undefined;
    return known === undefined ? [] : [{ ...handler, versions: known }];
  });
}
