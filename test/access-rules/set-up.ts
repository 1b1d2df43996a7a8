// Makes, through the protocol and as a super user, what the requests of the matrix are about: the same way on every broker. What is made is
// there for others when these promises resolve, however long the broker takes to tell itself.

import { setTimeout as delay } from "node:timers/promises";
import {
  addPartitionsToTxn,
  consumerGroupHeartbeat,
  createAcls,
  createDelegationToken,
  createTopics,
  deleteAcls,
  describeAcls,
  findCoordinator,
  incrementalAlterConfigs,
  initProducerId,
  listOffsets,
  metadata,
  offsetCommit,
  produce,
  streamsGroupHeartbeat,
} from "../../protocol/messages/index.ts";
import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import type { RawClient } from "../support/raw-client.ts";
import { oneRecord } from "./probes-data.ts";
import { joinsStreams } from "./probes-streams.ts";
import type { Rule } from "./rules.ts";
import { existing, type Kind, type Scene } from "./scene.ts";
import { LONGEST_SESSION_MS } from "./situations.ts";

const DEADLINE_MS = 20_000;
const LONGEST_TRANSACTION_MS = 900_000;
const ANY = 1;
const SETTINGS_OF_A_GROUP = 32;
const SET = 0;
const MEMBER = "a-member";
const OF_GROUPS = 0;
const OF_TRANSACTIONS = 1;
const EVERY_RULE = {
  resourceTypeFilter: ANY,
  resourceNameFilter: null,
  patternTypeFilter: ANY,
  principalFilter: null,
  hostFilter: null,
  operation: ANY,
  permissionType: ANY,
};

export class SetUp {
  readonly #admin: RawClient;
  /** How long a broker may take until all of it knows what one part of it says. */
  readonly #settleMs: number;

  constructor(admin: RawClient, settleMs: number) {
    this.#admin = admin;
    this.#settleMs = settleMs;
  }

  async scenes(scenes: readonly Scene[], what: readonly Kind[]): Promise<void> {
    if (scenes.length === 0) return;
    if (what.includes("topics")) await this.#topics(scenes);
    if (what.includes("groups")) await this.#groups(scenes);
    if (what.includes("consumers")) await this.#consumers(scenes);
    if (what.includes("streams")) await this.#streams(scenes);
    if (what.includes("transactions")) await this.#transactions(scenes);
  }

  /** The internal topics are made when somebody looks for their coordinators first. */
  async coordinators(): Promise<void> {
    for (const keyType of [OF_GROUPS, OF_TRANSACTIONS]) {
      await this.#until("there is a coordinator", async () => {
        const { coordinators } = await this.#ask(findCoordinator, 4, { keyType, coordinatorKeys: ["any"] });
        return coordinators.every(({ errorCode }) => errorCode === 0);
      });
    }
  }

  /** A record in each of its topics, a transaction under way that has both, and a delegation token. */
  async furnish(scene: Scene): Promise<void> {
    const topicData = existing(scene.topics).map((name) => ({ name, partitionData: [{ index: 0, records: oneRecord() }] }));
    await this.#ask(produce, 11, { acks: -1, timeoutMs: 5000, topicData });
    const { producerId, producerEpoch } = scene.producer(scene.transactions.ruled);
    await this.#ask(addPartitionsToTxn, 3, {
      v3AndBelowTransactionalId: scene.transactions.ruled,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: existing(scene.topics).map((name) => ({ name, partitions: [0] })),
    });
    const token = await this.#ask(createDelegationToken, 3, { renewers: [], maxLifetimeMs: -1 });
    scene.hmac = token.hmac;
  }

  async makeRules(rules: readonly Rule[]): Promise<void> {
    if (rules.length === 0) return;
    const { results } = await this.#ask(createAcls, 3, { creations: rules });
    const refused = results.find(({ errorCode }) => errorCode !== 0);
    if (refused !== undefined) throw new Error(`a rule was refused: ${refused.errorCode} ${refused.errorMessage}`);
    const wanted = new Set(rules.map((rule) => JSON.stringify(Object.entries(rule).sort()))).size;
    await this.#until("the rules are there", async () => (await this.#ruleCount()) === wanted);
  }

  /** All of them, also those that a request made. */
  async dropRules(): Promise<void> {
    if ((await this.#ruleCount()) === 0) return;
    await this.#ask(deleteAcls, 3, { filters: [EVERY_RULE] });
    await this.#until("the rules are gone", async () => (await this.#ruleCount()) === 0);
  }

  async #ruleCount(): Promise<number> {
    const { resources } = await this.#ask(describeAcls, 3, EVERY_RULE);
    return resources.reduce((count, { acls }) => count + acls.length, 0);
  }

  async #topics(scenes: readonly Scene[]): Promise<void> {
    const names = scenes.flatMap(({ topics }) => existing(topics));
    const topics = names.map((name) => ({ name, numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }));
    await this.#ask(createTopics, 7, { topics, timeoutMs: DEADLINE_MS });
    const ids = new Map<string, string>();
    await this.#until("the topics are known", async () => {
      const answer = await this.#ask(metadata, 12, { topics: names.map((name) => ({ name })), allowAutoTopicCreation: false });
      for (const topic of answer.topics) ids.set(topic.name ?? "", topic.topicId);
      return answer.topics.every(
        ({ errorCode, partitions }) => errorCode === 0 && partitions.every((partition) => partition.errorCode === 0),
      );
    });
    await this.#until("the topics are led", async () => {
      const asked = names.map((name) => ({ name, partitions: [{ partitionIndex: 0, timestamp: -1 }] }));
      const answer = await this.#ask(listOffsets, 7, { replicaId: -1, topics: asked });
      return answer.topics.every(({ partitions }) => partitions.every(({ errorCode }) => errorCode === 0));
    });
    for (const scene of scenes) for (const name of existing(scene.topics)) scene.topicIds.set(name, ids.get(name) ?? "");
  }

  /** Each with an offset of the same topic. */
  async #groups(scenes: readonly Scene[]): Promise<void> {
    for (const { groups, topics } of scenes) {
      const committed = existing(topics).map((name) => ({
        name,
        partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: "" }],
      }));
      for (const groupId of existing(groups)) {
        await this.#until(`${groupId} has an offset`, async () => {
          const answer = await this.#ask(offsetCommit, 9, { groupId, topics: committed });
          return answer.topics.every(({ partitions }) => partitions.every(({ errorCode }) => errorCode === 0));
        });
      }
    }
  }

  /** One member each, which has what it subscribed to: the topic that rules are about, and in the group without rules both. */
  async #consumers(scenes: readonly Scene[]): Promise<void> {
    const configs = [{ name: "consumer.session.timeout.ms", configOperation: SET, value: `${LONGEST_SESSION_MS}` }];
    const groupIds = scenes.flatMap(({ consumers }) => existing(consumers));
    const resources = groupIds.map((resourceName) => ({ resourceType: SETTINGS_OF_A_GROUP, resourceName, configs }));
    await this.#ask(incrementalAlterConfigs, 1, { resources, validateOnly: false });
    for (const { consumers, topics } of scenes) {
      for (const groupId of existing(consumers)) {
        const subscribedTopicNames = groupId === consumers.ruled ? [topics.ruled] : existing(topics);
        const joins = { groupId, memberId: MEMBER, memberEpoch: 0, rebalanceTimeoutMs: 60_000, subscribedTopicNames, topicPartitions: [] };
        await this.#until(`${groupId} has a member`, async () => {
          const { errorCode, assignment } = await this.#ask(consumerGroupHeartbeat, 1, joins);
          return errorCode === 0 && assignment?.topicPartitions.length === subscribedTopicNames.length;
        });
      }
    }
  }

  /** One member each, which reads the topic that rules are about, and in the group without rules both. */
  async #streams(scenes: readonly Scene[]): Promise<void> {
    const configs = [{ name: "streams.session.timeout.ms", configOperation: SET, value: `${LONGEST_SESSION_MS}` }];
    const groupIds = scenes.flatMap(({ streams }) => existing(streams));
    const resources = groupIds.map((resourceName) => ({ resourceType: SETTINGS_OF_A_GROUP, resourceName, configs }));
    await this.#ask(incrementalAlterConfigs, 1, { resources, validateOnly: false });
    for (const { streams, topics } of scenes) {
      for (const groupId of existing(streams)) {
        const sources = groupId === streams.ruled ? [topics.ruled] : existing(topics);
        await this.#until(`${groupId} has a member`, async () => {
          const { errorCode, activeTasks } = await this.#ask(streamsGroupHeartbeat, 0, joinsStreams(groupId, sources, MEMBER));
          return errorCode === 0 && activeTasks?.length === 1;
        });
      }
    }
  }

  async #transactions(scenes: readonly Scene[]): Promise<void> {
    for (const scene of scenes) {
      for (const transactionalId of existing(scene.transactions)) {
        await this.#until(`${transactionalId} is known`, async () => {
          const { errorCode, producerId, producerEpoch } = await this.#ask(initProducerId, 4, {
            transactionalId,
            transactionTimeoutMs: LONGEST_TRANSACTION_MS,
          });
          scene.producers.set(transactionalId, { producerId, producerEpoch });
          return errorCode === 0;
        });
      }
    }
  }

  async #ask<Q extends Shape, R extends Shape>(api: Api<Q, R>, version: number, body: Encodable<Q>): Promise<Decoded<R>> {
    const answer = await this.#admin.call(api, version, body);
    if (answer === undefined) throw new Error(`the broker closed the super user's connection at ${api.name}`);
    return answer;
  }

  async #until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const endMs = Date.now() + DEADLINE_MS;
    while (!(await isSo())) {
      if (Date.now() > endMs) throw new Error(`not within ${DEADLINE_MS} ms: ${what}`);
      await delay(5);
    }
    if (this.#settleMs > 0) await delay(this.#settleMs);
  }
}
