// The settings of one group, which it takes from the broker's `group.…` settings where it does not override them.

import type { BrokerSettingName } from "./broker-settings.ts";
import { bool, int, type SettingValue, str, type ValuesOf } from "./setting.ts";

const honoured = true;

export const groupSettingTable = {
  "consumer.assignment.interval.ms": int(1000, "Shortest time between two computations of the target assignment.", { honoured, min: 0 }),
  "consumer.heartbeat.interval.ms": int(5000, "Interval of heartbeats in the consumer protocol.", { honoured, min: 1 }),
  "consumer.session.timeout.ms": int(45_000, "A member that is silent for this long is removed.", { honoured, min: 1 }),
  "share.assignment.interval.ms": int(1000, "Shortest time between two computations of the target assignment.", { honoured, min: 0 }),
  "share.auto.offset.reset": str("latest", "Where a share group begins to read a partition.", { honoured, check: shareOffsetReset }),
  "share.delivery.count.limit": int(5, "How often a record is delivered before it counts as failed.", { honoured, min: 2 }),
  "share.heartbeat.interval.ms": int(5000, "Interval of heartbeats in a share group.", { honoured, min: 1 }),
  "share.isolation.level": str("read_uncommitted", "Whether records of open and aborted transactions are delivered.", {
    honoured,
    oneOf: ["read_committed", "read_uncommitted"],
  }),
  "share.partition.max.record.locks": int(2000, "Most records of one partition that are held locked.", { honoured, min: 100 }),
  "share.record.lock.duration.ms": int(30_000, "How long a delivered record stays locked for its consumer.", { honoured, min: 1000 }),
  "share.renew.acknowledge.enable": bool(true, "Lets consumers renew the lock of a record.", { honoured }),
  "share.session.timeout.ms": int(45_000, "A member that is silent for this long is removed.", { honoured, min: 1 }),
  "streams.assignment.interval.ms": int(1000, "Shortest time between two computations of the target assignment.", { honoured, min: 0 }),
  "streams.heartbeat.interval.ms": int(5000, "Interval of heartbeats in the streams protocol.", { honoured, min: 1 }),
  "streams.initial.rebalance.delay.ms": int(3000, "How long a new group waits for more members before its first assignment.", {
    honoured,
    min: 0,
  }),
  "streams.num.standby.replicas": int(0, "Standby copies of each stateful task.", { honoured, min: 0 }),
  "streams.session.timeout.ms": int(45_000, "A member that is silent for this long is removed.", { honoured, min: 1 }),
};

export type GroupSettingName = keyof typeof groupSettingTable;

/** What holds for one group, by Kafka's names. */
export type GroupSettings = ValuesOf<typeof groupSettingTable>;

/** The broker's settings that are a group setting's default. */
export const GROUP_SYNONYMS: { readonly [Name in GroupSettingName]?: readonly BrokerSettingName[] } = {
  "consumer.assignment.interval.ms": ["group.consumer.assignment.interval.ms"],
  "consumer.heartbeat.interval.ms": ["group.consumer.heartbeat.interval.ms"],
  "consumer.session.timeout.ms": ["group.consumer.session.timeout.ms"],
  "share.assignment.interval.ms": ["group.share.assignment.interval.ms"],
  "share.delivery.count.limit": ["group.share.delivery.count.limit"],
  "share.heartbeat.interval.ms": ["group.share.heartbeat.interval.ms"],
  "share.partition.max.record.locks": ["group.share.partition.max.record.locks"],
  "share.record.lock.duration.ms": ["group.share.record.lock.duration.ms"],
  "share.session.timeout.ms": ["group.share.session.timeout.ms"],
  "streams.assignment.interval.ms": ["group.streams.assignment.interval.ms"],
  "streams.heartbeat.interval.ms": ["group.streams.heartbeat.interval.ms"],
  "streams.initial.rebalance.delay.ms": ["group.streams.initial.rebalance.delay.ms"],
  "streams.num.standby.replicas": ["group.streams.num.standby.replicas"],
  "streams.session.timeout.ms": ["group.streams.session.timeout.ms"],
};

function shareOffsetReset(value: SettingValue): string | undefined {
  if (typeof value !== "string") return undefined;
  if (/^(latest|earliest)$/.test(value)) return undefined;
  if (/^by_duration:[Pp](?!$)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$/i.test(value) && value.startsWith("by_duration:"))
    return undefined;
  return `Invalid value \`${value}\` for configuration share.auto.offset.reset. The value must be either 'earliest', 'latest' or of the format 'by_duration:<PnDTnHnMn.nS>'.`;
}
