// Things of a broker that have a value: settings, committed offsets, rules, quotas, credentials, tokens, states of share groups. How each is
// set, and how it is read again, so that all are checked alike. Names are "kind topic rest"; a topic that has none is "-".

import { Errors } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import type { FaultyBroker } from "./faulty-broker.ts";
import type { Register } from "./knowledge.ts";
import type { Life } from "./life.ts";

const TOPIC_CONFIG = 2;
const SHA_256 = 1;
const ANY = 1;
const ALLOW = 3;
const TOPIC = 2;
const LITERAL = 3;
const READ = 3;
const MATCH_EXACT = 0;

export function isAllowed({ acknowledged, later }: Register, value: string): boolean {
  return value === acknowledged || later.includes(value);
}

export async function read(broker: FaultyBroker, name: string): Promise<string> {
  const [kind = "", topic = "", rest = ""] = name.split(" ");
  const reading = READERS[kind];
  if (reading === undefined) throw new Error(`nobody can read ${name}`);
  return reading(broker, topic, rest);
}

type Reading = (broker: FaultyBroker, topic: string, rest: string) => string | Promise<string>;

const READERS: Readonly<Record<string, Reading>> = {
  config: async (broker, topic, rest) => {
    const resource = { resourceType: TOPIC_CONFIG, resourceName: topic, configurationKeys: [rest] };
    const answer = await broker.ask(messages.describeConfigs, 2, { resources: [resource], includeSynonyms: false });
    return answer.results[0]?.configs.find((config) => config.name === rest)?.value ?? "";
  },
  offset: async (broker, topic, groupId) => {
    await broker.ask(messages.findCoordinator, 3, { key: groupId, keyType: 0 });
    for (let tries = 0; ; tries++) {
      const answer = await broker.ask(messages.offsetFetch, 5, { groupId, topics: [{ name: topic, partitionIndexes: [0] }] });
      if (answer.errorCode === 0) return String(answer.topics?.[0]?.partitions[0]?.committedOffset ?? -1);
      if (tries === 40) throw new Error(`the offsets of ${groupId} give error ${answer.errorCode}`);
      await broker.pass(500);
    }
  },
  acl: async (broker, _, principal) => {
    const filter = { resourceNameFilter: null, patternTypeFilter: ANY, hostFilter: null, operation: ANY, permissionType: ANY };
    const request = { ...filter, resourceTypeFilter: ANY, principalFilter: `User:${principal}` };
    const answer = await broker.ask(messages.describeAcls, 2, request);
    return answer.resources.length === 0 ? "" : (answer.resources[0]?.resourceName ?? "");
  },
  quota: async (broker, _, user) => {
    const components = [{ entityType: "user", matchType: MATCH_EXACT, match: user }];
    const answer = await broker.ask(messages.describeClientQuotas, 1, { components, strict: false });
    return String(answer.entries?.[0]?.values[0]?.value ?? "");
  },
  scram: async (broker, _, user) => {
    const answer = await broker.ask(messages.describeUserScramCredentials, 0, { users: [{ name: user }] });
    return String(answer.results[0]?.credentialInfos[0]?.iterations ?? "");
  },
  token: (broker, _, id) => String(broker.node.cluster.image.delegationTokens.get(id)?.expiryMs ?? ""),
  share: async (broker, topic, groupId) => {
    const topicId = broker.node.cluster.image.topicsByName.get(topic)?.id;
    if (topicId === undefined) return "";
    await broker.ask(messages.findCoordinator, 6, { keyType: 2, coordinatorKeys: [`${groupId}:${topicId}:0`] });
    for (let tries = 0; ; tries++) {
      const topics = [{ topicId, partitions: [{ partition: 0, leaderEpoch: -1 }] }];
      const found = (await broker.ask(messages.readShareGroupState, 0, { groupId, topics })).results[0]?.partitions[0];
      if (found?.errorCode === 0) return found.stateEpoch === -1 ? "" : `${found.startOffset}`;
      // Its beginning was asked for, and never answered.
      if (found?.errorCode === Errors.INVALID_REQUEST) return "";
      if (tries === 40) throw new Error(`the state of ${groupId} gives error ${found?.errorCode}`);
      await broker.pass(500);
    }
  },
};

export function setAcl(life: Life, principal: string, resourceName: string): Promise<void> {
  const creation = { resourceType: TOPIC, resourceName, resourcePatternType: LITERAL, host: "*", operation: READ, permissionType: ALLOW };
  return life.set(`acl - ${principal}`, resourceName, "", async () => {
    const answer = await life.broker.ask(messages.createAcls, 2, { creations: [{ ...creation, principal: `User:${principal}` }] });
    return answer.results[0]?.errorCode ?? -1;
  });
}

export function setQuota(life: Life, user: string, value: number): Promise<void> {
  const entity = [{ entityType: "user", entityName: user }];
  return life.set(`quota - ${user}`, String(value), "", async () => {
    const entries = [{ entity, ops: [{ key: "producer_byte_rate", value, remove: false }] }];
    return (await life.broker.ask(messages.alterClientQuotas, 1, { entries, validateOnly: false })).entries[0]?.errorCode ?? -1;
  });
}

export function setScram(life: Life, user: string, iterations: number): Promise<void> {
  const upsertion = { name: user, mechanism: SHA_256, iterations, salt: Buffer.from("salt"), saltedPassword: Buffer.from("password") };
  return life.set(`scram - ${user}`, String(iterations), "", async () => {
    const answer = await life.broker.ask(messages.alterUserScramCredentials, 0, { deletions: [], upsertions: [upsertion] });
    return answer.results[0]?.errorCode ?? -1;
  });
}

/** Tokens are for clients that logged in; what they become is a change of the cluster. */
export function setToken(life: Life, id: string, expiryMs: number): Promise<void> {
  const principal = { type: "User", name: "alice" };
  const token = { id, owner: principal, requester: principal, renewers: [], issuedMs: 0, expiryMs, maxMs: expiryMs };
  return life.set(`token - ${id}`, String(expiryMs), "", async () => {
    const transaction = life.broker.node.cluster.transact(() => ({ changes: [{ type: "delegationToken", ...token }], result: 0 }));
    return life.broker.settled(transaction.catch(() => -1));
  });
}

export function setShareStart(life: Life, groupId: string, topic: string, startOffset: number): Promise<void> {
  const topicId = life.broker.node.cluster.image.topicsByName.get(topic)?.id ?? "";
  return life.set(`share ${topic} ${groupId}`, String(startOffset), "", async () => {
    await life.broker.ask(messages.findCoordinator, 6, { keyType: 2, coordinatorKeys: [`${groupId}:${topicId}:0`] });
    if (startOffset === 0) {
      const topics = [{ topicId, partitions: [{ partition: 0, stateEpoch: 1, startOffset }] }];
      const answer = await life.broker.ask(messages.initializeShareGroupState, 0, { groupId, topics });
      return answer.results[0]?.partitions[0]?.errorCode ?? -1;
    }
    const partition = { partition: 0, stateEpoch: 1, leaderEpoch: 0, startOffset, stateBatches: [] };
    const answer = await life.broker.ask(messages.writeShareGroupState, 0, { groupId, topics: [{ topicId, partitions: [partition] }] });
    return answer.results[0]?.partitions[0]?.errorCode ?? -1;
  });
}
