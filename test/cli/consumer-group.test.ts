// The commands that consume as members of a group, against brokers in this process: they share partitions, give them up, store how far they
// came, and live through what happens to brokers and topics.

import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { leaveGroup } from "../../protocol/messages/13-leave-group.ts";
import { runToolCommand } from "../../src/cli/tool-program.ts";
import { Brokers } from "../../src/client/brokers.ts";
import { type RunningBroker, startBroker, startCluster } from "../../src/index.ts";
import { FakeTerminal } from "./fake-terminal.ts";

let broker: RunningBroker;
beforeAll(async () => {
  broker = await startBroker({ host: "127.0.0.1", settings: { "offsets.topic.num.partitions": 1 } });
});
afterAll(() => broker.stop());

interface Running {
  readonly terminal: FakeTerminal;
  /** Asks it to stop; gives its exit code. */
  stop(): Promise<number>;
  readonly ended: Promise<number>;
}

function begin(line: string, stdin = "", servers = broker.bootstrapServers): Running {
  const [tool = "", ...args] = line.split(" ");
  const terminal = new FakeTerminal({ stdin });
  const stopping = Promise.withResolvers<void>();
  const argv = [`kafka-${tool}`, "--bootstrap-server", servers, ...args];
  const ended = runToolCommand(argv, { terminal, stopping: stopping.promise });
  return {
    terminal,
    ended,
    stop: () => {
      stopping.resolve();
      return ended;
    },
  };
}

async function kafka(line: string, stdin = ""): Promise<string> {
  const { ended, terminal } = begin(line, stdin);
  await ended;
  return terminal.output;
}

/** The members of a group with their numbers of partitions. */
async function members(group: string): Promise<number[]> {
  const lines = (await kafka(`consumer-groups --describe --group ${group} --members`)).split("\n").slice(2);
  return lines.filter((line) => line.trim() !== "").map((line) => Number(line.trim().split(/\s+/).at(-1)));
}

/** By partition. */
async function committed(group: string): Promise<string[]> {
  const lines = (await kafka(`consumer-groups --describe --group ${group} --offsets`)).split("\n").slice(2);
  return lines.filter((line) => line.trim() !== "").map((line) => line.trim().split(/\s+/).slice(2, 4).join(":"));
}

const keyed = "--reader-property parse.key=true --reader-property key.separator=:";
const until = (condition: () => unknown) => vi.waitFor(condition, { timeout: 20_000, interval: 20 });
const fast = "--command-property heartbeat.interval.ms=20";

test("a second member takes half of the partitions, and gives them back when it goes", async () => {
  await kafka("topics --create --topic shared --partitions 4");
  const first = begin(`console-consumer --topic shared --group s ${fast}`);
  await until(async () => expect(await members("s")).toEqual([4]));
  const second = begin(`console-consumer --topic shared --group s ${fast}`);
  await until(async () => expect(await members("s")).toEqual([2, 2]));
  const lines = Array.from({ length: 40 }, (_, index) => `k${index}:v${index}`);
  await kafka(`console-producer --topic shared ${keyed}`, `${lines.join("\n")}\n`);
  const printed = () => [first, second].flatMap(({ terminal }) => terminal.output.split("\n").slice(0, -1));
  await until(() => expect(printed().sort()).toEqual(lines.map((line) => line.split(":")[1]).sort()));
  expect(first.terminal.output).not.toBe("");
  expect(second.terminal.output).not.toBe("");
  expect(await second.stop()).toBe(0);
  await until(async () => expect(await members("s")).toEqual([4]));
  expect(await first.stop()).toBe(0);
  expect(await members("s")).toEqual([]);
  const ends = (await kafka("get-offsets --topic shared")).trim().split("\n");
  expect(await committed("s")).toEqual(ends.map((line) => line.replace("shared:", "")));
});

test("what is stored is how far was printed, not what was fetched", async () => {
  await kafka("topics --create --topic counted");
  await kafka("console-producer --topic counted", "a\nb\nc\nd\n");
  expect(await kafka("console-consumer --topic counted --group c --from-beginning --max-messages 3")).toBe("a\nb\nc\n");
  expect(await committed("c")).toEqual(["0:3"]);
  expect(await kafka("console-consumer --topic counted --group c --from-beginning --max-messages 1")).toBe("d\n");
  // With the epoch of the leader that wrote the last of it.
  expect(await kafka("consumer-groups --describe --group c --verbose")).toMatch(/\nc +counted +0 +0 +4 +4 +0 /);
});

test("positions are stored from time to time, and without any record", async () => {
  await kafka("topics --create --topic timed --partitions 2");
  await kafka(`console-producer --topic timed ${keyed}`, "a:1\n");
  const consumer = begin("console-consumer --topic timed --group t --command-property auto.commit.interval.ms=10");
  await until(async () =>
    expect((await committed("t")).sort()).toEqual(
      (await kafka("get-offsets --topic timed"))
        .trim()
        .split("\n")
        .map((line) => line.replace("timed:", ""))
        .sort(),
    ),
  );
  await consumer.stop();
});

test("without a group there is one of its own while it runs, in which nothing is stored", async () => {
  await kafka("topics --create --topic alone");
  await kafka("console-producer --topic alone", "a\n");
  const consumer = begin("console-consumer --topic alone --from-beginning");
  await until(() => expect(consumer.terminal.output).toBe("a\n"));
  const group = (await kafka("consumer-groups --list")).split("\n").find((id) => /^console-consumer-\d+$/.test(id)) ?? "";
  expect(await members(group)).toEqual([1]);
  await consumer.stop();
  expect(await committed(group)).toEqual([]);
});

test.each([
  ["auto.offset.reset=earliest", 0, "a\nb\n"],
  ["auto.offset.reset=by_duration:PT1H", 0, "a\nb\n"],
  ["auto.offset.reset=latest", 0, ""],
  ["auto.offset.reset=none", 0, ""],
  ["auto.offset.reset=sometimes", 1, ""],
  ["session.timeout.ms=1", 1, ""],
  ["group.protocol=consumer", 0, ""],
  ["group.protocol=both", 1, ""],
  ["partition.assignment.strategy=org.apache.kafka.clients.consumer.RoundRobinAssignor", 0, ""],
])("with %s a new group begins where it should", async (setting, exitCode, out) => {
  const topic = `reset-${setting.replaceAll(/[^a-z]/g, "")}`;
  await kafka(`topics --create --topic ${topic}`);
  await kafka(`console-producer --topic ${topic}`, "a\nb\n");
  const consumer = begin(`console-consumer --topic ${topic} --group ${topic} --timeout-ms 400 --command-property ${setting}`);
  expect([await consumer.ended, consumer.terminal.output]).toEqual([exitCode, out]);
});

test("a topic that comes later, or grows, is read as well", async () => {
  const consumer = begin("console-consumer --include later.* --group l --command-property metadata.max.age.ms=50 --from-beginning");
  await kafka("topics --create --topic later1");
  await kafka("console-producer --topic later1", "one\n");
  await until(() => expect(consumer.terminal.output).toBe("one\n"));
  await kafka("topics --alter --topic later1 --partitions 3");
  await until(async () => expect(await members("l")).toEqual([3]));
  await kafka("topics --create --topic later2");
  await kafka("console-producer --topic later2", "two\n");
  await until(() => expect(consumer.terminal.output).toBe("one\ntwo\n"));
  await consumer.stop();
});

test("a member that the group has forgotten joins again", async () => {
  await kafka("topics --create --topic removed");
  const consumer = begin(`console-consumer --topic removed --group r ${fast}`);
  await until(async () => expect(await members("r")).toEqual([1]));
  const memberId = async () => /console-consumer-\S+/.exec(await kafka("consumer-groups --describe --group r --members"))?.[0] ?? "";
  const first = await memberId();
  const brokers = new Brokers(broker.bootstrapServers);
  const coordinator = await brokers.coordinatorOf("r");
  const left = await coordinator.send(leaveGroup, 5, { groupId: "r", members: [{ memberId: first }] });
  expect([left.errorCode, left.members?.[0]?.errorCode]).toEqual([Errors.NONE, Errors.NONE]);
  await brokers.close();
  await until(async () => {
    expect(await members("r")).toEqual([1]);
    expect(await memberId()).not.toBe(first);
  });
  await kafka("console-producer --topic removed", "still\n");
  await until(() => expect(consumer.terminal.output).toBe("still\n"));
  await consumer.stop();
});

test("producer and consumer go on when a broker dies", async () => {
  const cluster = await startCluster({ host: "127.0.0.1", brokers: 3, settings: { "offsets.topic.num.partitions": 1 } });
  try {
    const on = (line: string, stdin = "") => begin(line, stdin, cluster.bootstrapServers);
    await on("topics --create --topic moved --partitions 3 --replication-factor 3").ended;
    const consumer = on(`console-consumer --topic moved --group m --from-beginning ${fast}`);
    await on(`console-producer --topic moved ${keyed}`, "a:1\nb:2\nc:3\nd:4\n").ended;
    await until(() => expect(consumer.terminal.output.split("\n")).toHaveLength(5));
    for (const id of [1, 2]) {
      await cluster.killBroker(id);
      const sent = on(`console-producer --topic moved ${keyed} --request-timeout-ms 20000`, "a:5\nb:6\nc:7\nd:8\n");
      expect([await sent.ended, sent.terminal.errors]).toEqual([0, ""]);
    }
    await until(() => expect(consumer.terminal.output.split("\n")).toHaveLength(13));
    expect(await consumer.stop()).toBe(0);
  } finally {
    await cluster.stop();
  }
});
