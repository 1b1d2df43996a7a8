// The settings that classic groups and committed offsets obey, by Kafka's names.

import type { BrokerSettingValues } from "../../config/broker-settings.ts";

export type GroupSettings = Pick<
  BrokerSettingValues,
  | "group.initial.rebalance.delay.ms"
  | "group.max.session.timeout.ms"
  | "group.max.size"
  | "group.min.session.timeout.ms"
  | "odradek.group.disconnected.member.timeout.ms"
  | "offset.metadata.max.bytes"
  | "offsets.commit.timeout.ms"
  | "offsets.retention.check.interval.ms"
  | "offsets.retention.minutes"
  | "offsets.topic.num.partitions"
>;
