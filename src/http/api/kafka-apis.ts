// Which of Kafka's APIs may be asked for as JSON: those that people look at a cluster with, and change it with. The others belong to clients that
// live on a connection (members of groups, consumers, producers), to brokers among each other, or to logging in.

import type { Handler } from "../../api/handler.ts";
import { handlers } from "../../api/index.ts";
import type { Services } from "../../api/services.ts";

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

/** Of those, what this broker serves. */
export function kafkaApis({ served }: Services): readonly Handler[] {
  const names = new Set(served.map(({ api }) => api.name));
  return handlers.filter(({ api }) => NAMES.has(api.name) && names.has(api.name));
}
