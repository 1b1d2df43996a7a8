// `odradek groups` against a broker in this process: what it says of a group and its members, and what it takes away from them.

import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { joinGroup } from "../../protocol/messages/11-join-group.ts";
import { ExitCode } from "../../src/cli/command-error.ts";
import { type ConsumeArguments, consumeLines } from "../../src/cli/consume.ts";
import { runToolCommand } from "../../src/cli/tool-program.ts";
import { Brokers } from "../../src/client/brokers.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { QUICK_GROUPS } from "../support/quick-groups.ts";
import { FakeTerminal } from "./fake-terminal.ts";

let broker: RunningBroker;
beforeAll(async () => {
  broker = await startBroker({
    host: "127.0.0.1",
    settings: QUICK_GROUPS,
    topics: [{ name: "orders", partitions: 2 }, "bills"],
  });
});
afterAll(() => broker.stop());

const until = (condition: () => unknown) => vi.waitFor(condition, { timeout: 20_000, interval: 20 });

function groups(...args: readonly string[]) {
  return run(["groups", ...args]);
}

async function run(command: readonly string[]) {
  const terminal = new FakeTerminal();
  const argv = [...command, "--bootstrap-server", broker.bootstrapServers];
  const exitCode = await runToolCommand(argv, { terminal, stopping: new Promise(() => undefined) });
  return { exitCode, out: terminal.output, err: terminal.errors };
}

async function rows(...args: readonly string[]): Promise<{ [column: string]: unknown }[]> {
  return JSON.parse((await groups(...args, "--json")).out);
}

/** Gives what ends it. */
function consume(topic: string, given: Partial<ConsumeArguments>): () => Promise<ExitCode> {
  const stopping = Promise.withResolvers<void>();
  const all = { bootstrapServer: broker.bootstrapServers, fromBeginning: true, ...given };
  const ended = consumeLines(topic, all, new FakeTerminal(), stopping.promise);
  return () => {
    stopping.resolve();
    return ended;
  };
}

/** Of the group of the same name, that hears at once of what is new; gives what ends it. */
function classicMember(topic: string): () => Promise<number> {
  const stopping = Promise.withResolvers<void>();
  const options = ["--topic", topic, "--group", topic, "--command-property", "heartbeat.interval.ms=30"];
  const argv = ["kafka-console-consumer", "--bootstrap-server", broker.bootstrapServers, ...options];
  const ended = runToolCommand(argv, { terminal: new FakeTerminal(), stopping: stopping.promise });
  return () => {
    stopping.resolve();
    return ended;
  };
}

test("a group is described by its offsets, its members or its state", async () => {
  const stop = consume("orders", { group: "classic", groupInstanceId: "one" });
  await until(async () => expect(await rows("describe", "classic", "--members")).toMatchObject([{ assigned: ["orders-0", "orders-1"] }]));
  const [member] = await rows("describe", "classic", "--members");
  expect(member).toEqual({
    member: expect.stringMatching(/^one-/),
    instance: "one",
    client: "odradek-cli",
    host: "/127.0.0.1",
    assigned: ["orders-0", "orders-1"],
  });
  expect(await rows("describe", "classic", "--state")).toEqual([
    { group: "classic", type: "classic", state: "Stable", members: 1, assignor: "range", epoch: null, targetEpoch: null, coordinator: 1 },
  ]);
  const unread = { offset: null, end: 0, lag: null, member: member?.["member"], host: "/127.0.0.1" };
  expect(await rows("describe", "classic")).toEqual([
    { topic: "orders", partition: 0, ...unread },
    { topic: "orders", partition: 1, ...unread },
  ]);
  expect((await groups("describe", "classic")).out).toMatch(/^classic: classic, Stable, 1 member, assignor range\ntopic +partition/);
  expect((await groups("delete", "classic")).exitCode).toBe(ExitCode.FAILURE);
  await stop();
  expect(await rows("describe", "classic")).toMatchObject([{ offset: 0, lag: 0 }, { offset: 0 }]);
});

test("members are removed by name, or all of them", async () => {
  const stops = [consume("bills", { group: "leaving" }), consume("bills", { group: "leaving", groupInstanceId: "static" })];
  const ids = async () => (await rows("describe", "leaving", "--members")).map(({ member }) => `${member}`);
  await until(async () => expect(await ids()).toHaveLength(2));
  const before = await ids();
  expect(await groups("remove", "leaving")).toMatchObject({ exitCode: ExitCode.USAGE, err: expect.stringContaining("--all") });
  expect(await groups("remove", "leaving", "nobody")).toMatchObject({ err: "odradek: leaving has no member nobody.\n" });
  expect(await groups("remove", "leaving", "static")).toMatchObject({ exitCode: ExitCode.OK, out: "Removed static.\n" });
  expect((await groups("remove", "leaving", "--all")).exitCode).toBe(ExitCode.OK);
  for (const stop of stops) await stop();
  expect((await ids()).filter((id) => before.includes(id))).toEqual([]);
});

test("a consumer group is described with epochs, what it shall read, and the protocol of each member", async () => {
  await broker.topics.create({ name: "mixed", partitions: 2 });
  const stops: (() => Promise<number>)[] = [consume("mixed", { group: "mixed", protocol: "consumer" })];
  await until(async () => expect(await rows("describe", "mixed", "--members")).toHaveLength(1));
  stops.push(classicMember("mixed"));
  await until(async () => {
    const members = await rows("describe", "mixed", "--members");
    expect(members.map(({ protocol, assigned, target }) => [protocol, assigned, target]).sort()).toEqual([
      ["classic", ["mixed-1"], ["mixed-1"]],
      ["consumer", ["mixed-0"], ["mixed-0"]],
    ]);
  });
  const [{ epoch } = {}] = await rows("describe", "mixed", "--state");
  expect(epoch).toBeGreaterThan(1);
  expect(await rows("describe", "mixed", "--state")).toMatchObject([
    { type: "consumer", state: "Stable", members: 2, assignor: "uniform", targetEpoch: epoch },
  ]);
  expect((await rows("describe", "mixed", "--members")).map((member) => [member["epoch"], member["topics"]])).toEqual([
    [epoch, ["mixed"]],
    [epoch, ["mixed"]],
  ]);
  expect((await groups("describe", "mixed")).out).toContain(`mixed: consumer, Stable, 2 members, epoch ${epoch}, assignor uniform\n`);
  const { out } = await run(["kafka-consumer-groups", "--describe", "--group", "mixed", "--members", "--verbose"]);
  expect(
    out
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/\s+/).at(-1))
      .sort(),
  ).toEqual(["UPGRADED", "false", "true"]);
  for (const stop of stops) await stop();
});

test("a group of something else than consumers is not described as one of theirs", async () => {
  const brokers = new Brokers(broker.bootstrapServers);
  const coordinator = await brokers.coordinatorOf("workers");
  const protocols = [{ name: "eager", metadata: Buffer.from("x") }];
  const order = { groupId: "workers", sessionTimeoutMs: 10_000, memberId: "", protocolType: "connect", protocols };
  expect((await coordinator.send(joinGroup, 3, { ...order, rebalanceTimeoutMs: 10_000 })).errorCode).toBe(Errors.NONE);
  const sentence = "java.lang.IllegalArgumentException: GroupId workers is not a consumer group (connect).";
  const { out } = await run(["kafka-consumer-groups", "--describe", "--group", "workers", "--members"]);
  expect(out).toBe(`\nError: Executing consumer group command failed due to ${sentence}\n`);
  expect((await run(["kafka-consumer-groups", "--list"])).out).not.toContain("workers");
  expect((await groups("describe", "workers")).out).toMatch(/^workers: classic of connect, /);
  await brokers.close();
});

test("a share group is described by where it starts, its members or its state, and set to start elsewhere", async () => {
  await broker.produce("bills", [{ value: "one" }, { value: "two" }]);
  const stopping = Promise.withResolvers<void>();
  const argv = ["kafka-console-share-consumer", "--bootstrap-server", broker.bootstrapServers, "--topic", "bills", "--group", "sharing"];
  const ended = runToolCommand(argv, { terminal: new FakeTerminal(), stopping: stopping.promise });
  await until(async () =>
    expect(await rows("describe", "sharing", "--members")).toMatchObject([{ assigned: ["bills-0"], topics: ["bills"] }]),
  );
  expect(await rows("describe", "sharing", "--state")).toMatchObject([{ group: "sharing", type: "share", state: "Stable", members: 1 }]);
  expect((await groups("describe", "sharing")).out).toMatch(/^sharing: share, Stable, 1 member, epoch \d+\ntopic +partition +start +lag\n/);
  expect((await groups("reset", "sharing", "--topic", "bills", "--to", "earliest")).err).toContain("sharing has members (Stable)");
  stopping.resolve();
  await ended;
  await until(async () => expect(await rows("describe", "sharing", "--state")).toMatchObject([{ state: "Empty" }]));
  expect((await groups("reset", "sharing", "--topic", "bills", "--to", "earliest")).exitCode).toBe(ExitCode.OK);
  expect(await rows("describe", "sharing")).toEqual([{ topic: "bills", partition: 0, start: 0, lag: 2 }]);
  const { out } = await run(["kafka-share-groups", "--describe", "--group", "sharing"]);
  expect(out).toBe(
    "\nGROUP           TOPIC           PARTITION  START-OFFSET  LAG\nsharing         bills           0          0             2\n",
  );
  expect((await groups("delete", "sharing")).out).toBe("Deleted sharing.\n");
  expect((await rows("list")).map(({ group }) => group)).not.toContain("sharing");
});
