// Quotas, credentials, access rules, features and the quorum. Codes and messages are those of Apache Kafka 4.3.1.

import { describe, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import {
  addRaftVoter,
  alterClientQuotas,
  alterUserScramCredentials,
  apiVersions,
  createAcls,
  createDelegationToken,
  createTopics,
  deleteAcls,
  describeAcls,
  describeClientQuotas,
  describeQuorum,
  describeUserScramCredentials,
  removeRaftVoter,
  unregisterBroker,
  updateFeatures,
} from "../../protocol/messages/index.ts";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import { askingBroker } from "../support/asking-broker.ts";
import { RawClient } from "../support/raw-client.ts";

const started = askingBroker();

test("quotas of an entity are set, found by a filter, and removed", async () => {
  const entity = [{ entityType: "user", entityName: "u1" }];
  const alter = async (ops: { key: string; value: number; remove: boolean }[]) => {
    const answer = await started().ask(alterClientQuotas, { entries: [{ entity, ops }], validateOnly: false });
    return answer.entries[0]?.errorMessage ?? answer.entries[0]?.errorCode;
  };
  const found = async (strict = false) => {
    const components = [{ entityType: "user", matchType: 0, match: "u1" }];
    return (await started().ask(describeClientQuotas, { components, strict })).entries?.flatMap(({ values }) => values);
  };
  expect(await alter([{ key: "producer_byte_rate", value: 1000, remove: false }])).toBe(Errors.NONE);
  expect(await found(true)).toEqual([{ key: "producer_byte_rate", value: 1000 }]);
  expect(await alter([{ key: "producer_byte_rate", value: 0.5, remove: false }])).toBe("producer_byte_rate cannot be a fractional value.");
  expect(await alter([{ key: "producer_byte_rate", value: 0, remove: true }])).toBe(Errors.NONE);
  expect(await found()).toEqual([]);
});

test("quotas are listed as Kafka's hash maps order them: entities, what they are made of, and values", async () => {
  const text = (entity: readonly { entityType: string; entityName: string | null }[]) =>
    entity.map(({ entityType, entityName }) => `${entityType}=${entityName}`).join();
  const set = async (names: Readonly<Record<string, string | null>>, keys: readonly string[]) => {
    const entity = Object.entries(names).map(([entityType, entityName]) => ({ entityType, entityName }));
    const ops = keys.map((key, index) => ({ key, value: index + 1, remove: false }));
    return text((await started().ask(alterClientQuotas, { entries: [{ entity, ops }], validateOnly: false })).entries[0]?.entity ?? []);
  };
  const four = ["request_percentage", "producer_byte_rate", "consumer_byte_rate", "controller_mutation_rate"];
  expect(await set({ user: "u1", "client-id": "c1" }, four)).toBe("client-id=c1,user=u1");
  await set({ "client-id": "c1", user: "u2" }, ["consumer_byte_rate", "controller_mutation_rate", "producer_byte_rate"]);
  await set({ ip: "1.2.3.4" }, ["connection_creation_rate"]);
  await set({ "client-id": "b" }, ["producer_byte_rate"]);
  await set({ "client-id": "a" }, ["producer_byte_rate", "consumer_byte_rate"]);
  await set({ user: "zz" }, ["producer_byte_rate"]);
  await set({ user: "aa" }, ["request_percentage", "consumer_byte_rate"]);
  await set({ user: null }, ["producer_byte_rate"]);
  await set({ user: null, "client-id": null }, ["producer_byte_rate"]);
  await set({ "client-id": null }, ["producer_byte_rate"]);
  await set({ ip: null }, ["connection_creation_rate"]);
  await set({ user: "u1", "client-id": null }, ["producer_byte_rate"]);
  await set({ user: null, "client-id": "c1" }, ["producer_byte_rate"]);
  const { entries } = await started().ask(describeClientQuotas, { components: [], strict: false });
  expect(entries?.map(({ entity, values }) => `${text(entity)} ${values.map(({ key }) => key).join()}`)).toEqual([
    "ip=1.2.3.4 connection_creation_rate",
    "client-id=c1,user=null producer_byte_rate",
    "ip=null connection_creation_rate",
    "client-id=null,user=u1 producer_byte_rate",
    "client-id=c1,user=u2 consumer_byte_rate,controller_mutation_rate,producer_byte_rate",
    "client-id=c1,user=u1 producer_byte_rate,consumer_byte_rate,controller_mutation_rate,request_percentage",
    "client-id=a consumer_byte_rate,producer_byte_rate",
    "user=zz producer_byte_rate",
    "user=aa consumer_byte_rate,request_percentage",
    "user=null producer_byte_rate",
    "client-id=null producer_byte_rate",
    "client-id=b producer_byte_rate",
    "client-id=null,user=null producer_byte_rate",
  ]);
});

describe("SCRAM credentials", () => {
  const salted = { salt: Buffer.from("salt"), saltedPassword: Buffer.alloc(32, 1) };
  const upsert = async (names: string[], mechanism = 1, iterations = 4096) => {
    const upsertions = names.map((name) => ({ name, mechanism, iterations, ...salted }));
    return (await started().ask(alterUserScramCredentials, { deletions: [], upsertions })).results.map(({ errorCode }) => errorCode);
  };

  test("are described without their secrets, and deleted once", async () => {
    expect(await upsert(["alice"])).toEqual([Errors.NONE]);
    expect(await upsert(["alice"], 2, 8192)).toEqual([Errors.NONE]);
    const described = await started().ask(describeUserScramCredentials, { users: [{ name: "alice" }, { name: "zed" }] });
    expect(described.results.map(({ user, errorCode, credentialInfos }) => [user, errorCode, credentialInfos])).toEqual([
      [
        "alice",
        Errors.NONE,
        [
          { mechanism: 1, iterations: 4096 },
          { mechanism: 2, iterations: 8192 },
        ],
      ],
      ["zed", Errors.RESOURCE_NOT_FOUND, []],
    ]);
    const remove = async () =>
      (await started().ask(alterUserScramCredentials, { deletions: [{ name: "alice", mechanism: 2 }], upsertions: [] })).results[0]
        ?.errorCode;
    expect([await remove(), await remove()]).toEqual([Errors.NONE, Errors.RESOURCE_NOT_FOUND]);
  });

  test("of one user twice are refused for what is wrong with the first, or else because there is a second", async () => {
    const up = (name: string, iterations: number, mechanism = 1) => ({ name, mechanism, iterations, ...salted });
    await upsert(["there"]);
    const deletions = [
      { name: "absent", mechanism: 1 },
      { name: "there", mechanism: 1 },
      { name: "half", mechanism: 2 },
      { name: "there", mechanism: 2 },
    ];
    const upsertions = [up("absent", 4096), up("few", 1), up("few", 4096, 2), up("enough", 4096), up("enough", 1), up("odd", 4096, 9)];
    const { results } = await started().ask(alterUserScramCredentials, { deletions, upsertions: [...upsertions, up("odd", 4096)] });
    expect(Object.fromEntries(results.map(({ user, errorCode }) => [user, errorCode]))).toEqual({
      absent: Errors.RESOURCE_NOT_FOUND,
      there: Errors.DUPLICATE_RESOURCE,
      half: Errors.RESOURCE_NOT_FOUND,
      few: Errors.UNACCEPTABLE_CREDENTIAL,
      enough: Errors.DUPLICATE_RESOURCE,
      odd: Errors.UNSUPPORTED_SASL_MECHANISM,
    });
  });

  test("are refused with few iterations, unknown mechanisms, and for one user twice", async () => {
    expect(await upsert(["bob"], 1, 100)).toEqual([Errors.UNACCEPTABLE_CREDENTIAL]);
    expect(await upsert(["bob"], 3)).toEqual([Errors.UNSUPPORTED_SASL_MECHANISM]);
    expect(await upsert([""])).toEqual([Errors.UNACCEPTABLE_CREDENTIAL]);
    expect(await upsert(["bob", "bob"])).toEqual([Errors.DUPLICATE_RESOURCE]);
  });
});

const ANY = {
  resourceTypeFilter: 1,
  resourceNameFilter: null,
  patternTypeFilter: 1,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1,
};
const RULE = {
  resourceType: 2,
  resourceName: "t",
  resourcePatternType: 3,
  principal: "User:a",
  host: "*",
  operation: 3,
  permissionType: 3,
};

test("without an authorizer nobody makes or sees access rules", async () => {
  expect((await started().ask(describeAcls, ANY)).errorCode).toBe(Errors.SECURITY_DISABLED);
  expect((await started().ask(createAcls, { creations: [RULE] })).results[0]?.errorCode).toBe(Errors.SECURITY_DISABLED);
  expect((await started().ask(deleteAcls, { filters: [ANY] })).filterResults[0]?.errorCode).toBe(Errors.SECURITY_DISABLED);
});

describe("with an authorizer", () => {
  const guarded = askingBroker({
    settings: { "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer", "super.users": "User:ANONYMOUS" },
  });

  test("access rules are made, matched and deleted", async () => {
    const creations = [
      RULE,
      { ...RULE, resourceName: "te", resourcePatternType: 4, principal: "User:b" },
      { ...RULE, resourceName: "" },
      { ...RULE, principal: "c" },
    ];
    const made = await guarded().ask(createAcls, { creations });
    expect(made.results.map(({ errorCode }) => errorCode)).toEqual([
      Errors.NONE,
      Errors.NONE,
      Errors.INVALID_REQUEST,
      Errors.INVALID_REQUEST,
    ]);
    const MATCH = 2;
    const found = await guarded().ask(describeAcls, {
      ...ANY,
      resourceTypeFilter: 2,
      resourceNameFilter: "test",
      patternTypeFilter: MATCH,
    });
    expect(found.resources.flatMap(({ acls }) => acls.map(({ principal }) => principal))).toEqual(["User:b"]);
    const deleted = await guarded().ask(deleteAcls, { filters: [ANY] });
    expect(deleted.filterResults[0]?.matchingAcls.map(({ principal }) => principal)).toEqual(["User:a", "User:b"]);
    expect((await guarded().ask(describeAcls, ANY)).resources).toEqual([]);
  });

  test("a code that no client may send ends the connection", async () => {
    const client = await RawClient.connect(guarded().broker.port);
    expect(await client.call(createAcls, 3, { creations: [{ ...RULE, operation: 0 }] })).toBeUndefined();
  });
});

describe("features", () => {
  const update = async (feature: string, maxVersionLevel: number, upgradeType = 1, validateOnly = false) => {
    const answer = await started().ask(updateFeatures, {
      timeoutMs: 1000,
      featureUpdates: [{ feature, maxVersionLevel, upgradeType }],
      validateOnly,
    });
    return (
      answer.errorMessage?.replace(/^The update failed for all features since the following feature had an error: /, "") ?? answer.errorCode
    );
  };
  const levels = async () => {
    const answer = await started().ask(apiVersions, { clientSoftwareName: "test", clientSoftwareVersion: "1" });
    return {
      epoch: answer.finalizedFeaturesEpoch,
      ...Object.fromEntries(answer.finalizedFeatures.map(({ name, maxVersionLevel }) => [name, maxVersionLevel])),
    };
  };

  test("follow what is finalized, with a rising epoch", async () => {
    const before = await levels();
    expect(before).toMatchObject({ "metadata.version": 30, "transaction.version": 2 });
    expect(await update("transaction.version", 1, 2, true)).toBe(Errors.NONE);
    expect(await levels()).toEqual(before);
    expect(await update("transaction.version", 1, 2)).toBe(Errors.NONE);
    expect(await levels()).toEqual({ ...before, "transaction.version": 1, epoch: before.epoch + 1 });
    expect(await update("transaction.version", 2)).toBe(Errors.NONE);
  });

  test("are refused when unknown, out of range, or lowered without saying so", async () => {
    expect(await update("foo", 1)).toBe("Invalid update version 1 for feature foo. Local controller 1 does not support this feature.");
    expect(await update("metadata.version", 99)).toBe(
      "Invalid update version 99 for feature metadata.version. Local controller 1 only supports versions 7-30",
    );
    expect(await update("transaction.version", 0)).toMatch(/Can't downgrade the version of this feature without setting the upgrade type/);
    expect(await update("metadata.version", 29, 2)).toMatch(/^Unsupported metadata.version downgrade from 30 to 29/);
  });
});

describe("the quorum", () => {
  test.each([0, 1, 2])("is this broker alone (version %i)", async (version) => {
    const topics = [{ topicName: "__cluster_metadata", partitions: [{ partitionIndex: 0 }] }];
    const answer = await started().ask(describeQuorum, { topics }, version);
    expect(answer.topics[0]?.partitions[0]).toMatchObject({ errorCode: Errors.NONE, leaderId: 1, observers: [] });
    expect(answer.topics[0]?.partitions[0]?.currentVoters.map(({ replicaId }) => replicaId)).toEqual([1]);
    const { port } = started().broker;
    expect(answer.nodes).toMatchObject(version < 2 ? [] : [{ nodeId: 1, listeners: [{ name: "CONTROLLER", port }] }]);
  });

  test("is that of the metadata only", async () => {
    const answer = await started().ask(describeQuorum, { topics: [{ topicName: "other", partitions: [{ partitionIndex: 0 }] }] });
    expect(answer.topics[0]?.partitions[0]?.errorCode).toBe(Errors.UNKNOWN_TOPIC_OR_PARTITION);
  });

  test("takes and gives up no voters", async () => {
    const voter = { clusterId: null, voterId: 9, voterDirectoryId: ZERO_UUID };
    expect((await started().ask(addRaftVoter, { ...voter, timeoutMs: 1000, listeners: [] })).errorCode).toBe(Errors.UNSUPPORTED_VERSION);
    expect((await started().ask(removeRaftVoter, voter)).errorCode).toBe(Errors.UNSUPPORTED_VERSION);
    expect((await started().ask(removeRaftVoter, { ...voter, clusterId: "other" })).errorCode).toBe(Errors.INCONSISTENT_CLUSTER_ID);
  });
});

test("a broker that is not there is not unregistered", async () => {
  const answer = await started().ask(unregisterBroker, { brokerId: 7 });
  expect([answer.errorCode, answer.errorMessage]).toEqual([Errors.BROKER_ID_NOT_REGISTERED, "Broker ID 7 is not currently registered"]);
});

test("who did not authenticate gets no delegation token", async () => {
  const answer = await started().ask(createDelegationToken, { renewers: [], maxLifetimeMs: -1 });
  expect(answer).toMatchObject({ errorCode: Errors.DELEGATION_TOKEN_REQUEST_NOT_ALLOWED, principalName: "ANONYMOUS" });
});

test("the topic of Kafka's own metadata is not made", async () => {
  const topic = { name: "__cluster_metadata", numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] };
  const answer = await started().ask(createTopics, { topics: [topic], timeoutMs: 1000, validateOnly: true });
  expect(answer.topics[0]?.errorMessage).toBe("Creation of internal topic __cluster_metadata is prohibited.");
});
