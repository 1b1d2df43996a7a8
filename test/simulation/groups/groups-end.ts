// What is looked at when a history is over.

import { Errors } from "../../../protocol/errors.ts";
import type { Encodable, Shape } from "../../../protocol/schema/field.ts";
import type { GroupRequest } from "../../../src/coordinator/group/group-request.ts";
import { consumerGroupDescribeRequest } from "../../../src/coordinator/group/requests/consumer-group-describe.ts";
import { consumerGroupHeartbeatRequest } from "../../../src/coordinator/group/requests/consumer-group-heartbeat.ts";
import { offsetCommitRequest } from "../../../src/coordinator/group/requests/offset-commit.ts";
import { offsetFetchRequest } from "../../../src/coordinator/group/requests/offset-fetch.ts";
import { partitionFor } from "../../../src/coordinator/partition-for.ts";
import { EVERYTHING } from "../../../src/security/access.ts";
import { TestConnection } from "../../coordinator/support/group-bench.ts";
import { BrokerProcess, PARTITIONS } from "./broker-process.ts";
import { type GroupsWorld, throughWire } from "./groups-world.ts";
import type { Ledger } from "./ledger.ts";
import { toTopicPartitions } from "./member.ts";

/** A member as it was. */
export interface LastSeen {
  readonly groupId: string;
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly epoch: number;
  readonly owned: readonly string[];
}

/** Every commit that was acknowledged, or a later one, is there. */
export async function expectFetchable(world: GroupsWorld, ledger: Ledger): Promise<void> {
  for (const key of ledger.acknowledged()) {
    const [groupId = "", partition = ""] = key.split("/");
    const [asked] = toTopicPartitions([partition]);
    if (asked === undefined || world.topics.view.nameOf(asked.topicId) === undefined) continue;
    const topics = [{ topicId: asked.topicId, partitionIndexes: asked.partitions }];
    let least = 0;
    const answer = await world.call(world.connect(groupId), {
      arrived: () => {
        least = ledger.leastOrder(groupId, partition);
      },
      request: offsetFetchRequest,
      version: 10,
      body: { groups: [{ groupId, memberId: null, memberEpoch: -1, topics }], requireStable: true },
    });
    const found = answer.groups[0]?.topics[0]?.partitions[0];
    // A connection may have been to a broker that leads nothing.
    if (answer.groups[0]?.errorCode === Errors.NOT_COORDINATOR) continue;
    if (found?.errorCode !== Errors.NONE) throw new Error(`${key} cannot be fetched: ${JSON.stringify(answer.groups)}`);
    ledger.fetched(groupId, partition, { said: found.metadata ?? "", least });
  }
}

/** A coordinator that loads what is stored answers as the one that is there. Nothing can be asked of that one afterwards by its members. */
export async function expectTwin(world: GroupsWorld, members: readonly LastSeen[]): Promise<void> {
  const { process } = world;
  if (process === undefined) throw new Error("there is a process at the end");
  // All are heard on connections that stay.
  for (const { groupId, memberId, instanceId, epoch: memberEpoch } of members)
    await answerOf(process, groupId, {
      request: consumerGroupHeartbeatRequest,
      version: 1,
      body: { groupId, memberId, instanceId, memberEpoch },
    });
  const twin = new BrokerProcess(world.diskCopy(), { ...world.processOptions, failure: "crash", isSlow: false }, Number.POSITIVE_INFINITY);
  for (let index = 0; index < PARTITIONS; index++) twin.elect(index, 0);
  for (let turns = 0; turns < 50 && !isLoaded(twin); turns++) await world.options.scheduler.sleep(1);
  // Time passes slowly: nothing else happens that a disk could wait behind.
  world.supervise(tick(world, () => twin.isDead));
  for (const groupId of world.options.groupIds) {
    const ask = async <Q extends Shape, R extends Shape>(request: GroupRequest<Q, R>, version: number, body: Encodable<Q>) => {
      const [one, other] = await Promise.all([process, twin].map((each) => answerOf(each, groupId, { request, version, body })));
      if (one !== other) throw new Error(`${JSON.stringify(body)} is answered ${one}; after loading ${other}`);
    };
    await ask(consumerGroupDescribeRequest, 1, { groupIds: [groupId], includeAuthorizedOperations: false });
    for (const member of members.filter((each) => each.groupId === groupId)) await askOf(member, ask);
    // What is computed beside the heartbeats is done at another time there.
    if (members.some(({ owned }) => owned.length > 500)) continue;
    const comer = { groupId, memberId: "comer", memberEpoch: 0, rebalanceTimeoutMs: 1000, topicPartitions: [] };
    await ask(consumerGroupHeartbeatRequest, 1, { ...comer, subscribedTopicNames: ["a-1", "b-1"] });
    for (const member of members.filter((each) => each.groupId === groupId)) await askOf(member, ask);
    await ask(consumerGroupHeartbeatRequest, 1, { groupId, memberId: "comer", memberEpoch: -1 });
    await ask(consumerGroupDescribeRequest, 1, { groupIds: [groupId], includeAuthorizedOperations: false });
  }
  twin.die();
}

type Ask = <Q extends Shape, R extends Shape>(request: GroupRequest<Q, R>, version: number, body: Encodable<Q>) => Promise<void>;

async function askOf({ groupId, memberId, instanceId, epoch, owned }: LastSeen, ask: Ask): Promise<void> {
  const said = { groupId, memberId, instanceId };
  for (const memberEpoch of [epoch, epoch - 1, epoch + 1]) {
    if (memberEpoch <= 0) continue;
    await ask(consumerGroupHeartbeatRequest, 1, { ...said, memberEpoch });
    const partitions = toTopicPartitions(owned.slice(0, 3));
    const topics = partitions.map(({ topicId, partitions: indexes }) => ({
      topicId,
      partitions: indexes.map((partitionIndex) => ({ partitionIndex, committedOffset: 7, committedMetadata: "twin" })),
    }));
    await ask(offsetCommitRequest, 10, { groupId, memberId, generationIdOrMemberEpoch: memberEpoch, groupInstanceId: instanceId, topics });
    await ask(offsetFetchRequest, 10, { groups: [{ groupId, memberId, memberEpoch, topics: null }], requireStable: false });
  }
  await ask(consumerGroupHeartbeatRequest, 1, { ...said, memberEpoch: epoch, topicPartitions: toTopicPartitions(owned) });
  await ask(consumerGroupHeartbeatRequest, 1, { ...said, memberId: "somebody", memberEpoch: epoch });
}

async function tick(world: GroupsWorld, isOver: () => boolean): Promise<void> {
  while (!isOver()) await world.options.scheduler.sleep(1);
}

function isLoaded(process: BrokerProcess): boolean {
  return process.leaders.every((leader, index) => process.coordinators[leader ?? 0]?.parts.runtime.shard(index)?.state !== undefined);
}

async function answerOf<Q extends Shape, R extends Shape>(
  process: BrokerProcess,
  groupId: string,
  {
    request: { api, handle },
    version,
    body,
  }: { readonly request: GroupRequest<Q, R>; readonly version: number; readonly body: Encodable<Q> },
): Promise<string> {
  const coordinator = process.coordinators[process.leaders[partitionFor(groupId, PARTITIONS)] ?? 0];
  if (coordinator === undefined) throw new Error("somebody leads at the end");
  const context = {
    apiVersion: version,
    clientId: "client",
    clientHost: "/127.0.0.1",
    connection: new TestConnection(),
    access: EVERYTHING,
  };
  const answer = throughWire(api.response, version, await handle(coordinator.parts, throughWire(api.request, version, body), context));
  return inOrder(answer);
}

/** Lists in one order, whichever they come in. How soon a member is to be heard of depends on when the group changed, which is not stored. */
function inOrder(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inOrder).sort().join()}]`;
  if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([name]) => name !== "heartbeatIntervalMs");
  return `{${fields.map(([name, field]) => `${name}:${inOrder(field)}`).join()}}`;
}
