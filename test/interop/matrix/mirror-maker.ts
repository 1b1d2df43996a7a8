// MirrorMaker 2 between Apache Kafka and the broker under test, in both directions at once: records, configurations, access rules and what
// groups have committed go over, exactly once, while it is stopped and started. What each side has in the end is told of both, since what
// Kafka takes of the other and what the other takes of Kafka must be alike.

import type { BrokerUnderTest, RunningBroker } from "../broker-under-test.ts";
import { KAFKA_REFERENCE, startBroker } from "../broker-under-test.ts";
import { ClientProcess, type RecordSeen, type RecordToSend } from "../client-process.ts";
import type { Observation } from "../compare.ts";
import { port } from "../port.ts";
import { runOrThrow, waitFor } from "../processes.ts";
import { JavaService, workFolder, writeProperties } from "./java-service.ts";
import type { Row } from "./rows.ts";

/** Of the broker under test and of Apache Kafka on the other side. */
const PORTS = { kafka: [port(19640), port(19650)], odradek: [port(19660), port(19670)] } as const;
const REST_PORTS = { kafka: port(19680), odradek: port(19690) };
const PARTITIONS = [0, 1];
/** Not the usual one, and so long that no broker deletes these records, which are years old, before they have gone over. */
const RETENTION_MS = "123456789012345";
const RULES = {
  "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "super.users": "User:ANONYMOUS",
};

/** One end, with a topic and a group of its own. */
class Side {
  readonly name: "here" | "there";
  readonly topic: string;
  readonly group: string;
  readonly #bootstrap: string;
  readonly #client: ClientProcess;
  #sent = 0;
  /** Of what has come of the other side, by partition: after the last record. Between records there are marks of transactions. */
  #ends: number[] = [];

  private constructor(name: "here" | "there", bootstrap: string, client: ClientProcess) {
    this.name = name;
    this.topic = `orders-${name}`;
    this.group = `readers-${name}`;
    this.#bootstrap = bootstrap;
    this.#client = client;
  }

  static async open(name: "here" | "there", { bootstrap }: BrokerUnderTest): Promise<Side> {
    const side = new Side(name, bootstrap, await ClientProcess.start("kafka-clients", bootstrap));
    const configs = { "retention.ms": "-1", "max.message.bytes": "200000" };
    await side.#client.call("createTopic", { topic: side.topic, partitions: PARTITIONS.length, configs });
    return side;
  }

  async send(count: number): Promise<void> {
    const records = Array.from({ length: count }, (_, index): RecordToSend => {
      const number = this.#sent + index;
      const headers = [["number", `${number}`]] as const;
      return {
        partition: number % PARTITIONS.length,
        key: `key ${number}`,
        value: `order ${number}`,
        timestampMs: 1_700_000_000_000 + number,
        headers,
      };
    });
    this.#sent += count;
    await this.#client.call("produce", { topic: this.topic, records });
  }

  async commit(offsets: readonly number[]): Promise<void> {
    const places = offsets.map((offset, partition) => ({ partition, offset }));
    await this.#client.call("commit", { topic: this.topic, group: this.group, offsets: places });
  }

  /** What has come of the other side's records, when as many are there as it has sent: how many of them in order, and what else. */
  async mirrored(other: Side): Promise<Observation> {
    const topic = `${other.name}.${other.topic}`;
    const read = () =>
      this.#client.attempt("read", {
        topic,
        partitions: PARTITIONS,
        from: "beginning",
        count: other.#sent,
        waitMs: 1000,
        isolation: "read_committed",
      });
    const all = await waitFor(`${other.#sent} records from ${other.name}`, read, (seen) => recordsOf(seen).length >= other.#sent, 90_000);
    const seen = recordsOf(all);
    this.#ends = PARTITIONS.map(
      (partition) => 1 + Math.max(...seen.filter((each) => each.partition === partition).map(({ offset }) => offset)),
    );
    const wanted = PARTITIONS.flatMap((partition) =>
      Array.from({ length: other.#sent / PARTITIONS.length }, (_, index) => index * PARTITIONS.length + partition),
    );
    const others = seen.filter(({ value, key, headers }, index) => {
      const number = wanted[index];
      return (
        value !== `order ${number}` || key !== `key ${number}` || JSON.stringify(headers) !== JSON.stringify([["number", `${number}`]])
      );
    });
    return { inOrder: seen.length - others.length, others: others as unknown as Observation };
  }

  /**
   * Whether what the other side's group has committed has been carried over, and leads to no record that it had not yet. How far it comes is up to
   * the mirror maker, which notes only some places of its records.
   */
  async hasCommitsOf(other: Side): Promise<boolean> {
    const ask = () => this.#client.call("committed", { topic: `${other.name}.${other.topic}`, group: other.group, partitions: PARTITIONS });
    const offsets = await waitFor(`the offsets of ${other.group}`, ask, (found) => found.every((offset) => offset > 0), 60_000);
    return offsets.every((offset, index) => offset <= (this.#ends[index] ?? 0));
  }

  alter(configs: Readonly<Record<string, string>>): Promise<null> {
    return this.#client.call("alterConfigs", { topic: this.topic, configs });
  }

  async configsOf(other: Side, wanted: string): Promise<Observation> {
    const names = ["retention.ms", "max.message.bytes", "cleanup.policy"];
    const ask = () => this.#client.call("describeConfigs", { topic: `${other.name}.${other.topic}`, names });
    return waitFor("the configuration", ask, (configs) => configs["retention.ms"] === wanted, 60_000);
  }

  /** Those of the mirror maker itself, and whether heartbeats and checkpoints have come. */
  async topics(other: Side): Promise<Observation> {
    const names = (
      await Promise.all(["mm2-", `${other.name}.`, "heartbeats"].map((prefix) => this.#client.call("listTopics", { prefix })))
    ).flat();
    const topics: Record<string, Observation> = {};
    for (const topic of names.toSorted()) {
      const partitions = await this.#client.call("partitionCount", { topic });
      topics[topic] = { partitions, ...(await this.#client.call("describeConfigs", { topic, names: ["cleanup.policy"] })) };
    }
    for (const topic of [`${other.name}.heartbeats`, `${other.name}.checkpoints.internal`]) {
      const marks = () => this.#client.call("watermarks", { topic, partitions: [0] });
      await waitFor(`records in ${topic}`, marks, ([mark]) => (mark?.high ?? 0) > 0, 60_000);
    }
    return topics;
  }

  async allow(user: string): Promise<void> {
    await this.#acls(["--add", "--allow-principal", `User:${user}`, "--operation", "Read", "--topic", this.topic]);
  }

  /** Who may do what with the other side's topic here. */
  async rulesOf(other: Side, isThere: (rules: string) => boolean): Promise<Observation> {
    const ask = () => this.#acls(["--list", "--topic", `${other.name}.${other.topic}`]);
    return (await waitFor("the rule", ask, isThere, 60_000))
      .trim()
      .split("\n")
      .map((line) => line.trim())
      .toSorted();
  }

  close(): Promise<void> {
    return this.#client.stop();
  }

  #acls(args: readonly string[]): Promise<string> {
    return runOrThrow(KAFKA_REFERENCE, ["tool", "acls", "--bootstrap-server", this.#bootstrap, ...args]);
  }
}

function recordsOf(observed: Observation): RecordSeen[] {
  return typeof observed === "object" && observed !== null && "answered" in observed
    ? (observed["answered"] as unknown as RecordSeen[])
    : [];
}

async function thereAndBack({ name }: BrokerUnderTest): Promise<Observation> {
  const brokers = await startBrokers(name);
  try {
    const [here, there] = await Promise.all([Side.open("here", brokers.here), Side.open("there", brokers.there)]);
    try {
      return await mirror(name, brokers, [here, there]);
    } finally {
      await Promise.all([here.close(), there.close()]);
    }
  } finally {
    await Promise.all([brokers.here.stop(), brokers.there.stop()]);
  }
}

async function startBrokers(name: "kafka" | "odradek"): Promise<{ here: RunningBroker; there: RunningBroker }> {
  const [hereAt, thereAt] = PORTS[name];
  const [here, there] = await Promise.all([
    startBroker(name, { port: hereAt, dataFolder: workFolder(`mirror-${name}-here`), settings: RULES }),
    startBroker("kafka", { port: thereAt, dataFolder: workFolder(`mirror-${name}-there`), settings: RULES }),
  ]);
  return { here, there };
}

async function mirror(
  name: "kafka" | "odradek",
  brokers: { here: BrokerUnderTest; there: BrokerUnderTest },
  sides: readonly [Side, Side],
): Promise<Observation> {
  const folder = workFolder(`mirror-${name}`);
  const properties = (more: Readonly<Record<string, boolean>>) =>
    writeProperties(folder, "mirror-maker", { ...mirroring(brokers.here.bootstrap, brokers.there.bootstrap, REST_PORTS[name]), ...more });
  const both = async (observe: (side: Side, other: Side) => Promise<Observation>): Promise<Observation> => {
    const [here, there] = sides;
    const [fromThere, fromHere] = await Promise.all([observe(here, there), observe(there, here)]);
    return { here: fromThere, there: fromHere };
  };
  const run = async (path: string, use: () => Promise<Observation>): Promise<Observation> => {
    const service = await JavaService.start("org.apache.kafka.connect.mirror.MirrorMaker", [path]);
    try {
      return await use();
    } catch (error) {
      throw new Error(`MirrorMaker said: ${service.output.slice(-3000)}`, { cause: error });
    } finally {
      await service.stop();
    }
  };

  await Promise.all(
    sides.map(async (side) => {
      await side.send(100);
      await side.commit([20, 50]);
      await side.allow("alice");
    }),
  );
  const first = await run(properties({ "sync.topic.acls.enabled": true }), async () => ({
    records: await both((side, other) => side.mirrored(other)),
    rules: await both((side, other) => side.rulesOf(other, (rules) => rules.includes("alice"))),
    topics: await both((side, other) => side.topics(other)),
  }));
  await Promise.all(
    sides.map(async (side) => {
      await side.send(20);
      await side.commit([60, 60]);
      await side.alter({ "retention.ms": RETENTION_MS });
    }),
  );
  const second = await run(properties({ "sync.topic.acls.enabled": false }), async () => ({
    records: await both((side, other) => side.mirrored(other)),
    hasCommits: await both((side, other) => side.hasCommitsOf(other)),
    configs: await both((side, other) => side.configsOf(other, RETENTION_MS)),
  }));
  return { first, second };
}

/** Everything is looked at every second. */
function mirroring(here: string, there: string, restPort: number) {
  const everySecond = [
    "emit.heartbeats",
    "emit.checkpoints",
    "refresh.topics",
    "refresh.groups",
    "sync.topic.configs",
    "sync.topic.acls",
    "sync.group.offsets",
  ].map((what) => [`${what}.interval.seconds`, 1]);
  const single = [
    "",
    "checkpoints.topic.",
    "heartbeats.topic.",
    "offset-syncs.topic.",
    "offset.storage.",
    "status.storage.",
    "config.storage.",
  ];
  return {
    ...(Object.fromEntries(everySecond) as Record<string, number>),
    ...(Object.fromEntries(single.map((what) => [`${what}replication.factor`, 1])) as Record<string, number>),
    clusters: "here,there",
    "here.bootstrap.servers": here,
    "there.bootstrap.servers": there,
    "here->there.enabled": true,
    "there->here.enabled": true,
    topics: "orders-.*",
    groups: "readers-.*",
    "sync.group.offsets.enabled": true,
    "offset.lag.max": 0,
    "here.exactly.once.source.support": "enabled",
    "there.exactly.once.source.support": "enabled",
    "dedicated.mode.enable.internal.rest": true,
    listeners: `http://127.0.0.1:${restPort}`,
    "offset.flush.interval.ms": 500,
    "plugin.discovery": "SERVICE_LOAD",
  };
}

export const MIRROR_MAKER: Row = {
  client: "MirrorMaker 2",
  language: "Java",
  isReady: () => false,
  open: async () => ({ version: "4.3", lacks: {} }),
  cells: [{ title: "from Apache Kafka and back: records, configurations, rules, offsets", run: thereAndBack }],
};
