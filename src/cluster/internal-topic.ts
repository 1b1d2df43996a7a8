// The topics that brokers make for themselves, as the broker's settings have them.

import type { BrokerConfig } from "../config/broker-config.ts";
import { CLIENT_METRICS_TOPIC, GROUP_OFFSETS_TOPIC, SHARE_GROUP_STATE_TOPIC, TRANSACTION_STATE_TOPIC } from "./topic-name.ts";

export interface InternalTopic {
  readonly partitionCount: number;
  readonly replicationFactor: number;
  readonly configs: Readonly<Record<string, string>>;
}

/** Small, so that compaction, which leaves the newest segment alone, has something to do. */
const CLIENT_METRICS_SEGMENT_BYTES = "16777216";

/** `undefined` for the topics of users. */
export function internalTopic(name: string, config: BrokerConfig): InternalTopic | undefined {
  switch (name) {
    case GROUP_OFFSETS_TOPIC:
      return {
        partitionCount: config["offsets.topic.num.partitions"],
        replicationFactor: config["offsets.topic.replication.factor"],
        configs: {
          "cleanup.policy": "compact",
          "compression.type": "producer",
          "segment.bytes": String(config["offsets.topic.segment.bytes"]),
        },
      };
    case TRANSACTION_STATE_TOPIC:
      return {
        partitionCount: config["transaction.state.log.num.partitions"],
        replicationFactor: config["transaction.state.log.replication.factor"],
        configs: {
          "cleanup.policy": "compact",
          "compression.type": "uncompressed",
          "min.insync.replicas": String(config["transaction.state.log.min.isr"]),
          "segment.bytes": String(config["transaction.state.log.segment.bytes"]),
          "unclean.leader.election.enable": "false",
        },
      };
    case SHARE_GROUP_STATE_TOPIC:
      return {
        partitionCount: config["share.coordinator.state.topic.num.partitions"],
        replicationFactor: config["share.coordinator.state.topic.replication.factor"],
        configs: {
          "cleanup.policy": "delete",
          "compression.type": "producer",
          "min.insync.replicas": String(config["share.coordinator.state.topic.min.isr"]),
          "retention.ms": "-1",
          "segment.bytes": String(config["share.coordinator.state.topic.segment.bytes"]),
        },
      };
    case CLIENT_METRICS_TOPIC:
      return {
        partitionCount: 1,
        replicationFactor: config["default.replication.factor"],
        configs: {
          "cleanup.policy": "compact,delete",
          "compression.type": "producer",
          "segment.bytes": CLIENT_METRICS_SEGMENT_BYTES,
        },
      };
    default:
      return undefined;
  }
}
