// What the settings of Kafka's consumer mean to ours. Those that are about connections, buffers and metrics are taken
// without effect.

import { ownValue } from "../../base/foreign-names.ts";
import { messageOf } from "../../client/client-error.ts";
import {
  type ConsumerOptions,
  FROM_EARLIEST,
  FROM_LATEST,
  GROUP_DEFAULTS,
  GROUP_PROTOCOLS,
  type GroupOptions,
  type GroupProtocol,
  type OffsetReset,
} from "../../client/consumer.ts";
import type { AssignorName } from "../../client/group-assignors.ts";
import { booleanSetting, choiceSetting, configError, invalid, numberSetting, type Settings } from "./client-settings.ts";
import { FlagError } from "./flags.ts";
import { parseDuration } from "./java-duration.ts";

const BY_DURATION = "by_duration:";
const ASSIGNOR_CLASSES: { readonly [name: string]: AssignorName } = {
  RangeAssignor: "range",
  RoundRobinAssignor: "roundrobin",
  CooperativeStickyAssignor: "cooperative-sticky",
};
/** What members of one protocol leave to the coordinator, in the order in which Kafka's consumer looks for it. */
const OF_OTHER_PROTOCOL: { readonly [protocol in GroupProtocol]: readonly string[] } = {
  classic: ["group.remote.assignor"],
  consumer: ["partition.assignment.strategy", "heartbeat.interval.ms", "session.timeout.ms"],
};

/** Raises FlagError for values that Kafka's consumer does not take. */
export function consumerOptions(settings: Settings): ConsumerOptions {
  const isolation = choiceSetting(settings, "isolation.level", {
    choices: ["read_committed", "read_uncommitted"],
    byDefault: "read_uncommitted",
  });
  return {
    isCommittedOnly: isolation === "read_committed",
    offsetReset: offsetReset(settings.get("auto.offset.reset") ?? "latest"),
    partitionBytes: numberSetting(settings, "max.partition.fetch.bytes", { byDefault: 1_048_576 }),
  };
}

/** How many records a poll of Kafka's consumer gives at most. */
export function maxPollRecords(settings: Settings): number {
  return numberSetting(settings, "max.poll.records", { byDefault: 500, least: 1 });
}

/** Of the membership; without `group.id` there is a group of its own for as long as it runs. Raises FlagError. */
export function groupOptions(settings: Settings): Omit<GroupOptions, "wantedTopics"> {
  const groupId = settings.get("group.id") ?? `console-consumer-${Math.floor(Math.random() * 100_000)}`;
  if (groupId === "")
    throw new FlagError("org.apache.kafka.common.errors.InvalidGroupIdException: The configured group.id should not be an empty string", {
      isTerse: true,
    });
  const protocol = groupProtocol(settings);
  const sessionTimeoutMs = numberSetting(settings, "session.timeout.ms", { byDefault: GROUP_DEFAULTS.sessionTimeoutMs });
  const heartbeatIntervalMs = numberSetting(settings, "heartbeat.interval.ms", { byDefault: GROUP_DEFAULTS.heartbeatIntervalMs });
  if (heartbeatIntervalMs >= sessionTimeoutMs)
    throw new FlagError("java.lang.IllegalArgumentException: Heartbeat must be set lower than the session timeout", { isTerse: true });
  const commitIntervalMs = numberSetting(settings, "auto.commit.interval.ms", { byDefault: GROUP_DEFAULTS.commitIntervalMs });
  const isCommitting = booleanSetting(settings, "enable.auto.commit", settings.has("group.id"));
  return {
    ...consumerOptions(settings),
    protocol,
    groupId,
    instanceId: settings.get("group.instance.id") ?? null,
    rackId: settings.get("client.rack") || null,
    remoteAssignor: settings.get("group.remote.assignor") ?? null,
    assignors: assignors(settings.get("partition.assignment.strategy")),
    sessionTimeoutMs,
    heartbeatIntervalMs,
    rebalanceTimeoutMs: numberSetting(settings, "max.poll.interval.ms", { byDefault: GROUP_DEFAULTS.rebalanceTimeoutMs, least: 1 }),
    commitIntervalMs: isCommitting ? commitIntervalMs : undefined,
    topicsRefreshMs: numberSetting(settings, "metadata.max.age.ms", { byDefault: GROUP_DEFAULTS.topicsRefreshMs }),
  };
}

function groupProtocol(settings: Settings): GroupProtocol {
  const name = "group.protocol";
  const given = settings.get(name) ?? GROUP_DEFAULTS.protocol;
  const protocol = GROUP_PROTOCOLS.find((known) => known === given.toLowerCase());
  if (protocol === undefined) throw invalid(name, given, "String must be one of (case insensitive): CONSUMER, CLASSIC");
  const stray = OF_OTHER_PROTOCOL[protocol].find((setting) => settings.has(setting));
  if (stray !== undefined) throw configError(`${stray} cannot be set when group.protocol=${protocol.toUpperCase()}`);
  return protocol;
}

function offsetReset(text: string): OffsetReset {
  switch (text.toLowerCase()) {
    case "earliest":
      return FROM_EARLIEST;
    case "latest":
      return FROM_LATEST;
    case "none":
      return null;
  }
  try {
    if (text.startsWith(BY_DURATION)) return { agoMs: parseDuration(text.slice(BY_DURATION.length)) };
  } catch (error) {
    throw invalid("auto.offset.reset", text, messageOf(error));
  }
  throw invalid("auto.offset.reset", text, "it must be 'earliest', 'latest', 'none' or of the format 'by_duration:<PnDTnHnMn.nS.>'.");
}

function assignors(list: string | undefined): readonly AssignorName[] {
  if (list === undefined) return GROUP_DEFAULTS.assignors;
  return list.split(",").map((text) => {
    const assignor = ownValue(ASSIGNOR_CLASSES, text.trim().replace(/^org\.apache\.kafka\.clients\.consumer\./, ""));
    if (assignor === undefined)
      throw configError(`${text.trim()} is not an assignor of this command; there are ${Object.keys(ASSIGNOR_CLASSES).join(", ")}.`);
    return assignor;
  });
}
