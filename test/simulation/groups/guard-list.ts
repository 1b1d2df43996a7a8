// What guards the rules of groups, each with what stands in its place when it is taken out (../guards.ts).

import type { Guard } from "../../guards/guard.ts";

const CONSUMER = "src/coordinator/group/consumer";

export const GUARDS: readonly Guard[] = [
  {
    title: "a partition that is held is not given to another member",
    edits: [
      {
        file: `${CONSUMER}/reconcile.ts`,
        code: "if (step.isHeld(topicId, partition) && !isItsOwn) isWaiting = true;",
        without: "if (false && step.isHeld(topicId, partition) && !isItsOwn) isWaiting = true;",
      },
    ],
  },
  {
    title: "a partition is its holder's until the member says that it gave it up",
    edits: [
      {
        file: `${CONSUMER}/reconcile.ts`,
        code: "if (ownsAny(step.owned, surplus)) {",
        without: "if (false && ownsAny(step.owned, surplus)) {",
      },
    ],
  },
  {
    title: "a member that does not say what it owns owns what it had",
    edits: [
      {
        file: `${CONSUMER}/reconcile.ts`,
        code: "if (owned === null) return true;",
        without: "if (owned === null) return false;",
      },
    ],
  },
  {
    title: "a member that does not give up partitions stays at its epoch",
    edits: [
      {
        file: `${CONSUMER}/reconcile.ts`,
        code: "if (!ownsAny(step.owned, progress.pendingRevocation)) return towardsTarget(progress, step);",
        without: "if (true) return towardsTarget(progress, step);",
      },
    ],
  },
  {
    title: "a commit of an epoch before the partition was given is refused",
    edits: [
      {
        file: `${CONSUMER}/commit-check.ts`,
        code: "return givenAt !== undefined && epoch >= givenAt ? Errors.NONE : stale;",
        without: "return givenAt !== undefined && epoch >= givenAt ? Errors.NONE : Errors.NONE;",
      },
    ],
  },
  {
    title: "a commit of somebody who is no member is refused",
    edits: [
      {
        file: `${CONSUMER}/commit-check.ts`,
        code: "if (member === undefined) return Errors.UNKNOWN_MEMBER_ID;\n  const isClassic",
        without: "if (member === undefined) return Errors.NONE;\n  const isClassic",
      },
    ],
  },
  {
    title: "an epoch of long ago is not taken",
    edits: [
      {
        file: `${CONSUMER}/membership-faults.ts`,
        code: "if (epoch < progress.epoch && (epoch !== progress.previousEpoch || !isSubset(owned, progress.assigned)))",
        without: "if (epoch < progress.epoch && isSubset(null, progress.assigned) && !isSubset(owned, progress.assigned))",
      },
    ],
  },
  {
    title: "a member whose last answer was lost goes on with the epoch before",
    edits: [
      {
        file: `${CONSUMER}/membership-faults.ts`,
        code: "(epoch !== progress.previousEpoch || !isSubset(owned, progress.assigned))",
        without: "(epoch !== -1 || !isSubset(owned, progress.assigned))",
      },
    ],
  },
  {
    title: "the place of a static member that is there is not taken",
    edits: [
      {
        file: `${CONSUMER}/heartbeat.ts`,
        code: "if (current.identity.classic === null && current.progress.epoch !== LEFT_FOR_A_WHILE)",
        without: "if (false && current.identity.classic === null && current.progress.epoch !== LEFT_FOR_A_WHILE)",
      },
    ],
  },
  {
    title: "a static member whose place was taken is fenced",
    edits: [
      {
        file: `${CONSUMER}/heartbeat.ts`,
        code: "if (current.memberId !== memberId) return fencedInstance(memberId, instanceId, current.memberId);",
        without: "if (current.memberId !== memberId) return { member: current, stored: current };",
      },
    ],
  },
  {
    title: "an answer waits until what it tells of is safe",
    edits: [
      {
        file: "src/coordinator/shard.ts",
        code: "if (wait === undefined) {",
        without: "if (wait !== null) {",
      },
    ],
  },
  {
    title: "a change of topics has the group look at them again",
    edits: [
      {
        file: `${CONSUMER}/consumer-group.ts`,
        code: "this.isMetadataStale ||= this.subscriptions.hasAnyTopic(names);",
        without: "this.isMetadataStale ||= false && this.subscriptions.hasAnyTopic(names);",
      },
    ],
  },
  {
    title: "topics that came or went while a coordinator was away are noticed",
    edits: [
      {
        file: `${CONSUMER}/consumer-work.ts`,
        code: "    group.isMetadataStale = true;\n",
        without: "",
      },
    ],
  },
  {
    title: "sessions begin anew when a group is loaded",
    edits: [
      {
        file: `${CONSUMER}/consumer-work.ts`,
        code: "      watch.session.set(sessionTimeout(this.#environment, group.groupId, identity));\n",
        without: "",
      },
    ],
  },
  {
    title: "a member that was to give up partitions has to after a load, too",
    edits: [
      {
        file: `${CONSUMER}/consumer-work.ts`,
        code: "watch.rebalance.set(identity.rebalanceTimeoutMs);",
        without: "watch.rebalance.clear();",
      },
    ],
  },
  {
    title: "whoever is heard on another connection is not put out for the one that closed",
    edits: [
      {
        file: "src/coordinator/group/connection-link.ts",
        code: "    this.release();\n    this.#connection = connection;",
        without: "    this.#connection ??= connection;",
      },
    ],
  },
  {
    title: "a static member that left for a while keeps its partitions",
    edits: [
      {
        file: `${CONSUMER}/leave.ts`,
        code: "assigned: withoutEpochs(before.assigned), pendingRevocation: NO_PARTITIONS }",
        without: "assigned: NO_PARTITIONS, pendingRevocation: NO_PARTITIONS }",
      },
    ],
  },
  {
    title: "a target is not for an epoch that rose while it was computed",
    edits: [
      {
        file: `${CONSUMER}/consumer-work.ts`,
        code: "targetRecords(group, targets, group.members.values(), { epoch, timestampMs: clock.now() })",
        without: "targetRecords(group, targets, group.members.values(), { epoch: group.epoch, timestampMs: clock.now() })",
      },
    ],
  },
  {
    title: "the epochs at which partitions were given are stored",
    edits: [
      {
        file: `${CONSUMER}/consumer-record-codec.ts`,
        code: "assignmentEpochs: [...partitions.values()],",
        without: "assignmentEpochs: null,",
      },
    ],
  },
];
