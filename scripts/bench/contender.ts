// A broker process to be measured, each with its defaults on an empty folder: Odradek's bundle, Apache Kafka from the reference tool,
// kfake, the raw-Node sinks, or a broker that somebody else runs.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Errors, errorName } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import { RawClient } from "../../test/support/raw-client.ts";
import { hasKafkaReference, KAFKA_REFERENCE } from "../kafka-reference.ts";
import type { ContenderName } from "./contender-name.ts";
import { kfake } from "./kfake.ts";
import type { Address } from "./load-socket.ts";
import { cpuSecondsOf, type Memory, memoryOf } from "./process-accounts.ts";

const FIRST_PORT = 27_000;
const LAST_PORT = 32_000;
const ROOT = resolve(import.meta.dirname, "../..");

export interface LaunchOptions {
  /** Broker settings by Kafka's names, for Odradek and Kafka alike. */
  readonly settings?: { readonly [key: string]: string };
  /** Beside the one without a login and without TLS: protocols by name, for Odradek and Kafka alike. */
  readonly listeners?: { readonly [name: string]: ListenerProtocol };
  /** The folder of an ended contender, to start on its data; without it an empty one. */
  readonly folder?: string;
  /** More arguments for `odradek start`; other contenders do not see them. */
  readonly odradekArguments?: readonly string[];
  /** Where it listens, and Kafka's controller on the port above, for what must be known beforehand; without it any that is free. */
  readonly port?: number;
  /** Odradek keeps nothing in the folder: it is a broker of a cluster of machines over these. Other contenders do not see them. */
  readonly over?: Places;
  /** `false` returns as soon as the process is started: its port may not be open yet. Default `true`. */
  readonly isAwaited?: boolean;
}

/** Where a cluster of machines keeps what it has. */
export interface Places {
  /** postgres://… */
  readonly cluster: string;
  /** s3://… */
  readonly objects: string;
  /** How the store is reached. */
  readonly environment: Readonly<Record<string, string>>;
}

export type ListenerProtocol = "SSL" | "SASL_PLAINTEXT" | "SASL_SSL";

export interface TopicOptions {
  /** Default 1. */
  readonly partitions?: number;
  /** By Kafka's names. */
  readonly configs?: { readonly [key: string]: string };
}

export interface Contender {
  readonly name: ContenderName;
  /** host:port. */
  readonly bootstrap: string;
  readonly host: string;
  readonly port: number;
  /** Where its data is; `undefined` for a broker that somebody else runs. */
  readonly folder: string | undefined;
  /** Milliseconds since epoch at which the process was started. */
  readonly startedMs: number;
  /** Of the broker process. `undefined` for a broker that somebody else runs without `--against-pid`. */
  readonly pid: number | undefined;
  /** Where one of the listeners is that it was launched with. */
  listener(name: string): Address;
  /** CPU seconds of the process so far, user and system; `undefined` without a pid. */
  cpuSeconds(): number | undefined;
  /** Resident memory in MB; `undefined` without a pid. */
  memoryMb(): Memory | undefined;
  /**
   * Makes a topic and waits until every partition has a leader that answers. Gives its name, which is `name` with an ending that
   * no earlier run used. A sink has no topics: it only gives the name.
   */
  createTopic(name: string, options?: TopicOptions): Promise<string>;
  /** Ends the process, cleanly (SIGTERM) or as a crash does (SIGKILL), and waits for its end. Its folder stays until the run is over. */
  end(how: "clean" | "killed"): Promise<void>;
}

/** A broker that somebody else runs. */
export interface Against {
  readonly host: string;
  readonly port: number;
  readonly pid?: number;
}

/** Whether it can be measured on this machine. */
export function isAvailable(name: ContenderName, against: Against | undefined): boolean {
  if (name === "kafka") return hasKafkaReference();
  if (name === "against") return against !== undefined;
  return name !== "kfake" || kfake.canBuild();
}

/** Throws when it does not listen within a minute; it is ended then. */
export async function launch(name: ContenderName, options: LaunchOptions = {}, against?: Against): Promise<Contender> {
  if (name === "against") return existing(against);
  const port = options.port ?? (await freePort(1 + Object.keys(options.listeners ?? {}).length));
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), `bench-${name}-`));
  const child = launchers[name](port, folder, options);
  const startedMs = performance.timeOrigin + performance.now();
  running.set(child, folder);
  const ended = new Promise<void>((done) => {
    child.once("exit", () => {
      running.delete(child);
      done();
    });
  });
  const pid = await new Promise<number>((done, fail) => {
    child.once("error", fail);
    child.once("spawn", () => done(child.pid ?? 0));
  });
  const { listeners = {} } = options;
  const contender = describe({ name, host: "127.0.0.1", port, folder, startedMs, pid, listeners }, async (how) => {
    child.kill(how === "clean" ? "SIGTERM" : "SIGKILL");
    await ended;
  });
  if (options.isAwaited === false) return contender;
  try {
    await waitForPort(contender, () => child.exitCode ?? child.signalCode);
  } catch (error) {
    await contender.end("killed");
    throw error;
  }
  return contender;
}

/** With their folders. */
const running = new Map<ChildProcess, string>();

/** Whoever interrupts a run does not want to find its brokers later. */
export function endContendersWithProcess(): void {
  process.on("exit", () => {
    for (const [child, folder] of running) {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
    }
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(1));
}

type Facts = Pick<Contender, "name" | "host" | "port" | "folder" | "startedMs" | "pid"> & Required<Pick<LaunchOptions, "listeners">>;

function describe({ listeners, ...facts }: Facts, end: Contender["end"]): Contender {
  const { name, host, port, pid } = facts;
  return {
    ...facts,
    bootstrap: `${host}:${port}`,
    listener: (wanted) => {
      const index = Object.keys(listeners).indexOf(wanted);
      if (index === -1) throw new Error(`${name} was launched without a listener ${wanted}`);
      return { host, port: listenerPort(port, index), isTls: listeners[wanted] !== "SASL_PLAINTEXT" };
    },
    cpuSeconds: () => (pid === undefined ? undefined : cpuSecondsOf(pid)),
    memoryMb: () => (pid === undefined ? undefined : memoryOf(pid)),
    createTopic: (topic, options = {}) => {
      const unique = `${topic}-${process.pid}-${++topics}`;
      return name.startsWith("sink") ? Promise.resolve(unique) : createTopic(host, port, unique, options);
    },
    end,
  };
}

let topics = 0;

function existing(against: Against | undefined): Contender {
  if (against === undefined) throw new Error("no broker was given by --against");
  const facts = { name: "against", folder: undefined, startedMs: Number.NaN, pid: undefined, listeners: {}, ...against } as const;
  return describe(facts, () => Promise.resolve());
}

async function waitForPort({ name, host, port }: Contender, exit: () => number | string | null): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await isOpen(port, host))) {
    if (exit() !== null) throw new Error(`${name} ended (${exit()}) before it listened`);
    if (Date.now() > deadline) throw new Error(`${name} did not listen within 60 s`);
    await new Promise((done) => setTimeout(done, 5));
  }
}

const launchers: {
  readonly [Name in Exclude<ContenderName, "against">]: (port: number, folder: string, options: LaunchOptions) => ChildProcess;
} = {
  odradek: launchOdradek,
  kafka: launchKafka,
  kfake: (port) => spawn(kfake.build(), [String(port)], { stdio: "ignore" }),
  sink: (port, folder) => launchSink(port, folder, []),
  "sink+crc": (port, folder) => launchSink(port, folder, ["--crc"]),
};

function launchSink(port: number, folder: string, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [join(import.meta.dirname, "sink.ts"), String(port), folder, ...args], { stdio: "ignore" });
}

function launchOdradek(
  port: number,
  folder: string,
  { settings = {}, listeners = {}, odradekArguments = [], over }: LaunchOptions,
): ChildProcess {
  const secured = Object.keys(listeners).length > 0;
  const storage = over === undefined ? ["--data", folder] : ["--cluster", over.cluster, "--objects", over.objects];
  const args = ["start", ...(secured ? [] : ["--port", String(port)]), ...storage, "--quiet", ...odradekArguments];
  const own = secured ? { listeners: listenersText(port, listeners), "listener.security.protocol.map": protocolMap(listeners) } : {};
  for (const [key, value] of Object.entries({ ...own, ...settings })) args.push("--set", `${key}=${value}`);
  const env = { ...process.env, ...over?.environment };
  return spawn(process.execPath, [join(ROOT, "scripts/odradek.cjs"), ...args], { stdio: "ignore", env });
}

function launchKafka(port: number, folder: string, { settings = {}, listeners = {}, folder: given }: LaunchOptions): ChildProcess {
  const properties = join(folder, "server.properties");
  const logs = join(folder, "logs");
  mkdirSync(logs, { recursive: true });
  const own = {
    "node.id": "1",
    "process.roles": "broker,controller",
    "controller.quorum.voters": `1@127.0.0.1:${port + 1}`,
    listeners: `${listenersText(port, listeners)},CONTROLLER://127.0.0.1:${port + 1}`,
    "advertised.listeners": listenersText(port, listeners),
    "listener.security.protocol.map": `${protocolMap(listeners)},CONTROLLER:PLAINTEXT`,
    "controller.listener.names": "CONTROLLER",
    "log.dirs": logs,
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
  };
  const lines = Object.entries({ ...own, ...settings }).map(([key, value]) => `${key}=${value}`);
  writeFileSync(properties, lines.join("\n"));
  if (given === undefined) {
    // Formatting the folder is Kafka's installation, not its start: it is not counted.
    const format = ["java", "kafka.tools.StorageTool", "format", "-t", "AAAAAAAAAAAAAAAAAAAAAQ", "-c", properties];
    execFileSync(KAFKA_REFERENCE, format, { stdio: "ignore" });
  }
  return spawn(KAFKA_REFERENCE, ["java", "kafka.Kafka", properties], { stdio: "ignore" });
}

function listenersText(port: number, listeners: LaunchOptions["listeners"] = {}): string {
  const more = Object.keys(listeners).map((name, index) => `${name}://127.0.0.1:${listenerPort(port, index)}`);
  return [`PLAINTEXT://127.0.0.1:${port}`, ...more].join(",");
}

function protocolMap(listeners: LaunchOptions["listeners"] = {}): string {
  return ["PLAINTEXT:PLAINTEXT", ...Object.entries(listeners).map(([name, protocol]) => `${name}:${protocol}`)].join(",");
}

/** Kafka's controller has the port above the first. */
function listenerPort(port: number, index: number): number {
  return port + 2 + index;
}

async function createTopic(host: string, port: number, name: string, { partitions = 1, configs = {} }: TopicOptions): Promise<string> {
  const client = await RawClient.connect(port, host);
  try {
    const settings = Object.entries(configs).map(([key, value]) => ({ name: key, value }));
    const topic = { name, numPartitions: partitions, replicationFactor: -1, assignments: [], configs: settings };
    // Right after its start Kafka's controller may not know its broker yet.
    await waitUntil(`topic ${name} is made`, async () => {
      const created = await client.call(messages.createTopics, 4, { topics: [topic], timeoutMs: 30_000 });
      const code = created?.topics[0]?.errorCode;
      return code === Errors.NONE || code === Errors.TOPIC_ALREADY_EXISTS ? undefined : errorName(code ?? Errors.UNKNOWN_SERVER_ERROR);
    });
    await waitUntil(`the partitions of ${name} have leaders`, () => firstFault(client, name, partitions));
  } finally {
    client.close();
  }
  return name;
}

/** A leader is there when it can say where its log begins. */
async function firstFault(client: RawClient, name: string, partitions: number): Promise<string | undefined> {
  const asked = Array.from({ length: partitions }, (_, partitionIndex) => ({ partitionIndex, timestamp: -2 }));
  const listed = await client.call(messages.listOffsets, 1, { replicaId: -1, topics: [{ name, partitions: asked }] });
  const wrong = listed?.topics[0]?.partitions.find(({ errorCode }) => errorCode !== Errors.NONE);
  if (listed === undefined) return "the connection was closed";
  return wrong === undefined ? undefined : errorName(wrong.errorCode);
}

async function waitUntil(what: string, fault: () => Promise<string | undefined>): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const why = await fault();
    if (why === undefined) return;
    if (Date.now() > deadline) throw new Error(`waited 60 s until ${what}: ${why}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

/**
 * With so many free ones above it: for Kafka's controller, and for more listeners. Below those that systems give to whoever wants any: it is
 * still free when somebody comes to use it.
 */
export async function freePort(above: number): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST_PORT, LAST_PORT - above);
    const opened = await Promise.all(Array.from({ length: 1 + above }, (_, index) => openPort(port + index)));
    if (!opened.includes(undefined)) return port;
  }
}

function openPort(port: number): Promise<number | undefined> {
  return new Promise((done) => {
    const server = net.createServer();
    server.once("error", () => done(undefined));
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address !== null ? address.port : undefined));
    });
  });
}

export function isOpen(port: number, host = "127.0.0.1"): Promise<boolean> {
  return new Promise((done) => {
    const socket = net.connect(port, host);
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });
}
