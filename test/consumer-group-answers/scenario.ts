// A scenario is a course of requests, each answered before the next is sent, with topics and groups of its own. A profile says how the
// broker is set up on which it plays.

import type { Stage } from "./stage.ts";

export type Profile = keyof typeof PROFILES;

export interface Scenario {
  readonly name: string;
  readonly profile: Profile;
  readonly play: (stage: Stage) => Promise<void>;
  /** Whether all of its course must be the same on every broker, or its lines whatever was written, or what it comes to. */
  readonly compares: "course" | "lines" | "outcome";
}

export function scenario(name: string, play: Scenario["play"], profile: Profile = "usual"): Scenario {
  return { name, profile, play, compares: "course" };
}

/**
 * Epochs and steps differ, not where they lead. Kafka resolves regular expressions beside the heartbeat that brings them, and we before it;
 * it has a single member wait for its next assignment as several would, and we do not.
 */
export function scenarioOfOutcome(name: string, play: Scenario["play"]): Scenario {
  return { ...scenario(name, play), compares: "outcome" };
}

/** Records differ, since any member may have any of the partitions. */
export function scenarioOfLines(name: string, play: Scenario["play"], profile: Profile): Scenario {
  return { ...scenario(name, play, profile), compares: "lines" };
}

/** No wait longer than a test has time for, and assignments at once; groups ask for other terms by their own settings. */
const SHORT = {
  "group.initial.rebalance.delay.ms": 0,
  "group.min.session.timeout.ms": 100,
  "group.consumer.min.session.timeout.ms": 100,
  "group.consumer.min.heartbeat.interval.ms": 50,
  "group.consumer.assignment.interval.ms": 0,
  "group.streams.initial.rebalance.delay.ms": 0,
  "group.streams.min.session.timeout.ms": 100,
  "group.streams.min.heartbeat.interval.ms": 50,
  "group.streams.assignment.interval.ms": 0,
  "offsets.topic.num.partitions": 4,
  "auto.create.topics.enable": false,
};

const SHORT_SHARE = {
  ...SHORT,
  "group.share.min.session.timeout.ms": 100,
  "group.share.min.heartbeat.interval.ms": 50,
  "group.share.assignment.interval.ms": 0,
};

export const PROFILES = {
  usual: SHORT,
  "policy disabled": { ...SHORT, "group.consumer.migration.policy": "disabled" },
  "policy upgrade": { ...SHORT, "group.consumer.migration.policy": "upgrade" },
  "policy downgrade": { ...SHORT, "group.consumer.migration.policy": "downgrade" },
  limited: {
    ...SHORT,
    "group.consumer.max.size": 2,
    "group.streams.max.size": 2,
    "group.max.size": 2,
    "group.consumer.assignors": "range",
    "broker.rack": "r1",
  },
  "classic only": { ...SHORT, "group.coordinator.rebalance.protocols": "classic" },
  "feature off": SHORT,
  share: SHORT_SHARE,
  "share limited": { ...SHORT_SHARE, "group.share.max.size": 2 },
  "share off": SHORT_SHARE,
} as const satisfies Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>>;

/** Of the only broker. */
export function rackOf(profile: Profile): string | undefined {
  const settings: Readonly<Record<string, string | number | boolean>> = PROFILES[profile];
  return settings["broker.rack"]?.toString();
}
