// The settings that groups and committed offsets obey, by Kafka's names.

import type { BrokerSettingValues } from "../../config/broker-settings.ts";
import type { GroupSettings as OverridableSettings } from "../../config/group-settings.ts";

/** The broker's. */
export type GroupSettings = Pick<
  BrokerSettingValues,
  | "group.consumer.assignors"
  | "group.consumer.max.size"
  | "group.consumer.migration.policy"
  | "group.consumer.regex.refresh.interval.ms"
  | "group.coordinator.rebalance.protocols"
  | "group.initial.rebalance.delay.ms"
  | "group.max.session.timeout.ms"
  | "group.max.size"
  | "group.min.session.timeout.ms"
  | "group.share.max.size"
  | "group.streams.max.size"
  | "odradek.group.consumer.change.heartbeat.interval.ms"
  | "odradek.group.streams.change.heartbeat.interval.ms"
  | "odradek.group.disconnected.member.timeout.ms"
  | "odradek.group.share.change.heartbeat.interval.ms"
  | "offset.metadata.max.bytes"
  | "offsets.commit.timeout.ms"
  | "offsets.retention.check.interval.ms"
  | "offsets.retention.minutes"
  | "offsets.topic.num.partitions"
>;

/** What holds for one group: what was set for it, or else for all, within the broker's limits. */
export type OwnGroupSettings = Pick<
  OverridableSettings,
  | "consumer.assignment.interval.ms"
  | "consumer.heartbeat.interval.ms"
  | "consumer.session.timeout.ms"
  | "share.assignment.interval.ms"
  | "share.heartbeat.interval.ms"
  | "share.session.timeout.ms"
  | "streams.assignment.interval.ms"
  | "streams.heartbeat.interval.ms"
  | "streams.initial.rebalance.delay.ms"
  | "streams.num.standby.replicas"
  | "streams.session.timeout.ms"
>;
