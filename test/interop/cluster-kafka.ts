// Apache Kafka's cluster for the scenario: three nodes that are broker and controller, and a fourth that is added as a broker, each a
// process of its own. Of the controllers two must be there, so one node may be away at a time.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CACHE, KAFKA_REFERENCE } from "./broker-under-test.ts";
import { BROKERS, CLUSTER_SETTINGS, type ClusterUnderTest, rackOf } from "./cluster-under-test.ts";
import { port } from "./port.ts";
import { killChild, runOrThrow, stopChild, waitForOutput } from "./processes.ts";

const FIRST_PORT = port(19840);
/** Each node has one for clients and one for controllers. */
const PORTS_OF_NODE = 2;
const CLUSTER_ID = "AAAAAAAAAAAAAAAAAAAAAQ";
const START_MS = 120_000;
const SMALL = { KAFKA_HEAP_OPTS: "-Xmx320m -XX:TieredStopAtLevel=1" };

/** A broker that is gone is noticed within seconds, and so is a leader of the controllers. */
const QUICK = {
  "broker.session.timeout.ms": 3000,
  "broker.heartbeat.interval.ms": 500,
  "replica.lag.time.max.ms": 5000,
  "replica.fetch.wait.max.ms": 100,
  "controller.quorum.election.timeout.ms": 1000,
  "controller.quorum.fetch.timeout.ms": 2000,
};

export async function startKafkaCluster(firstPort = FIRST_PORT): Promise<ClusterUnderTest> {
  const folder = join(CACHE, `data/kafka-cluster-${firstPort}`);
  const portOf = (id: number): number => firstPort + PORTS_OF_NODE * (id - 1);
  rmSync(folder, { recursive: true, force: true });
  const running = new Map<number, ChildProcess>();
  const start = async (id: number): Promise<void> => {
    const child = spawn(KAFKA_REFERENCE, ["java", "kafka.Kafka", propertiesPath(folder, id)], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...SMALL },
    });
    running.set(id, child);
    await waitForOutput(child, /Kafka Server started/, START_MS);
  };
  const end = async (id: number, how: (child: ChildProcess) => Promise<void>): Promise<void> => {
    const child = running.get(id);
    running.delete(id);
    if (child !== undefined) await how(child);
  };
  const close = async (): Promise<void> => {
    await Promise.all([...running.keys()].map((id) => end(id, killChild)));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(BROKERS.map((id) => format(folder, id, portOf)));
    await Promise.all(BROKERS.map(start));
  } catch (error) {
    await close();
    throw error;
  }
  return {
    bootstrap: BROKERS.map((id) => `127.0.0.1:${portOf(id)}`).join(),
    mostDown: 1,
    ids: () => [...running.keys()].sort(),
    portOf,
    stop: (id) => end(id, (child) => stopChild(child, 60_000)),
    kill: (id) => end(id, killChild),
    restart: start,
    add: async () => {
      const id = BROKERS.length + 1;
      await format(folder, id, portOf);
      await start(id);
      return id;
    },
    close,
  };
}

const propertiesPath = (folder: string, id: number): string => join(folder, `${id}`, "server.properties");

type PortOf = (id: number) => number;

async function format(folder: string, id: number, portOf: PortOf): Promise<void> {
  const path = propertiesPath(folder, id);
  mkdirSync(join(folder, `${id}`), { recursive: true });
  writeFileSync(path, properties(folder, id, portOf));
  const args = ["java", "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", path];
  await runOrThrow(KAFKA_REFERENCE, args, { deadlineMs: START_MS, env: SMALL });
}

function properties(folder: string, id: number, portOf: PortOf): string {
  const isController = BROKERS.includes(id);
  const listeners = [`PLAINTEXT://127.0.0.1:${portOf(id)}`, ...(isController ? [`CONTROLLER://127.0.0.1:${portOf(id) + 1}`] : [])];
  const settings = {
    "node.id": id,
    "process.roles": isController ? "broker,controller" : "broker",
    "controller.quorum.voters": BROKERS.map((voter) => `${voter}@127.0.0.1:${portOf(voter) + 1}`).join(),
    listeners: listeners.join(),
    "advertised.listeners": listeners[0],
    "controller.listener.names": "CONTROLLER",
    "broker.rack": rackOf(id),
    "log.dirs": join(folder, `${id}`, "logs"),
    "default.replication.factor": 3,
    "offsets.topic.replication.factor": 3,
    "transaction.state.log.replication.factor": 3,
    ...CLUSTER_SETTINGS,
    ...QUICK,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}
