// Offsets committed and fetched by members of these groups, and by others.

import * as messages from "../../protocol/messages/index.ts";
import { ConsumerMember } from "./consumer-member.ts";
import { type Scenario, scenario } from "./scenario.ts";
import type { Stage } from "./stage.ts";

interface Commit {
  readonly member?: string;
  readonly epoch?: number;
  readonly instance?: string;
  readonly topic?: string;
  readonly partition?: number;
  readonly group?: string;
}

function commit(
  stage: Stage,
  version: number,
  { member = "", epoch = -1, instance, topic = "t", partition = 0, group = "g" }: Commit = {},
) {
  const isKnown = stage.topicStates.some(({ short }) => short === topic);
  const named = version >= 10 ? { topicId: isKnown ? stage.topicId(topic) : UNKNOWN_ID } : { name: stage.name(topic) };
  return stage.ask(messages.offsetCommit, version, {
    groupId: stage.name(group),
    generationIdOrMemberEpoch: epoch,
    memberId: member,
    ...(instance === undefined ? {} : { groupInstanceId: instance }),
    topics: [{ ...named, partitions: [{ partitionIndex: partition, committedOffset: 7, committedMetadata: "m" }] }],
  });
}

interface Fetched {
  readonly member?: string | null;
  readonly epoch?: number;
  readonly topic?: string;
  /** All topics, if null. */
  readonly partitions?: readonly number[] | null;
  readonly group?: string;
  readonly requireStable?: boolean;
}

function fetched(stage: Stage, version: number, options: Fetched = {}) {
  const { member, epoch, topic = "t", partitions = [0, 1], group = "g", requireStable = false } = options;
  const groupId = stage.name(group);
  const stability = version >= 7 ? { requireStable } : {};
  if (version < 8) {
    const topics = partitions === null ? null : [{ name: stage.name(topic), partitionIndexes: partitions }];
    return stage.ask(messages.offsetFetch, version, { groupId, topics, ...stability });
  }
  const isKnown = stage.topicStates.some(({ short }) => short === topic);
  const named = version >= 10 ? { topicId: isKnown ? stage.topicId(topic) : UNKNOWN_ID } : { name: stage.name(topic) };
  const topics = partitions === null ? null : [{ ...named, partitionIndexes: partitions }];
  const asked = {
    groupId,
    ...(member === undefined ? {} : { memberId: member }),
    ...(epoch === undefined ? {} : { memberEpoch: epoch }),
    topics,
  };
  return stage.ask(messages.offsetFetch, version, { groups: [asked], ...stability });
}

const OF_TRANSACTIONS = 1;
const UNKNOWN_ID = "AAAAAAAAAAAAAAAAAAABAQ";

/** A member that was given epochs 2 and 3 by now, and both partitions. */
async function memberAt3(stage: Stage, options: { readonly instance?: string } = {}): Promise<ConsumerMember> {
  await stage.topic("t", 2);
  await stage.topic("u", 1);
  const a = new ConsumerMember(stage, "A", options);
  await a.join({ topics: ["t"] });
  await a.beat({ topics: ["t", "u"], owns: "told" });
  return a;
}

interface Transactional {
  readonly member?: string;
  readonly generation?: number;
  readonly instance?: string;
  readonly version?: number;
}

export async function inTransaction(stage: Stage, commits: readonly Transactional[]): Promise<void> {
  const transactionalId = stage.name("x");
  const groupId = stage.name("g");
  const until = async <T extends { readonly errorCode: number }>(ask: () => Promise<T>): Promise<T> => {
    for (let attempt = 0; attempt < 200; attempt++) {
      const answer = await ask();
      if (answer.errorCode === 0) return answer;
      await stage.wait(20);
    }
    throw new Error(`the transaction does not begin: ${(await ask()).errorCode}`);
  };
  await until(async () => {
    const { coordinators } = await stage.quietly(messages.findCoordinator, 4, {
      keyType: OF_TRANSACTIONS,
      coordinatorKeys: [transactionalId],
    });
    return { errorCode: coordinators[0]?.errorCode ?? -1 };
  });
  const { producerId, producerEpoch } = await until(() =>
    stage.quietly(messages.initProducerId, 4, { transactionalId, transactionTimeoutMs: 60_000 }),
  );
  await until(() => stage.quietly(messages.addOffsetsToTxn, 3, { transactionalId, producerId, producerEpoch, groupId }));
  for (const { member = "", generation = -1, instance, version = 3 } of commits) {
    const topics = [{ name: stage.name("t"), partitions: [{ partitionIndex: 0, committedOffset: 9, committedMetadata: "" }] }];
    const body = {
      transactionalId,
      groupId,
      producerId,
      producerEpoch,
      ...(version >= 3
        ? { generationId: generation, memberId: member, ...(instance === undefined ? {} : { groupInstanceId: instance }) }
        : {}),
      topics,
    };
    const answer = await stage.quietly(messages.txnOffsetCommit, version, body);
    stage.keep(messages.txnOffsetCommit, version, { ...body, producerId: 0 }, answer);
  }
}

export const OFFSET_SCENARIOS: readonly Scenario[] = [
  scenario("offsets are committed under member epochs", async (stage) => {
    await memberAt3(stage);
    for (const version of [9, 10]) {
      await commit(stage, version, { member: "A", epoch: 3 });
      await commit(stage, version, { member: "A", epoch: 2 });
      await commit(stage, version, { member: "A", epoch: 1 });
      await commit(stage, version, { member: "A", epoch: 0 });
      await commit(stage, version, { member: "A", epoch: 4 });
      await commit(stage, version, { member: "A", epoch: -1 });
      await commit(stage, version, { member: "A", epoch: -2 });
      await commit(stage, version, { member: "A", epoch: 2, topic: "u" });
      await commit(stage, version, { member: "A", epoch: 3, partition: 7 });
      await commit(stage, version, { member: "A", epoch: 2, partition: 7 });
      await commit(stage, version, { member: "A", epoch: 3, topic: "unknown" });
      await commit(stage, version, { member: "A", epoch: 2, topic: "unknown" });
      await commit(stage, version, { member: "B", epoch: 3 });
      await commit(stage, version, { member: "", epoch: 3 });
      await commit(stage, version);
      await commit(stage, version, { member: "A", epoch: 3, instance: "i" });
      await commit(stage, version, { member: "A", epoch: 1, group: "unknown" });
    }
  }),

  scenario("offsets are committed in versions before 9", async (stage) => {
    await memberAt3(stage);
    for (const version of [2, 7, 8]) {
      await commit(stage, version, { member: "A", epoch: 3 });
      await commit(stage, version, { member: "A", epoch: 2 });
      await commit(stage, version, { member: "A", epoch: 4 });
      await commit(stage, version, { member: "B", epoch: 3 });
      await commit(stage, version);
    }
    await commit(stage, 8, { member: "A", epoch: 1, group: "unknown" });
  }),

  scenario("offsets are committed while partitions move", async (stage) => {
    await stage.topic("t", 2);
    const [a, b] = [new ConsumerMember(stage, "A"), new ConsumerMember(stage, "B")];
    await a.join({ topics: ["t"] });
    await b.join({ topics: ["t"] });
    await a.beat();
    await commit(stage, 9, { member: "A", epoch: 2, partition: 1 });
    await commit(stage, 9, { member: "B", epoch: 3, partition: 1 });
    await commit(stage, 9, { member: "B", epoch: 2, partition: 1 });
    await a.beat({ owns: { t: [0] } });
    await commit(stage, 9, { member: "A", epoch: 2, partition: 1 });
    await commit(stage, 9, { member: "A", epoch: 2, partition: 0 });
    await commit(stage, 9, { member: "A", epoch: 3, partition: 1 });
    await b.beat();
    await commit(stage, 9, { member: "A", epoch: 2, partition: 1 });
    await commit(stage, 9, { member: "A", epoch: 3, partition: 1 });
    await commit(stage, 9, { member: "B", epoch: 3, partition: 1 });
    await commit(stage, 9, { member: "B", epoch: 2, partition: 1 });
    await fetched(stage, 9);
  }),

  scenario("a group without members, and one that is not there", async (stage) => {
    await stage.topic("t", 2);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    await a.leave();
    await commit(stage, 9, { member: "A", epoch: 2 });
    await commit(stage, 9, { member: "A", epoch: -1 });
    await commit(stage, 9);
    await commit(stage, 8);
    await commit(stage, 10);
    await commit(stage, 9, { member: "A", epoch: 2, group: "unknown" });
    await commit(stage, 10, { member: "A", epoch: 2, group: "unknown" });
    await commit(stage, 9, { group: "made by it" });
    await stage.list();
    await fetched(stage, 9);
  }),

  scenario("offsets are committed by static members", async (stage) => {
    await memberAt3(stage, { instance: "i" });
    await commit(stage, 9, { member: "A", epoch: 3, instance: "i" });
    await commit(stage, 9, { member: "A", epoch: 3 });
    await commit(stage, 9, { member: "A", epoch: 3, instance: "j" });
    await commit(stage, 9, { member: "B", epoch: 3, instance: "i" });
    await new ConsumerMember(stage, "A", { instance: "i" }).beat({ epoch: -2 });
    await commit(stage, 9, { member: "A", epoch: 3, instance: "i" });
    await commit(stage, 9, { member: "A", epoch: -2, instance: "i" });
    await commit(stage, 9, { member: "", epoch: -1 });
  }),

  scenario("offsets are fetched under member epochs", async (stage) => {
    await memberAt3(stage);
    await commit(stage, 9, { member: "A", epoch: 3 });
    for (const version of [9, 10]) {
      await fetched(stage, version, { member: "A", epoch: 3 });
      await fetched(stage, version, { member: "A", epoch: 2 });
      await fetched(stage, version, { member: "A", epoch: 4 });
      await fetched(stage, version, { member: "A", epoch: 0 });
      await fetched(stage, version, { member: "A", epoch: -1 });
      await fetched(stage, version, { member: "B", epoch: 3 });
      await fetched(stage, version, { member: "", epoch: 3 });
      await fetched(stage, version, { member: "", epoch: -1 });
      await fetched(stage, version, { member: null, epoch: -1 });
      await fetched(stage, version, { member: "B", epoch: -1 });
      await fetched(stage, version, { member: "A", epoch: 3, partitions: null });
      await fetched(stage, version, { member: "A", epoch: 2, partitions: null });
      await fetched(stage, version, { member: "A", epoch: 3, topic: "unknown" });
      await fetched(stage, version, { member: "A", epoch: 3, partitions: [] });
      await fetched(stage, version, { member: "A", epoch: 3, group: "unknown" });
      await fetched(stage, version, { member: "A", epoch: -1, group: "unknown" });
      await fetched(stage, version, { group: "unknown" });
      await fetched(stage, version, { group: "unknown", partitions: null });
    }
  }),

  scenario("one commit for partitions that were given at different epochs", async (stage) => {
    await memberAt3(stage);
    const partitions = [{ partitionIndex: 0, committedOffset: 7, committedMetadata: "" }];
    for (const epoch of [2, 3]) {
      const topics = ["t", "u"].map((topic) => ({ name: stage.name(topic), partitions }));
      await stage.ask(messages.offsetCommit, 9, { groupId: stage.name("g"), generationIdOrMemberEpoch: epoch, memberId: "A", topics });
    }
  }),

  scenario("offsets are fetched in versions before 9", async (stage) => {
    await memberAt3(stage);
    await commit(stage, 9, { member: "A", epoch: 3 });
    for (const version of [1, 5, 7, 8]) await fetched(stage, version);
    for (const version of [2, 7, 8]) await fetched(stage, version, { partitions: null });
  }),

  scenario("offsets are fetched of a group without members", async (stage) => {
    await stage.topic("t", 2);
    const a = new ConsumerMember(stage, "A");
    await a.join({ topics: ["t"] });
    await commit(stage, 9, { member: "A", epoch: 2 });
    await a.leave();
    await fetched(stage, 9, { member: "A", epoch: 2 });
    await fetched(stage, 9);
    await fetched(stage, 8);
  }),

  scenario("offsets are committed in transactions under member epochs", async (stage) => {
    await memberAt3(stage);
    await inTransaction(stage, [
      { member: "A", generation: 3 },
      { member: "A", generation: 2 },
      { member: "A", generation: 1 },
      { member: "A", generation: 4 },
      { member: "A", generation: -1 },
      { member: "B", generation: 3 },
      { member: "", generation: -1 },
      { member: "", generation: 3 },
      { member: "A", generation: 3, instance: "i" },
      { version: 2 },
    ]);
    await fetched(stage, 9, { requireStable: true });
    await fetched(stage, 9);
  }),

  scenario("offsets are committed in transactions to a group without members, and to none", async (stage) => {
    await stage.topic("t", 1);
    await inTransaction(stage, [{ member: "A", generation: 2 }, {}]);
  }),

  scenario("a topic is deleted of which there are offsets", async (stage) => {
    await memberAt3(stage);
    await commit(stage, 9, { member: "A", epoch: 3 });
    await commit(stage, 9, { member: "A", epoch: 3, topic: "u" });
    await stage.deleteTopic("u");
    const body = () => ({ groups: [{ groupId: stage.name("g"), topics: null }], requireStable: false });
    await stage.until(({ groups }) => groups[0]?.topics.length === 1, { api: messages.offsetFetch, version: 9, body });
  }),
];
