// What one request may do, however it is made: as much as in Apache Kafka 4.3.1, whose codes and messages these are.

import { describe, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import {
  createPartitions,
  createTopics,
  describeConfigs,
  findCoordinator,
  incrementalAlterConfigs,
  initProducerId,
  listTransactions,
  metadata,
} from "../../protocol/messages/index.ts";
import { askingBroker, CLIENT_METRICS, GROUP } from "../support/asking-broker.ts";

const started = askingBroker();

describe("a request that changes more than 10 000 things is refused as a whole", () => {
  const topic = (name: string, numPartitions: number) => ({ name, numPartitions, replicationFactor: 1, assignments: [], configs: [] });
  const create = async (...topics: ReturnType<typeof topic>[]) => {
    const answer = await started().ask(createTopics, { topics, timeoutMs: 1000, validateOnly: false });
    return answer.topics.map(({ errorCode, errorMessage }) => [errorCode, errorMessage]);
  };
  const tooManyPartitions = [Errors.POLICY_VIOLATION, "Excessively large number of partitions per request."];
  const tooMany = [Errors.POLICY_VIOLATION, "Unable to perform excessively large batch operation."];

  test("CreateTopics counts partitions and topics", async () => {
    expect(await create(topic("a", 10_001))).toEqual([tooManyPartitions]);
    expect(await create(topic("a", 5000), topic("b", 5001))).toEqual([tooManyPartitions, tooManyPartitions]);
    expect(await create(topic("a", 10_000))).toEqual([tooMany]);
    const known = await started().ask(metadata, { topics: null });
    expect(known.topics).toEqual([]);
  });

  test("CreatePartitions counts partitions", async () => {
    await started().createTopic("grows");
    const answer = await started().ask(createPartitions, {
      topics: [{ name: "grows", count: 10_002, assignments: null }],
      timeoutMs: 1000,
      validateOnly: false,
    });
    expect(answer.results.map(({ errorCode, errorMessage }) => [errorCode, errorMessage])).toEqual([tooMany]);
  });

  test("IncrementalAlterConfigs counts resources", async () => {
    const resources = Array.from({ length: 10_001 }, (_, index) => ({
      resourceType: GROUP,
      resourceName: `g${index}`,
      configs: [{ name: "consumer.session.timeout.ms", configOperation: 0, value: "46000" }],
    }));
    const answer = await started().ask(incrementalAlterConfigs, { resources, validateOnly: false });
    expect(new Set(answer.responses.map(({ errorCode }) => errorCode))).toEqual(new Set([Errors.POLICY_VIOLATION]));
    expect(await started().setting(GROUP, "g0", "consumer.session.timeout.ms")).toBe("45000 from 5");
  });
});

describe("a pattern of transactional ids", () => {
  const list = async (pattern: string) => {
    const filters = { stateFilters: [], producerIdFilters: [], durationFilter: -1, transactionalIdPattern: pattern };
    const { errorCode, transactionStates } = await started().ask(listTransactions, filters);
    return errorCode === Errors.NONE ? transactionStates.map(({ transactionalId }) => transactionalId).sort() : errorCode;
  };
  const long = `${"a".repeat(40)}!`;

  test("is one of RE2, which no text makes slow", async () => {
    await started().ask(findCoordinator, { keyType: 1, coordinatorKeys: ["x"] });
    for (const transactionalId of [long, "x.y", "Ünï"]) {
      const producer = { transactionalId, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 };
      expect((await started().ask(initProducerId, producer)).errorCode).toBe(Errors.NONE);
    }
    expect(await list("(a+)+$")).toEqual([]);
    expect(await list("a*!")).toEqual([long]);
    expect(await list("a+")).toEqual([]);
    expect(await list("\\p{Lu}.*")).toEqual(["Ünï"]);
    expect(await list("\\Qx.y\\E")).toEqual(["x.y"]);
    expect(await list("(?i)X\\.Y")).toEqual(["x.y"]);
    expect(await list("x\\.y|aaaa")).toEqual(["x.y"]);
    expect(await list("[[:alpha:]]+!")).toEqual([long]);
  });

  test.each(["(", "[", "a{1001}", "(?=a)a", "(a)\\1", "a++", "*", "\\R", "\\p{IsLatin}.*"])("is refused when it is %s", async (pattern) => {
    expect(await list(pattern)).toBe(Errors.INVALID_REGULAR_EXPRESSION);
  });

  test.each(["(a{1000}){1000}", "((((a{30}){30}){30}){30}){30}", "(a?){1000}(b?){1000}", "x".repeat(9000)])(
    "is refused when it stands for too much: %.40s",
    async (pattern) => {
      expect(await list(pattern)).toBe(Errors.INVALID_REGULAR_EXPRESSION);
    },
  );
});

test("a pattern of clients whose metrics are wanted is one of RE2", async () => {
  const set = async (match: string) => {
    const configs = [{ name: "match", configOperation: 0, value: match }];
    const resources = [{ resourceType: CLIENT_METRICS, resourceName: "wanted", configs }];
    return (await started().ask(incrementalAlterConfigs, { resources, validateOnly: false })).responses[0];
  };
  expect(await set("client_id=orders-.*")).toMatchObject({ errorCode: Errors.NONE });
  expect(await set("client_id=(a+)+$")).toMatchObject({ errorCode: Errors.NONE });
  for (const pattern of ["(", "(?=a)a", "(a)\\1", "(a{1000}){1000}"]) {
    expect(await set(`client_id=${pattern}`)).toEqual({
      errorCode: Errors.INVALID_CONFIG,
      errorMessage: `Illegal client matching pattern: client_id=${pattern}`,
      resourceType: CLIENT_METRICS,
      resourceName: "wanted",
    });
  }
});

test("what is asked for again and again is told as often", async () => {
  const resource = { resourceType: 4, resourceName: "1", configurationKeys: null };
  const other = { resourceType: 4, resourceName: "1", configurationKeys: ["log.dirs"] };
  const answer = await started().ask(describeConfigs, {
    resources: [resource, other, resource],
    includeSynonyms: true,
    includeDocumentation: true,
  });
  expect(answer.results[2]).toEqual(answer.results[0]);
  expect(answer.results[1]?.configs.map(({ name }) => name)).toEqual(["log.dirs"]);
});
