// A broker's character: where its defaults differ from Apache Kafka's. This file is the whole difference; nothing else asks
// which character a broker has.

import type { BrokerSettingValues } from "./broker-settings.ts";

/** Kind to developers, or with Kafka's own delays. */
export type Character = "kind" | "kafka";

/** What a single node demands: internal topics could not be made with three replicas. */
const SINGLE_NODE: Partial<BrokerSettingValues> = {
  "broker.id": 1,
  "offsets.topic.replication.factor": 1,
  "transaction.state.log.replication.factor": 1,
  "transaction.state.log.min.isr": 1,
  "share.coordinator.state.topic.replication.factor": 1,
  "share.coordinator.state.topic.min.isr": 1,
};

/** A topic is there in the answer that created it, and stays away once deleted. A rebalance starts at once; a dead client is noticed. */
const KIND: Partial<BrokerSettingValues> = {
  "group.initial.rebalance.delay.ms": 0,
  "group.streams.initial.rebalance.delay.ms": 0,
  "odradek.auto.create.after.deletion.ms": 1000,
  "odradek.auto.create.answers.created": true,
  "odradek.group.consumer.change.heartbeat.interval.ms": 200,
  "odradek.group.disconnected.member.timeout.ms": 1000,
};

export function characterDefaults(character: Character): Partial<BrokerSettingValues> {
  return character === "kind" ? { ...SINGLE_NODE, ...KIND } : SINGLE_NODE;
}
