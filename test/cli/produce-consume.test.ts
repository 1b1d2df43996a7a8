// `odradek produce` and `odradek consume` against a broker in this process.

import { afterAll, beforeAll, expect, test } from "vitest";
import { ExitCode } from "../../src/cli/command-error.ts";
import { type ConsumeArguments, consumeLines } from "../../src/cli/consume.ts";
import { type ProduceArguments, produceLines } from "../../src/cli/produce.ts";
import { ClientError } from "../../src/client/client-error.ts";
import { brokerConfig } from "../../src/config/broker-config.ts";
import { openNode, type RunningNode } from "../../src/node.ts";
import { FakeTerminal } from "./fake-terminal.ts";

let node: RunningNode;
let bootstrapServer: string;
beforeAll(async () => {
  const topics = [
    { name: "one", partitions: 1 },
    { name: "three", partitions: 3 },
  ];
  node = await openNode({ config: brokerConfig(), host: "localhost", port: 0, data: "memory", topics });
  bootstrapServer = node.broker.bootstrapServers;
});
afterAll(() => node.stop());

const never = new Promise<void>(() => undefined);

async function produce(topic: string, stdin: string, given: Partial<ProduceArguments> = {}): Promise<ExitCode> {
  return produceLines(topic, { bootstrapServer, ...given }, new FakeTerminal({ stdin }));
}

/** Where it is given how many records come, it ends with them: the time is for what hangs. */
async function consume(topic: string, given: Partial<ConsumeArguments>): Promise<string[]> {
  const terminal = new FakeTerminal();
  const timeout = given.maxMessages === undefined ? "300" : "30000";
  await consumeLines(topic, { bootstrapServer, timeout, ...given }, terminal, never);
  return terminal.output.split("\n").slice(0, -1);
}

test("each line is a record, and comes out as it went in", async () => {
  expect(await produce("one", "a\nb c\n\nd")).toBe(ExitCode.OK);
  expect(await consume("one", { fromBeginning: true, maxMessages: "4" })).toEqual(["a", "b c", "", "d"]);
});

test("a topic is made by the first produce, and missed by a consume", async () => {
  await expect(consume("new", {})).rejects.toThrow('There is no topic new; "odradek produce new" makes it.');
  await produce("new", "a");
  expect(await consume("new", { fromBeginning: true, maxMessages: "1" })).toEqual(["a"]);
});

test("keys keep their records together in order, and are printed on request", async () => {
  await produce("three", "a:1\nb:2\na:3\nb:4", { key: true });
  const lines = await consume("three", { fromBeginning: true, maxMessages: "4", key: "=" });
  expect(lines.filter((line) => line.startsWith("a"))).toEqual(["a=1", "a=3"]);
  expect(lines.filter((line) => line.startsWith("b"))).toEqual(["b=2", "b=4"]);
});

test("JSON goes in and out with key and headers", async () => {
  await produce("json", '{"key":"k","value":{"a":1},"headers":{"h":"x"}}\n{"key":"k","value":null}', { json: true });
  const lines = await consume("json", { fromBeginning: true, maxMessages: "2", json: true });
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { topic: "json", partition: 0, offset: 0, key: "k", value: '{"a":1}', headers: { h: "x" } },
    { offset: 1, key: "k", value: null, headers: {} },
  ]);
});

test("a group goes on where it stopped", async () => {
  await produce("grouped", "1\n2\n3");
  expect(await consume("grouped", { fromBeginning: true, group: "g", maxMessages: "2" })).toEqual(["1", "2"]);
  expect(await consume("grouped", { fromBeginning: true, group: "g", maxMessages: "1" })).toEqual(["3"]);
  expect(await consume("grouped", { fromBeginning: true, group: "g" })).toEqual([]);
});

test("a regular expression reads all topics of such names, alone and in a group", async () => {
  await produce("fruit-1", "apple");
  await produce("fruit-2", "pear");
  await produce("fruitless", "stone");
  const given = { regex: true, fromBeginning: true, maxMessages: "2" } as const;
  expect((await consume("fruit-\\d", given)).sort()).toEqual(["apple", "pear"]);
  expect((await consume("fruit-\\d", { ...given, group: "fruits" })).sort()).toEqual(["apple", "pear"]);
});

test("records that come while a consume waits are printed at once", async () => {
  const waiting = consume("one", { maxMessages: "1", timeout: "10000" });
  const sent: Promise<unknown>[] = [];
  const sending = setInterval(() => sent.push(produce("one", "late")), 100);
  expect(await waiting).toEqual(["late"]);
  clearInterval(sending);
  await Promise.all(sent);
});

test("a consume that is told to stop ends while it waits", async () => {
  const terminal = new FakeTerminal();
  await expect(consumeLines("one", { bootstrapServer }, terminal, Promise.resolve())).resolves.toBe(ExitCode.OK);
});

test("what cannot be done is said in one sentence", async () => {
  await expect(consume("one", { partition: "7" })).rejects.toThrow("The topic one has no partition 7.");
  await expect(consume("one(", { regex: true })).rejects.toThrow("one( is not a regular expression: missing closing ).");
  await expect(consume("nothing.*", { regex: true })).rejects.toThrow("No topic's name matches nothing.*.");
  await expect(consume("one", { regex: true, partition: "0" })).rejects.toThrow("--partition is about one topic");
  await expect(consume("one", { group: "g", protocol: "both" })).rejects.toThrow("--protocol both: classic or consumer is needed");
  await expect(consume("one", { protocol: "consumer" })).rejects.toThrow("--protocol is about a member of a group; name it with --group.");
  await expect(consume("one", { groupInstanceId: "i" })).rejects.toThrow("--group-instance-id is about a member of a group");
  await expect(produce("one", "no key", { key: true })).rejects.toThrow('A line has no key, which must end with ":": no key');
  await expect(consume("one", { bootstrapServer: "nowhere" })).rejects.toThrow("host:port");
  const refused = consume("one", { bootstrapServer: "localhost:1" });
  await expect(refused).rejects.toBeInstanceOf(ClientError);
  await expect(refused).rejects.toThrow('Nothing listens on localhost:1; start a broker with "odradek start"');
});
