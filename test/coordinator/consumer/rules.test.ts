// The rules of groups of the consumer protocol by themselves, as tables: what there is, what is said, and what is expected.

import { describe, expect, it, test } from "vitest";
import { type ErrorCode, Errors } from "../../../protocol/errors.ts";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { Deadline } from "../../../src/coordinator/deadline.ts";
import type { Assignment } from "../../../src/coordinator/group/assignors/assignor.ts";
import type { Commit } from "../../../src/coordinator/group/commit.ts";
import { ConnectionLink } from "../../../src/coordinator/group/connection-link.ts";
import { checkConsumerCommit, checkConsumerFetch } from "../../../src/coordinator/group/consumer/commit-check.ts";
import { ConsumerGroup } from "../../../src/coordinator/group/consumer/consumer-group.ts";
import {
  type HeldPartitions,
  LEFT_FOR_A_WHILE,
  type MemberProgress,
  type MemberState,
  MemberStates,
  NEW_MEMBER,
} from "../../../src/coordinator/group/consumer/consumer-member.ts";
import { checkEpoch } from "../../../src/coordinator/group/consumer/membership-faults.ts";
import { type OwnedPartitions, reconcile } from "../../../src/coordinator/group/consumer/reconcile.ts";
import { targetRecords } from "../../../src/coordinator/group/consumer/target-assignment.ts";

const { STABLE, UNREVOKED_PARTITIONS: UNREVOKED, UNRELEASED_PARTITIONS: UNRELEASED, UNKNOWN } = MemberStates;

/** "t0@1 t1@2": partition 0 of topic t, given at epoch 1, and so on. */
function held(text: string): HeldPartitions {
  const topics = new Map<string, Map<number, number>>();
  for (const each of text.split(" ").filter((part) => part !== "")) {
    const [, topic = "", index, epoch] = /^([a-z])(\d+)@(\d+)$/.exec(each) ?? [];
    topics.set(topic, (topics.get(topic) ?? new Map<number, number>()).set(Number(index), Number(epoch)));
  }
  return topics;
}

/** "t0 t1 u0" */
function partitions(text: string): Assignment {
  const topics = new Map<string, number[]>();
  for (const each of text.split(" ").filter((part) => part !== ""))
    topics.set(each.slice(0, 1), [...(topics.get(each.slice(0, 1)) ?? []), Number(each.slice(1))]);
  return topics;
}

function owning(text: string | null): OwnedPartitions | null {
  return text === null ? null : [...partitions(text)].map(([topicId, indexes]) => ({ topicId, partitions: indexes }));
}

function progress(state: MemberState, epoch: number, assigned: string, pendingRevocation = "", previousEpoch = epoch - 1): MemberProgress {
  return { state, epoch, previousEpoch, assigned: held(assigned), pendingRevocation: held(pendingRevocation) };
}

describe("a step of a member towards its target", () => {
  interface Case {
    readonly title: string;
    readonly before: MemberProgress;
    readonly targetEpoch: number;
    readonly target: string;
    readonly owned: string | null;
    readonly heldByOthers?: string;
    readonly unsubscribed?: string;
    readonly hasChanged?: true;
    readonly after: MemberProgress | "the same";
  }
  const cases: readonly Case[] = [
    {
      title: "is none when it is there",
      before: progress(STABLE, 2, "t0@1"),
      targetEpoch: 2,
      target: "t0",
      owned: "t0",
      after: "the same",
    },
    {
      title: "gives it what is free, with the epoch of the target, and leaves what it keeps as it was given",
      before: progress(STABLE, 1, "t0@1"),
      targetEpoch: 3,
      target: "t0 t1 u0",
      owned: null,
      after: progress(STABLE, 3, "t0@1 t1@3 u0@3", "", 1),
    },
    {
      title: "takes away what it must give up, and nothing else, and its epoch stays",
      before: progress(STABLE, 1, "t0@1 t1@1"),
      targetEpoch: 2,
      target: "t0 u0",
      owned: "t0 t1",
      after: progress(UNREVOKED, 1, "t0@1", "t1@1", 1),
    },
    {
      title: "takes silence for owning all",
      before: progress(STABLE, 1, "t0@1"),
      targetEpoch: 2,
      target: "",
      owned: null,
      after: progress(UNREVOKED, 1, "", "t0@1", 1),
    },
    {
      title: "does not wait for what it says that it does not own",
      before: progress(STABLE, 1, "t0@1 t1@1"),
      targetEpoch: 2,
      target: "t0",
      owned: "t0",
      after: progress(STABLE, 2, "t0@1", "", 1),
    },
    {
      title: "waits while it owns what it is to give up",
      before: progress(UNREVOKED, 1, "t0@1", "t1@1"),
      targetEpoch: 2,
      target: "t0",
      owned: "t0 t1",
      after: "the same",
    },
    {
      title: "waits while it does not say whether it gave up",
      before: progress(UNREVOKED, 1, "t0@1", "t1@1"),
      targetEpoch: 2,
      target: "t0",
      owned: null,
      after: "the same",
    },
    {
      title: "goes on once it has given up",
      before: progress(UNREVOKED, 1, "t0@1", "t1@1"),
      targetEpoch: 2,
      target: "t0 u0",
      owned: "t0",
      after: progress(STABLE, 2, "t0@1 u0@2", "", 1),
    },
    {
      title: "gives back what it has just given up when the target says so again, as given anew",
      before: progress(UNREVOKED, 1, "t0@1", "t1@1"),
      targetEpoch: 3,
      target: "t0 t1",
      owned: "t0",
      heldByOthers: "t1",
      after: progress(STABLE, 3, "t0@1 t1@3", "", 1),
    },
    {
      title: "leaves out what others hold, and waits for it at the epoch of the target",
      before: progress(STABLE, 1, "t0@1"),
      targetEpoch: 2,
      target: "t0 t1 t2",
      owned: null,
      heldByOthers: "t2",
      after: progress(UNRELEASED, 2, "t0@1 t1@2", "", 1),
    },
    {
      title: "gives what has become free to who waits for it",
      before: progress(UNRELEASED, 2, "t0@1"),
      targetEpoch: 2,
      target: "t0 t2",
      owned: null,
      after: progress(STABLE, 2, "t0@1 t2@2", "", 2),
    },
    {
      title: "goes to a newer target from waiting for an older one",
      before: progress(UNRELEASED, 2, "t0@1"),
      targetEpoch: 3,
      target: "t1",
      owned: "t0",
      heldByOthers: "t1",
      after: progress(UNREVOKED, 2, "", "t0@1", 2),
    },
    {
      title: "takes away at once what it no longer subscribes to, before there is another target",
      before: progress(STABLE, 2, "t0@1 u0@2"),
      targetEpoch: 2,
      target: "t0 u0",
      owned: "t0 u0",
      unsubscribed: "u",
      hasChanged: true,
      after: progress(UNREVOKED, 2, "t0@1", "u0@2", 2),
    },
    {
      title: "adds what it no longer subscribes to to what it has yet to give up",
      before: progress(UNREVOKED, 2, "t0@1 u0@2", "t1@1"),
      targetEpoch: 3,
      target: "t0 u0",
      owned: "t0 t1 u0",
      unsubscribed: "u",
      hasChanged: true,
      after: progress(UNREVOKED, 2, "t0@1", "t1@1 u0@2", 2),
    },
    {
      title: "gives nothing of a topic that it does not subscribe to",
      before: progress(STABLE, 1, ""),
      targetEpoch: 2,
      target: "t0 u0",
      owned: "",
      unsubscribed: "u",
      after: progress(STABLE, 2, "t0@2", "", 1),
    },
    {
      title: "begins anew for a member in a state that nobody knows",
      before: progress(UNKNOWN, 7, "t0@1"),
      targetEpoch: 9,
      target: "t1",
      owned: "",
      after: progress(STABLE, 9, "t1@9", "", 9),
    },
  ];

  it.each(cases)("$title", ({ before, targetEpoch, target, owned, heldByOthers = "", unsubscribed, hasChanged, after }) => {
    const others = partitions(heldByOthers);
    const member = { memberId: "m", identity: NEW_MEMBER, progress: before };
    const next = reconcile(member, {
      targetEpoch,
      target: partitions(target),
      isSubscribed: (topicId) => topicId !== unsubscribed,
      hasSubscriptionChanged: hasChanged === true,
      isHeld: (topicId, partition) => others.get(topicId)?.includes(partition) === true,
      owned: owning(owned),
    });
    if (after === "the same") expect(next).toBe(before);
    else expect(next).toEqual(after);
  });
});

describe("the epoch that a member states", () => {
  const at5 = progress(STABLE, 5, "t0@3 t1@5", "", 4);
  const unknown = progress(UNKNOWN, 5, "t0@3", "", 4);
  const cases: readonly (readonly [title: string, known: MemberProgress, epoch: number, owned: string | null, isFenced: boolean])[] = [
    ["is taken when it is the one", at5, 5, null, false],
    ["is taken when it is 0: the member comes again", at5, 0, "", false],
    ["is not taken when it is ahead", at5, 6, "t0", true],
    ["is taken when it is the one before and the member owns what it was given", at5, 4, "t0 t1", false],
    ["is taken when it is the one before and the member owns nothing", at5, 4, "", false],
    ["is not taken when it is the one before and the member owns more", at5, 4, "t0 t2", true],
    ["is not taken when it is the one before and the member does not say what it owns", at5, 4, null, true],
    ["is not taken when it is of long ago", at5, 3, "", true],
    ["is not taken of a member in a state that nobody knows", unknown, 5, "t0", true],
    ["is taken of such a one when it owns nothing", unknown, 5, "", false],
    ["is not taken of one that is away for a while", progress(STABLE, LEFT_FOR_A_WHILE, "t0@0", "", 5), 5, "t0", true],
  ];

  it.each(cases)("%s", (_, known, epoch, owned, isFenced) => {
    const fault = checkEpoch({ memberId: "m", identity: NEW_MEMBER, progress: known }, { epoch, owned: owning(owned) });
    expect(fault?.error).toBe(isFenced ? Errors.FENCED_MEMBER_EPOCH : undefined);
  });
});

describe("a commit", () => {
  /** A group with member m at epoch 5, that was given t0 at 3 and t1 at 5, and has yet to give up t2, which it was given at 2. */
  function group(isClassic = false): ConsumerGroup {
    const made = emptyGroup();
    const classic = isClassic ? { sessionTimeoutMs: 10_000, protocols: [] } : null;
    made.replay({ type: "consumerMember", groupId: "g", memberId: "m", identity: { ...NEW_MEMBER, classic } });
    const own = progress(UNREVOKED, 5, "t0@3 t1@5", "t2@2", 4);
    made.replay({ type: "consumerMemberProgress", groupId: "g", memberId: "m", progress: own });
    return made;
  }
  const commit: Commit = { groupId: "g", memberId: "m", instanceId: null, generation: 5, apiVersion: 9 };
  const producer = { producerId: 1, producerEpoch: 0 };
  const said = (code: ErrorCode) => [code, code, code, code];
  const cases: readonly (readonly [title: string, group: ConsumerGroup, commit: Commit, outcome: readonly ErrorCode[]])[] = [
    ["of the member's epoch is taken", group(), commit, said(Errors.NONE)],
    ["of a later one is refused", group(), { ...commit, generation: 6 }, said(Errors.STALE_MEMBER_EPOCH)],
    [
      "of an earlier one is taken for what the member had by then, also when it has yet to give it up",
      group(),
      { ...commit, generation: 4 },
      [Errors.NONE, Errors.STALE_MEMBER_EPOCH, Errors.NONE, Errors.STALE_MEMBER_EPOCH],
    ],
    [
      "of long ago is refused for what was given since",
      group(),
      { ...commit, generation: 2 },
      [Errors.STALE_MEMBER_EPOCH, Errors.STALE_MEMBER_EPOCH, Errors.NONE, Errors.STALE_MEMBER_EPOCH],
    ],
    ["of nobody is refused while there are members", group(), { ...commit, memberId: "", generation: -1 }, said(Errors.UNKNOWN_MEMBER_ID)],
    ["of somebody else is refused", group(), { ...commit, memberId: "n" }, said(Errors.UNKNOWN_MEMBER_ID)],
    ["of a version that knows no epochs is refused", group(), { ...commit, apiVersion: 8 }, said(Errors.UNSUPPORTED_VERSION)],
    ["of a classic member is taken in any version", group(true), { ...commit, apiVersion: 2 }, said(Errors.NONE)],
    ["of a later generation of a classic member is refused", group(true), { ...commit, generation: 6 }, said(Errors.ILLEGAL_GENERATION)],
    [
      "in a transaction is refused with a code that producers know",
      group(),
      { ...commit, producer, generation: 6 },
      said(Errors.ILLEGAL_GENERATION),
    ],
    [
      "in a transaction of a producer that does not say whose is taken",
      group(),
      { ...commit, producer, memberId: "", generation: -1 },
      said(Errors.NONE),
    ],
    ["of nobody is taken while there are no members", emptyGroup(), { ...commit, memberId: "", generation: -1 }, said(Errors.NONE)],
    ["of a member that is gone is refused", emptyGroup(), commit, said(Errors.UNKNOWN_MEMBER_ID)],
  ];

  it.each(cases)("%s", (_, to, asked, outcome) => {
    const checked = checkConsumerCommit(to, asked);
    const of = typeof checked === "number" ? () => checked : checked;
    expect([0, 1, 2, 3].map((partition) => of("t", partition))).toEqual(outcome);
  });

  it.each([
    ["of the member's epoch", "m", 5, Errors.NONE],
    ["of an earlier epoch", "m", 4, Errors.STALE_MEMBER_EPOCH],
    ["of a later epoch", "m", 6, Errors.STALE_MEMBER_EPOCH],
    ["of somebody else", "n", 5, Errors.UNKNOWN_MEMBER_ID],
    ["of an administrator", null, -1, Errors.NONE],
  ] as const)("fetch %s is answered accordingly", (_, memberId, epoch, error) => {
    expect(checkConsumerFetch(group(), memberId, epoch)).toBe(error);
  });
});

test("of two assignors that as many members ask for it is the same one in whatever order the members are", () => {
  const asking = (serverAssignor: string | null) => ({
    memberId: "m",
    identity: { ...NEW_MEMBER, serverAssignor },
    progress: progress(STABLE, 1, ""),
  });
  const members = ["uniform", "range", null].map(asking);
  const group = emptyGroup();
  expect([group.preferredAssignor(members), group.preferredAssignor(members.toReversed())]).toEqual(["range", "range"]);
  expect(group.preferredAssignor([...members, asking("uniform")])).toBe("uniform");
  expect(group.preferredAssignor([asking(null)])).toBeUndefined();
});

test("of targets only what is different is stored, and nothing of members that are gone", () => {
  const group = emptyGroup();
  for (const [memberId, target] of Object.entries({ a: "t0", b: "t1", gone: "t2" })) {
    group.replay({ type: "consumerMember", groupId: "g", memberId, identity: NEW_MEMBER });
    group.replay({ type: "consumerMemberTarget", groupId: "g", memberId, target: partitions(target) });
  }
  group.replay({ type: "consumerMember", groupId: "g", memberId: "late", identity: NEW_MEMBER });
  group.replay({ type: "consumerMember", groupId: "g", memberId: "gone", identity: null });
  const targets = new Map(Object.entries({ a: "t0", b: "t1 t2", gone: "t3" }).map(([memberId, target]) => [memberId, partitions(target)]));
  expect(targetRecords(group, targets, group.members.values(), { epoch: 7, timestampMs: 9 })).toEqual([
    { type: "consumerMemberTarget", groupId: "g", memberId: "b", target: partitions("t1 t2") },
    { type: "consumerTarget", groupId: "g", value: { epoch: 7, timestampMs: 9 } },
  ]);
});

function emptyGroup(): ConsumerGroup {
  const clock = new VirtualClock();
  const deadline = () => new Deadline(clock, () => undefined);
  const link = () => new ConnectionLink(clock, () => undefined);
  return new ConsumerGroup("g", {
    watch: () => ({ session: deadline(), rebalance: deadline(), link: link() }),
    disconnected: deadline,
    nowMs: () => clock.now(),
  });
}
