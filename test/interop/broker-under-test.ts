// A broker as the scenarios see it: Apache Kafka or Odradek, each a process of its own with a data folder of its own, so that both can
// be stopped and started again on the same data. Kafka comes from the reference tool (KAFKA_REFERENCE); Odradek from its bundle.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { hasKafkaReference, KAFKA_REFERENCE } from "../../scripts/kafka-reference.ts";
import { disklessStorage, isDisklessRun } from "./diskless-storage.ts";
import { killChild, runOrThrow, stopChild, waitForOutput } from "./processes.ts";

export type BrokerName = "kafka" | "odradek";

export interface BrokerUnderTest {
  readonly name: BrokerName;
  readonly bootstrap: string;
  /** Its data is in PostgreSQL and an object store. */
  readonly isDiskless: boolean;
  /** Holds the partition folders, at any depth, unless it is diskless. */
  readonly dataFolder: string;
}

export interface RunningBroker extends BrokerUnderTest {
  stop(): Promise<void>;
  /** Without a chance to write anything more. */
  kill(): Promise<void>;
}

export interface StartOptions {
  readonly port: number;
  /** A broker that finds data here goes on with it. */
  readonly dataFolder: string;
  /** Of Odradek. Default: as the run has it (INTEROP_ENGINE). */
  readonly isDiskless?: boolean;
  /** Beside those that every broker here gets. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Of Kafka, where it is not the usual one. */
  readonly version?: string;
  /** System properties of Kafka's JVM, as on its command line. */
  readonly jvm?: string;
}

export const ROOT = resolve(import.meta.dirname, "../..");
export const CACHE = join(ROOT, ".cache/interop");
export { hasKafkaReference, KAFKA_REFERENCE };
export const NODE = join(ROOT, "node_modules/.bin/node");
const BUNDLE = join(ROOT, ".dist/odradek.cjs");

export function startBroker(name: BrokerName, options: StartOptions): Promise<RunningBroker> {
  return name === "kafka" ? startKafka(options) : startOdradek(options);
}

async function startKafka(options: StartOptions): Promise<RunningBroker> {
  const { port, dataFolder, jvm = "" } = options;
  const env = { ...process.env, ...ofVersion(options), KAFKA_OPTS: jvm };
  const child = spawn(KAFKA_REFERENCE, await formattedKafka(options), { env, stdio: ["ignore", "pipe", "pipe"] });
  return running("kafka", { port, dataFolder: join(dataFolder, "logs") }, child, KAFKA_IS_READY);
}

export const KAFKA_IS_READY = /Kafka Server started/;

/** Gives what the reference tool is called with to run the broker whose folder it has made ready. */
export async function formattedKafka({ port, dataFolder, settings, version }: StartOptions): Promise<readonly string[]> {
  mkdirSync(dataFolder, { recursive: true });
  const properties = join(dataFolder, "server.properties");
  writeFileSync(properties, kafkaProperties(port, join(dataFolder, "logs"), settings));
  const format = ["java", "kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", CLUSTER_ID, "-c", properties];
  await runOrThrow(KAFKA_REFERENCE, format, { deadlineMs: 120_000, env: ofVersion({ version }) });
  return ["java", "kafka.Kafka", properties];
}

function ofVersion({ version }: { readonly version?: string | undefined }): Readonly<Record<string, string>> {
  return version === undefined ? {} : { KAFKA_REFERENCE_VERSION: version };
}

async function startOdradek(options: StartOptions): Promise<RunningBroker> {
  const { port, dataFolder, settings = {}, isDiskless = isDisklessRun() } = options;
  if (!existsSync(BUNDLE)) await runOrThrow(NODE, [join(ROOT, "scripts/run.mjs"), "build"], { deadlineMs: 120_000 });
  // Where Kafka listens, too: clients are told the host. An option would win over the setting.
  const place = settings["listeners"] === undefined ? ["--host", "127.0.0.1", "--port", `${port}`] : [];
  const storage = isDiskless ? await disklessStorage(dataFolder) : { args: ["--data", dataFolder], environment: {} };
  const args = [BUNDLE, "start", ...place, ...storage.args, "--json"];
  for (const [name, value] of Object.entries(settings)) args.push("--set", `${name}=${value}`);
  const child = spawn(NODE, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...storage.environment } });
  return running("odradek", { port, dataFolder, isDiskless }, child, /"event":\s*"ready"/);
}

async function running(name: BrokerName, options: StartOptions, child: ChildProcess, ready: RegExp): Promise<RunningBroker> {
  await waitForOutput(child, ready, 60_000);
  return {
    name,
    bootstrap: `127.0.0.1:${options.port}`,
    isDiskless: options.isDiskless ?? false,
    dataFolder: options.dataFolder,
    stop: () => stopChild(child),
    kill: () => killChild(child),
  };
}

const CLUSTER_ID = "AAAAAAAAAAAAAAAAAAAAAQ";

/** One node that is broker and controller, with internal topics of one replica and no waiting before a group's first rebalance. */
function kafkaProperties(port: number, logFolder: string, more: Readonly<Record<string, string>> = {}): string {
  const settings = {
    "node.id": 1,
    "process.roles": "broker,controller",
    "controller.quorum.voters": `1@127.0.0.1:${port + 1}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${port + 1}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${port}`,
    "controller.listener.names": "CONTROLLER",
    "log.dirs": logFolder,
    "group.initial.rebalance.delay.ms": 0,
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 8,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 8,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    ...more,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}
