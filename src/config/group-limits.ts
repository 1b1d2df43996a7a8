// What the broker lets groups set: a group's setting lies between the broker's limits, and a member must be able to send a heartbeat
// within its session. Messages are Kafka's.

import type { BrokerConfig } from "./broker-config.ts";
import type { BrokerSettingName } from "./broker-settings.ts";
import type { GroupSettingName, GroupSettings } from "./group-settings.ts";

type Limit = readonly [setting: GroupSettingName, min: BrokerSettingName | undefined, max: BrokerSettingName | undefined];

const LIMITS: readonly Limit[] = [
  ["consumer.heartbeat.interval.ms", "group.consumer.min.heartbeat.interval.ms", "group.consumer.max.heartbeat.interval.ms"],
  ["consumer.session.timeout.ms", "group.consumer.min.session.timeout.ms", "group.consumer.max.session.timeout.ms"],
  ["consumer.assignment.interval.ms", "group.consumer.min.assignment.interval.ms", "group.consumer.max.assignment.interval.ms"],
  ["share.heartbeat.interval.ms", "group.share.min.heartbeat.interval.ms", "group.share.max.heartbeat.interval.ms"],
  ["share.session.timeout.ms", "group.share.min.session.timeout.ms", "group.share.max.session.timeout.ms"],
  ["share.record.lock.duration.ms", "group.share.min.record.lock.duration.ms", "group.share.max.record.lock.duration.ms"],
  ["share.delivery.count.limit", "group.share.min.delivery.count.limit", "group.share.max.delivery.count.limit"],
  ["share.partition.max.record.locks", "group.share.min.partition.max.record.locks", "group.share.max.partition.max.record.locks"],
  ["share.assignment.interval.ms", "group.share.min.assignment.interval.ms", "group.share.max.assignment.interval.ms"],
  ["streams.heartbeat.interval.ms", "group.streams.min.heartbeat.interval.ms", "group.streams.max.heartbeat.interval.ms"],
  ["streams.session.timeout.ms", "group.streams.min.session.timeout.ms", "group.streams.max.session.timeout.ms"],
  ["streams.num.standby.replicas", undefined, "group.streams.max.standby.replicas"],
  ["streams.assignment.interval.ms", "group.streams.min.assignment.interval.ms", "group.streams.max.assignment.interval.ms"],
];

const SESSIONS: readonly (readonly [GroupSettingName, GroupSettingName])[] = [
  ["consumer.session.timeout.ms", "consumer.heartbeat.interval.ms"],
  ["share.session.timeout.ms", "share.heartbeat.interval.ms"],
  ["streams.session.timeout.ms", "streams.heartbeat.interval.ms"],
];

/** The broker's settings that limit groups. */
export function groupLimitSettings(): readonly BrokerSettingName[] {
  return LIMITS.flatMap(([, min, max]) => [min, max]).filter((name) => name !== undefined);
}

export function groupLimitFault(config: BrokerConfig, settings: GroupSettings): string | undefined {
  for (const [name, min, max] of LIMITS) {
    const value = Number(settings[name]);
    if (min !== undefined && value < Number(config[min])) return `${name} must be greater than or equal to ${min}`;
    if (max !== undefined && value > Number(config[max])) return `${name} must be less than or equal to ${max}`;
  }
  for (const [session, heartbeat] of SESSIONS) {
    if (Number(settings[session]) <= Number(settings[heartbeat])) return `${session} must be greater than ${heartbeat}`;
  }
  return undefined;
}
