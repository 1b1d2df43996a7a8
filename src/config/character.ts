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

const KAFKAS_INTERVAL_MS = 1000;
/** How often targets are computed at most, each with the limit that it gives way to. */
const ASSIGNMENT_INTERVALS = {
  "group.consumer.assignment.interval.ms": "group.consumer.min.assignment.interval.ms",
  "group.share.assignment.interval.ms": "group.share.min.assignment.interval.ms",
  "group.streams.assignment.interval.ms": "group.streams.min.assignment.interval.ms",
} as const;

/**
 * A topic is there in the answer that created it, and stays away once deleted. A rebalance starts at once; a dead client is noticed. Two
 * consumers that start together have their shares when the second has asked; a large group's changes are put together all the same
 * (coordinator/group/consumer/target-assignment.ts). Clients of any age are served.
 */
const KIND: Partial<BrokerSettingValues> = {
  "group.initial.rebalance.delay.ms": 0,
  "group.streams.initial.rebalance.delay.ms": 0,
  "odradek.auto.create.after.deletion.ms": 1000,
  "odradek.auto.create.answers.created": true,
  "odradek.group.consumer.change.heartbeat.interval.ms": 200,
  "odradek.group.disconnected.member.timeout.ms": 1000,
  "odradek.group.share.change.heartbeat.interval.ms": 200,
  "odradek.group.streams.change.heartbeat.interval.ms": 200,
  "odradek.old.protocol.versions": true,
};

/** @param given a default that is kinder than Kafka's gives way to a limit among these, where Kafka's own would not be beyond it either */
export function characterDefaults(character: Character, given: Partial<BrokerSettingValues> = {}): Partial<BrokerSettingValues> {
  if (character === "kafka") return SINGLE_NODE;
  const intervals = Object.entries(ASSIGNMENT_INTERVALS).map(([name, limit]) => [name, Math.min(given[limit] ?? 0, KAFKAS_INTERVAL_MS)]);
  return { ...SINGLE_NODE, ...KIND, ...Object.fromEntries(intervals) };
}
