// The settings that the share coordinator obeys, by Kafka's names.

import type { BrokerSettingValues } from "../../config/broker-settings.ts";

export type ShareSettings = Pick<
  BrokerSettingValues,
  | "share.coordinator.cold.partition.snapshot.interval.ms"
  | "share.coordinator.snapshot.update.records.per.snapshot"
  | "share.coordinator.state.topic.num.partitions"
  | "share.coordinator.state.topic.prune.interval.ms"
  | "share.coordinator.write.timeout.ms"
>;
