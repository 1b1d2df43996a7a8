// What members of groups of the consumer protocol (KIP-848) get to know and to read by access rules: of an expression only topics that they
// may describe. What is refused to whom is in access-rules.test.ts; that Kafka assigns the same was seen of Apache Kafka 4.3.1.

import { setTimeout as delay } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { consumerGroupDescribe, consumerGroupHeartbeat } from "../../protocol/messages/index.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { logIn } from "../access-rules/login.ts";
import { allow, DESCRIBE, GROUP, PREFIXED, READ, type Rule, TOPIC } from "../access-rules/rules.ts";
import { SetUp } from "../access-rules/set-up.ts";
import type { RawClient } from "../support/raw-client.ts";

const ADMIN = "admin";
const ALICE = "alice";

let broker: RunningBroker;
let admin: RawClient;
let setUp: SetUp;

beforeAll(async () => {
  broker = await startBroker({
    users: { [ADMIN]: ADMIN, [ALICE]: ALICE },
    topics: ["orders", "orders-eu", "secret-orders"],
    settings: {
      "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      "super.users": `User:${ADMIN}`,
      "group.consumer.assignment.interval.ms": 0,
    },
  });
  admin = await logIn(broker.port, ADMIN);
  setUp = new SetUp(admin, 0);
  await setUp.coordinators();
});
afterEach(() => setUp.dropRules());
afterAll(async () => {
  admin.close();
  await broker.stop();
});

type Said = Partial<EncodableMessage<typeof consumerGroupHeartbeat.request>>;

const rule = (resourceType: number, resourceName: string, operation: number, more: Partial<Rule> = {}) =>
  allow({ resourceType, resourceName, operation }, `User:${ALICE}`, more);
const RULES = [
  rule(GROUP, "g", READ, { resourcePatternType: PREFIXED }),
  rule(TOPIC, "orders", DESCRIBE, { resourcePatternType: PREFIXED }),
];

class Alice {
  readonly #client: RawClient;
  readonly #groupId: string;
  #epoch = 0;
  /** Names of topics that she was told to read. */
  topics: readonly string[] = [];

  private constructor(client: RawClient, groupId: string) {
    this.#client = client;
    this.#groupId = groupId;
  }

  static async in(groupId: string): Promise<Alice> {
    const client = await logIn(broker.port, ALICE);
    onTestFinished(() => client.close());
    return new Alice(client, groupId);
  }

  async beat(more: Said = {}): Promise<DecodedMessage<typeof consumerGroupHeartbeat.response>> {
    const answer = await this.#client.call(consumerGroupHeartbeat, 1, {
      groupId: this.#groupId,
      memberId: ALICE,
      memberEpoch: this.#epoch,
      ...more,
    });
    if (answer === undefined) throw new Error("the connection was closed");
    this.#epoch = answer.memberEpoch;
    const nameOf = (id: string) => broker.topics.list().find((name) => broker.topics.get(name)?.id === id) ?? "an unknown topic";
    if (answer.assignment !== null) this.topics = answer.assignment.topicPartitions.map(({ topicId }) => nameOf(topicId)).sort();
    return answer;
  }

  join(subscribedTopicNames: readonly string[], subscribedTopicRegex: string | null = null) {
    return this.beat({
      rebalanceTimeoutMs: 60_000,
      subscribedTopicNames: [...subscribedTopicNames],
      subscribedTopicRegex,
      topicPartitions: [],
    });
  }
}

async function described(client: RawClient, groupId: string) {
  const answer = await client.call(consumerGroupDescribe, 1, { groupIds: [groupId], includeAuthorizedOperations: false });
  const group = answer?.groups[0];
  return [group?.errorCode, group?.errorMessage, group?.members.length];
}

test("whoever names one topic that she may not describe does not join, not even for the others, and is told no name", async () => {
  await setUp.makeRules(RULES);
  const alice = await Alice.in("g-names");
  const answer = await alice.join(["orders", "secret-orders"]);
  expect([answer.errorCode, answer.errorMessage, answer.assignment]).toEqual([Errors.TOPIC_AUTHORIZATION_FAILED, null, null]);
  const unknown = await alice.join(["orders", "no-such-topic"]);
  expect([unknown.errorCode, unknown.errorMessage]).toEqual([Errors.TOPIC_AUTHORIZATION_FAILED, null]);
  expect((await described(admin, "g-names"))[0]).toBe(Errors.GROUP_ID_NOT_FOUND);
  expect((await alice.join(["orders"], "orders.*")).errorCode).toBe(Errors.NONE);
});

test("an expression stands for topics that she may describe, and for no internal ones", async () => {
  await setUp.makeRules(RULES);
  const alice = await Alice.in("g-all");
  expect((await alice.join([], ".*")).errorCode).toBe(Errors.NONE);
  expect(alice.topics).toEqual(["orders", "orders-eu"]);
  const hopeful = await Alice.in("g-secrets");
  expect((await hopeful.join([], "secret.*")).errorCode).toBe(Errors.NONE);
  expect(hopeful.topics).toEqual([]);
  expect((await (await Alice.in("g-both")).join(["secret-orders"], "orders.*")).errorCode).toBe(Errors.TOPIC_AUTHORIZATION_FAILED);
});

test("of topics that come, too, only those are added", async () => {
  await setUp.makeRules(RULES);
  const alice = await Alice.in("g-later");
  await alice.join([], ".*orders.*");
  await broker.topics.create("secret-orders-2", "orders-us");
  for (let round = 0; round < 200 && !alice.topics.includes("orders-us"); round++) {
    await delay(25);
    await alice.beat();
  }
  expect(alice.topics).toEqual(["orders", "orders-eu", "orders-us"]);
});

test("a group is described as a whole or not at all, by who may describe all topics that its members have", async () => {
  await setUp.makeRules([...RULES, rule(GROUP, "shared", READ)]);
  const client = await logIn(broker.port, ALICE);
  onTestFinished(() => client.close());
  await (await Alice.in("shared")).join(["orders"]);
  expect(await described(client, "shared")).toEqual([Errors.NONE, null, 1]);
  const subscribedTopicNames = ["secret-orders"];
  const joins = { memberId: "other", memberEpoch: 0, rebalanceTimeoutMs: 60_000, subscribedTopicNames, topicPartitions: [] };
  expect((await admin.call(consumerGroupHeartbeat, 1, { groupId: "shared", ...joins }))?.errorCode).toBe(Errors.NONE);
  const message = "The group has described topic(s) that the client is not authorized to describe.";
  expect(await described(client, "shared")).toEqual([Errors.TOPIC_AUTHORIZATION_FAILED, message, 0]);
  expect(await described(admin, "shared")).toEqual([Errors.NONE, null, 2]);
});
