// What the broker lets groups set: a group's setting lies between the broker's limits, and a member must be able to send a heartbeat
// within its session. What the broker gives to groups that set nothing lies there too, when it starts. Messages are Kafka's.

import type { BrokerSettingName, BrokerSettingValues } from "./broker-settings.ts";
import { assignorsFault } from "./group-protocols.ts";
import { GROUP_SYNONYMS, type GroupSettingName, type GroupSettings } from "./group-settings.ts";

type LimitedName = { readonly [Name in GroupSettingName]: GroupSettings[Name] extends number ? Name : never }[GroupSettingName];
type Limit = readonly [setting: LimitedName, min: BrokerSettingName | undefined, max: BrokerSettingName | undefined];

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

const SESSIONS: readonly (readonly [session: GroupSettingName, heartbeat: GroupSettingName])[] = [
  ["consumer.session.timeout.ms", "consumer.heartbeat.interval.ms"],
  ["share.session.timeout.ms", "share.heartbeat.interval.ms"],
  ["streams.session.timeout.ms", "streams.heartbeat.interval.ms"],
];

/** The broker's settings that limit groups. */
export function groupLimitSettings(): readonly BrokerSettingName[] {
  return LIMITS.flatMap(([, min, max]) => [min, max]).filter((name) => name !== undefined);
}

/** Of settings that a group is to get. */
export function groupLimitFault(config: BrokerSettingValues, settings: GroupSettings): string | undefined {
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

/** The same with what is beyond the limits cut to them: a group may have got it when they were others, or a broker while it runs. */
export function withinLimits(config: BrokerSettingValues, settings: GroupSettings): GroupSettings {
  const cut: Partial<Record<LimitedName, number>> = {};
  for (const [name, min, max] of LIMITS) {
    const value = settings[name];
    const least = min === undefined ? value : Number(config[min]);
    const most = max === undefined ? value : Number(config[max]);
    if (value < least || value > most) cut[name] = Math.min(Math.max(value, least), most);
  }
  return { ...settings, ...cut };
}

export interface GroupsFault {
  readonly message: string;
  /** Which contradict each other. */
  readonly settings: readonly BrokerSettingName[];
}

/** Of what a broker is started with. */
export function brokerGroupsFault(config: BrokerSettingValues): GroupsFault | undefined {
  for (const [name, min, max] of LIMITS) {
    const own = GROUP_SYNONYMS[name]?.[0];
    const fault = atLeastFault(config, max, min) ?? atLeastFault(config, own, min) ?? atMostFault(config, own, max);
    if (fault !== undefined) return fault;
  }
  for (const [session, heartbeat] of SESSIONS) {
    const [longer, shorter] = [GROUP_SYNONYMS[session]?.[0], GROUP_SYNONYMS[heartbeat]?.[0]];
    if (longer === undefined || shorter === undefined || Number(config[shorter]) < Number(config[longer])) continue;
    return { message: `${shorter} must be less than ${longer}`, settings: [shorter, longer] };
  }
  const protocols = "group.coordinator.rebalance.protocols";
  if (!config[protocols].includes("classic"))
    return { message: "Disabling the 'classic' protocol is not supported.", settings: [protocols] };
  for (const assignors of ["group.consumer.assignors", "group.share.assignors"] as const) {
    const message = assignorsFault(assignors, config[assignors]);
    if (message !== undefined) return { message, settings: [assignors] };
  }
  return undefined;
}

type Name = BrokerSettingName | undefined;

function atLeastFault(config: BrokerSettingValues, name: Name, least: Name): GroupsFault | undefined {
  if (name === undefined || least === undefined || Number(config[name]) >= Number(config[least])) return undefined;
  return { message: `${name} must be greater than or equal to ${least}`, settings: [name, least] };
}

function atMostFault(config: BrokerSettingValues, name: Name, most: Name): GroupsFault | undefined {
  if (name === undefined || most === undefined || Number(config[name]) <= Number(config[most])) return undefined;
  return { message: `${name} must be less than or equal to ${most}`, settings: [name, most] };
}
