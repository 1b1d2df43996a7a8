// The table of cases: chains of changes to a group, each of which is a case. What is assigned after one change is what members have at the
// next one. Some chains are written down, the others are made by a seed.

import { Dice } from "../simulation/scheduler.ts";
import { type Group, type GroupMember, memberOf, topicId } from "./group.ts";

export interface Chain {
  readonly name: string;
  readonly start: () => Group;
  readonly changes: readonly Change[];
}

export interface Change {
  readonly name: string;
  readonly apply: (group: Group) => Group;
}

const FIRST: Change = { name: "first", apply: (group) => group };
const AGAIN: Change = { name: "again", apply: (group) => group };

const NAMED: readonly Chain[] = [
  named("one topic, three members that come and go", () => like([7], 3), [join(), join(), leave(0), leave(1), join()]),
  named("more members than partitions", () => like([4], 6), [leave(0), leave(3), join(), leave(0), leave(0)]),
  named("several topics of one size", () => like([6, 6, 6], 4), [join(), leave(1), leave(1), join(), join()]),
  named("several topics of different sizes", () => like([1, 5, 12, 3], 5), [join(), leave(2), leave(0), join()]),
  named("a topic is added", () => like([6], 3), [addTopic(4), addTopic(1), addTopic(9)]),
  named("a topic is deleted", () => like([6, 5, 4], 4), [deleteTopic(1), deleteTopic(0), join()]),
  named("partitions are added", () => like([3, 3], 4), [grow(0, 3), grow(1, 10), grow(0, 1)]),
  named("subscriptions become different and alike again", () => like([6, 6], 3), [
    subscribe(0, [0]),
    subscribe(1, [1]),
    subscribe(0, [0, 1]),
    subscribe(1, [0, 1]),
  ]),
  named("a member that subscribes to nothing", () => like([8, 2], 3), [subscribe(1, []), join(), subscribe(1, [0, 1])]),
  named("subscriptions that overlap like the links of a chain", () => links(6, 10), [leave(0), leave(4), subscribe(2, [0, 5]), join()]),
  named("a topic that one member alone subscribes to", () => links(3, 4), [subscribe(0, [0]), subscribe(1, [0, 1]), join(), leave(0)]),
  named("half of the members subscribe to more", () => halves(8), [join(), leave(0), leave(5), grow(0, 7), addTopic(20)]),
  named("static members restart", () => statics(4, [9, 9]), [restart(1), restart(3), leave(0), restart(0), join()]),
  named("static and other members", () => mixed(), [join(), leave(2), restart(0), join()]),
  named("members in racks", () => racks(6, [12, 5]), [join(), leave(0), leave(0), restart(1)]),
  named("everybody new at once", () => like([20], 2), [join(), join(), join(), join(), join(), join()]),
  named("almost all leave", () => like([20, 3], 9), [leave(0), leave(0), leave(0), leave(0), leave(0), leave(0), leave(0)]),
  named("a new member takes part of a large topic only", () => like([30, 2, 2], 3), [subscribe(2, [0]), subscribe(0, [1, 2]), join()]),
];

const SEEDS = Array.from({ length: 50 }, (_, index) => index + 1);

export const CHAINS: readonly Chain[] = [...NAMED, ...SEEDS.map((seed) => seeded(seed))];

/** Members of one subscription, to all topics. */
function like(partitionCounts: readonly number[], memberCount: number, more: (place: number) => Partial<GroupMember> = () => ({})): Group {
  const topics = new Map(partitionCounts.map((count, index) => [topicId(index), count]));
  return { topics, members: Array.from({ length: memberCount }, (_, place) => memberOf(`m${place}`, topics.keys(), more(place))) };
}

/** Member k subscribes to topics k and k + 1. */
function links(memberCount: number, partitions: number): Group {
  const group = like(new Array<number>(memberCount + 1).fill(partitions), memberCount);
  return { ...group, members: group.members.map((member, place) => memberOf(member.memberId, [topicId(place), topicId(place + 1)])) };
}

function halves(memberCount: number): Group {
  const group = like([6, 11, 3], memberCount);
  return {
    ...group,
    members: group.members.map((member, place) => (place % 2 === 0 ? member : memberOf(member.memberId, [topicId(0)]))),
  };
}

/** Their instance ids sort the other way round than their member ids. */
function statics(memberCount: number, partitionCounts: readonly number[]): Group {
  return like(partitionCounts, memberCount, (place) => ({ instanceId: `i${memberCount - place}` }));
}

function mixed(): Group {
  return like([7, 7, 5], 5, (place) => (place % 2 === 0 ? {} : { instanceId: `i${9 - place}` }));
}

function racks(memberCount: number, partitionCounts: readonly number[]): Group {
  return like(partitionCounts, memberCount, (place) => ({ rackId: `r${place % 3}` }));
}

/** The first case of each chain is the first assignment, the last one assigns again without a change. */
function named(name: string, start: () => Group, changes: readonly Change[]): Chain {
  return { name, start, changes: [FIRST, ...changes, AGAIN] };
}

/** A new member subscribes as the last one does. */
function join(): Change {
  return {
    name: "join",
    apply: (group) => {
      const last = group.members.at(-1);
      return withMember(group, memberOf(newMemberId(group), last?.topicIds ?? group.topics.keys()));
    },
  };
}

function leave(place: number): Change {
  return { name: `leave ${place}`, apply: (group) => ({ ...group, members: group.members.toSpliced(place, 1) }) };
}

/** A static member comes back under a new member id; what it had is kept for it. */
function restart(place: number): Change {
  return { name: `restart ${place}`, apply: (group) => changed(group, place, () => ({ memberId: newMemberId(group) })) };
}

/** Those who subscribe to all topics that there are subscribe to the new one too. */
function addTopic(partitions: number): Change {
  return {
    name: `topic of ${partitions}`,
    apply: ({ topics, members }) => {
      const id = newTopicId(topics);
      const subscribed = members.map((member) =>
        member.topicIds.size === topics.size ? { ...member, topicIds: new Set([...member.topicIds, id]) } : member,
      );
      return { topics: new Map([...topics, [id, partitions]]), members: subscribed };
    },
  };
}

function deleteTopic(index: number): Change {
  return {
    name: `no topic ${index}`,
    apply: ({ topics, members }) => ({
      topics: new Map([...topics].filter(([id]) => id !== topicId(index))),
      members: members.map((member) => ({ ...member, topicIds: without(member.topicIds, topicId(index)) })),
    }),
  };
}

function grow(index: number, by: number): Change {
  return {
    name: `topic ${index} + ${by}`,
    apply: (group) => ({
      ...group,
      topics: new Map([...group.topics].map(([id, count]) => [id, id === topicId(index) ? count + by : count])),
    }),
  };
}

function subscribe(place: number, topics: readonly number[]): Change {
  return {
    name: `${place} to ${topics.join("+")}`,
    apply: (group) => changed(group, place, () => ({ topicIds: new Set(topics.map(topicId)) })),
  };
}

export function seeded(seed: number): Chain {
  const dice = new Dice(seed);
  const partitionCounts = Array.from({ length: dice.between(1, 6) }, () => dice.between(1, dice.pick([3, 8, 20])));
  const subscriptions = dice.pick<SubscriptionsOf>([() => partitionCounts.keys(), twoKinds(dice), atRandom(dice)]);
  const isStatic = dice.chance(0.3);
  const start = like(partitionCounts, dice.between(1, 12), (place) => ({
    // Neither member ids nor instance ids in the order in which members come.
    memberId: `m${place}`.padStart(2 + ((place * 7) % 5), "x"),
    instanceId: isStatic && place % 3 !== 0 ? `i${(place * 5) % 13}` : null,
    rackId: dice.chance(0.5) ? `r${place % 3}` : null,
    topicIds: new Set(Array.from(subscriptions(partitionCounts.length), topicId)),
  }));
  const changes: Change[] = [FIRST];
  let group = start;
  for (let step = 0; step < 6; step++) {
    const change = dice.chance(0.1) ? AGAIN : anyChange(group, dice, subscriptions);
    group = change.apply(group);
    changes.push(change);
  }
  return { name: `seed ${seed}`, start: () => start, changes };
}

type SubscriptionsOf = (topicCount: number) => Iterable<number>;

function twoKinds(dice: Dice): SubscriptionsOf {
  return (topicCount) => Array.from({ length: dice.chance(0.5) ? topicCount : Math.ceil(topicCount / 2) }, (_, index) => index);
}

function atRandom(dice: Dice): SubscriptionsOf {
  return (topicCount) => Array.from({ length: topicCount }, (_, index) => index).filter(() => dice.chance(0.6));
}

/** Drawn once, when the table is made: its figures are part of it. */
function anyChange(group: Group, dice: Dice, subscriptions: SubscriptionsOf): Change {
  const place = dice.between(0, group.members.length - 1);
  const topic = [...group.topics.keys()].map((id) => id.charCodeAt("topic".length) - 65).at(dice.between(0, group.topics.size - 1)) ?? 0;
  const subscribed = Array.from(subscriptions(group.topics.size)).filter((index) => group.topics.has(topicId(index)));
  const choices: Change[] = [
    join(),
    joinWith(subscribed),
    grow(topic, dice.between(1, 6)),
    subscribe(place, subscribed),
    addTopic(dice.between(1, 12)),
  ];
  if (group.members.length > 1) choices.push(leave(place), leave(place));
  if (group.topics.size > 1) choices.push(deleteTopic(topic));
  if (group.members[place]?.instanceId !== null) choices.push(restart(place), restart(place));
  return dice.pick(choices);
}

function joinWith(topics: readonly number[]): Change {
  return {
    name: `join ${topics.join("+")}`,
    apply: (group) => withMember(group, memberOf(newMemberId(group), topics.map(topicId))),
  };
}

function withMember(group: Group, member: GroupMember): Group {
  return { ...group, members: [...group.members, member] };
}

function changed(group: Group, place: number, change: () => Partial<GroupMember>): Group {
  return { ...group, members: group.members.map((member, index) => (index === place ? { ...member, ...change() } : member)) };
}

function without(ids: ReadonlySet<string>, gone: string): ReadonlySet<string> {
  return new Set([...ids].filter((id) => id !== gone));
}

function newMemberId({ members }: Group): string {
  const numbers = members.map(({ memberId }) => Number(/\d+$/.exec(memberId)?.[0] ?? 0));
  return `m${Math.max(-1, ...numbers) + 1}`;
}

function newTopicId(topics: Group["topics"]): string {
  const unused = Array.from({ length: 26 }, (_, index) => topicId(index)).find((id) => !topics.has(id));
  if (unused === undefined) throw new Error("there are names for 26 topics");
  return unused;
}
