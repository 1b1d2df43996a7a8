// The registry of shims: each is loaded when it is called.

import type { Tool } from "./tool.ts";

export const KAFKA_TOOLS: { readonly [name: string]: () => Promise<Tool> } = {
  "kafka-acls": async () => (await import("./acls.ts")).kafkaAcls,
  "kafka-broker-api-versions": async () => (await import("./broker-api-versions.ts")).kafkaBrokerApiVersions,
  "kafka-client-metrics": async () => (await import("./client-metrics.ts")).kafkaClientMetrics,
  "kafka-cluster": async () => (await import("./cluster.ts")).kafkaCluster,
  "kafka-configs": async () => (await import("./configs.ts")).kafkaConfigs,
  "kafka-console-consumer": async () => (await import("./console-consumer.ts")).kafkaConsoleConsumer,
  "kafka-console-producer": async () => (await import("./console-producer.ts")).kafkaConsoleProducer,
  "kafka-console-share-consumer": async () => (await import("./console-share-consumer.ts")).kafkaConsoleShareConsumer,
  "kafka-consumer-groups": async () => (await import("./consumer-groups.ts")).kafkaConsumerGroups,
  "kafka-consumer-perf-test": async () => (await import("./consumer-perf-test.ts")).kafkaConsumerPerfTest,
  "kafka-delegation-tokens": async () => (await import("./delegation-tokens.ts")).kafkaDelegationTokens,
  "kafka-delete-records": async () => (await import("./delete-records.ts")).kafkaDeleteRecords,
  "kafka-e2e-latency": async () => (await import("./e2e-latency.ts")).kafkaE2eLatency,
  "kafka-features": async () => (await import("./features.ts")).kafkaFeatures,
  "kafka-get-offsets": async () => (await import("./get-offsets.ts")).kafkaGetOffsets,
  "kafka-groups": async () => (await import("./groups.ts")).kafkaGroups,
  "kafka-leader-election": async () => (await import("./leader-election.ts")).kafkaLeaderElection,
  "kafka-log-dirs": async () => (await import("./log-dirs.ts")).kafkaLogDirs,
  "kafka-metadata-quorum": async () => (await import("./metadata-quorum.ts")).kafkaMetadataQuorum,
  "kafka-producer-perf-test": async () => (await import("./producer-perf-test.ts")).kafkaProducerPerfTest,
  "kafka-reassign-partitions": async () => (await import("./reassign-partitions.ts")).kafkaReassignPartitions,
  "kafka-share-groups": async () => (await import("./share-groups.ts")).kafkaShareGroups,
  "kafka-storage": async () => (await import("./storage.ts")).kafkaStorage,
  "kafka-streams-groups": async () => (await import("./streams-groups.ts")).kafkaStreamsGroups,
  "kafka-topics": async () => (await import("./topics.ts")).kafkaTopics,
  "kafka-transactions": async () => (await import("./transactions.ts")).kafkaTransactions,
  "kafka-verifiable-consumer": async () => (await import("./verifiable-consumer.ts")).kafkaVerifiableConsumer,
  "kafka-verifiable-producer": async () => (await import("./verifiable-producer.ts")).kafkaVerifiableProducer,
};
