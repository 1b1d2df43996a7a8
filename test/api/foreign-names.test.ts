// Names that clients choose and that every JavaScript object answers to, or does not take for a key: they are names like any other.

import { describe, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import {
  alterClientQuotas,
  alterConfigs,
  createTopics,
  deleteTopics,
  describeClientQuotas,
  findCoordinator,
  incrementalAlterConfigs,
  metadata,
  offsetCommit,
  offsetFetch,
  updateFeatures,
} from "../../protocol/messages/index.ts";
import { parseProperties } from "../../src/config/properties-file.ts";
import { askingBroker, BROKER, BROKER_LOGGER, CLIENT_METRICS, GROUP, TOPIC } from "../support/asking-broker.ts";

const NAMES = ["constructor", "__proto__", "hasOwnProperty", "toString", "valueOf"];
const started = askingBroker();

describe.each(NAMES)("%s", (name) => {
  const incrementally = async (resourceType: number, resourceName: string, configOperation = 0) => {
    const configs = [{ name, configOperation, value: "1" }];
    const answer = await started().ask(incrementalAlterConfigs, {
      resources: [{ resourceType, resourceName, configs }],
      validateOnly: false,
    });
    return [answer.responses[0]?.errorCode, answer.responses[0]?.errorMessage];
  };
  const wholly = async (resourceType: number, resourceName: string) => {
    const resources = [{ resourceType, resourceName, configs: [{ name, value: "1" }] }];
    const answer = await started().ask(alterConfigs, { resources, validateOnly: false });
    return [answer.responses[0]?.errorCode, answer.responses[0]?.errorMessage];
  };

  test("is a topic", async () => {
    await started().createTopic(name);
    expect(await started().append(name, 0, 1)).toMatchObject({ errorCode: Errors.NONE, baseOffset: 0 });
    const known = await started().ask(metadata, { topics: [{ name }], allowAutoTopicCreation: false }, 9);
    expect(known.topics).toMatchObject([{ errorCode: Errors.NONE, name }]);
    const deleted = await started().ask(deleteTopics, { topicNames: [name], timeoutMs: 1000 }, 5);
    expect(deleted.responses).toMatchObject([{ name, errorCode: Errors.NONE }]);
  });

  test("is a setting that nothing but a broker takes", async () => {
    await started().createTopic(`with-${name}`);
    const unknownToTopics = [Errors.INVALID_CONFIG, `Unknown topic config name: ${name}`];
    const topic = { name: "t", numPartitions: 1, replicationFactor: 1, assignments: [], configs: [{ name, value: "1" }] };
    const created = await started().ask(createTopics, { topics: [topic], timeoutMs: 1000, validateOnly: false });
    expect([created.topics[0]?.errorCode, created.topics[0]?.errorMessage]).toEqual(unknownToTopics);
    expect(await incrementally(TOPIC, `with-${name}`)).toEqual(unknownToTopics);
    expect(await wholly(TOPIC, `with-${name}`)).toEqual(unknownToTopics);
    const unknownToGroups = [Errors.INVALID_CONFIG, `Unknown group config name: ${name}`];
    expect(await incrementally(GROUP, name)).toEqual(unknownToGroups);
    expect(await wholly(GROUP, name)).toEqual(unknownToGroups);
    const unknownToSubscriptions = [Errors.INVALID_REQUEST, `Unknown client metrics configuration: ${name}`];
    expect(await incrementally(CLIENT_METRICS, name)).toEqual(unknownToSubscriptions);
    expect(await wholly(CLIENT_METRICS, name)).toEqual(unknownToSubscriptions);
    expect(await incrementally(BROKER_LOGGER, "1")).toEqual([Errors.INVALID_CONFIG, `Logger ${name} does not exist!`]);
    for (const resource of [TOPIC, BROKER]) {
      const resourceName = resource === TOPIC ? `with-${name}` : "1";
      const message = `Can't APPEND to key ${name} because its type is not LIST.`;
      expect(await incrementally(resource, resourceName, 2)).toEqual([Errors.INVALID_CONFIG, message]);
    }
  });

  test("is kept for a plug-in by a broker, as any name that it does not know", async () => {
    expect(await incrementally(BROKER, "1")).toEqual([Errors.NONE, null]);
    expect(await started().setting(BROKER, "1", name)).toBe("null from 2");
    expect(await incrementally(BROKER, "1", 1)).toEqual([Errors.NONE, null]);
    expect(await started().setting(BROKER, "1", name)).toBe("absent");
    expect(await wholly(BROKER, "")).toEqual([Errors.INVALID_CONFIG, expect.stringContaining("min.insync.replicas")]);
  });

  test("is a group", async () => {
    await started().createTopic(`read-by-${name}`);
    const partitions = [{ partitionIndex: 0, committedOffset: 7, committedMetadata: name }];
    const commit = { groupId: name, topics: [{ name: `read-by-${name}`, partitions }] };
    await started().ask(findCoordinator, { keyType: 0, coordinatorKeys: [name] });
    const committed = await started().ask(offsetCommit, { generationIdOrMemberEpoch: -1, memberId: "", ...commit }, 8);
    expect(committed.topics[0]?.partitions[0]?.errorCode).toBe(Errors.NONE);
    const fetched = await started().ask(offsetFetch, { groups: [{ groupId: name, topics: null }], requireStable: true }, 8);
    expect(fetched.groups[0]?.topics[0]?.partitions[0]).toMatchObject({ committedOffset: 7, metadata: name });
  });

  test("is a user with a quota, but no quota", async () => {
    const entity = [{ entityType: "user", entityName: name }];
    const set = async (key: string, remove = false) => {
      const answer = await started().ask(alterClientQuotas, {
        entries: [{ entity, ops: [{ key, value: 5, remove }] }],
        validateOnly: false,
      });
      return [answer.entries[0]?.errorCode, answer.entries[0]?.errorMessage];
    };
    expect(await set("producer_byte_rate")).toEqual([Errors.NONE, null]);
    expect(await set(name)).toEqual([Errors.INVALID_REQUEST, `Invalid configuration key ${name}`]);
    const components = [{ entityType: "user", matchType: 0, match: name }];
    const found = await started().ask(describeClientQuotas, { components, strict: true });
    expect(found.entries?.map(({ values }) => values)).toEqual([[{ key: "producer_byte_rate", value: 5 }]]);
  });

  test("is no feature", async () => {
    const answer = await started().ask(updateFeatures, {
      timeoutMs: 1000,
      featureUpdates: [{ feature: name, maxVersionLevel: 1, upgradeType: 1 }],
      validateOnly: false,
    });
    expect(answer.errorCode).toBe(Errors.INVALID_UPDATE_VERSION);
  });

  test("is a key of a settings file", () => {
    expect(parseProperties(`${name}=1\n`)).toEqual([{ key: name, value: "1", lineNumber: 1 }]);
  });
});
