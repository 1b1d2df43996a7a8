// A broker process to be measured: Odradek's bundle, or Apache Kafka from the reference tool, each with its defaults on a fresh folder.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { KAFKA_REFERENCE } from "../kafka-reference.ts";
import type { ContenderName } from "./figures.ts";

const ROOT = resolve(import.meta.dirname, "../..");
/** Clock ticks a second in /proc. */
const TICKS = 100;

export interface Contender {
  readonly name: ContenderName;
  readonly bootstrap: string;
  readonly port: number;
  /** Milliseconds since epoch at which the process was started. */
  readonly startedMs: number;
  /** CPU seconds of the process so far, user and system. */
  cpuSeconds(): number;
  /** Resident memory in MB, now and at its peak. */
  memoryMb(): { readonly now: number; readonly peak: number };
  stop(): Promise<void>;
}

/** The process is started; its port may not be open yet. */
export async function launch(name: ContenderName): Promise<Contender> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), `bench-${name}-`));
  const child = launchers[name](port, folder);
  const startedMs = performance.timeOrigin + performance.now();
  const ended = new Promise<void>((done) => child.once("exit", () => done()));
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${name} could not be started`);
  return {
    name,
    bootstrap: `127.0.0.1:${port}`,
    port,
    startedMs,
    cpuSeconds: () => cpuSecondsOf(pid),
    memoryMb: () => ({ now: memoryOf(pid, "VmRSS"), peak: memoryOf(pid, "VmHWM") }),
    async stop() {
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until the port answers. */
export async function launchAndWait(name: ContenderName): Promise<Contender> {
  const contender = await launch(name);
  const deadline = Date.now() + 60_000;
  while (!(await isOpen(contender.port))) {
    if (Date.now() > deadline) throw new Error(`${name} did not listen within 60 s`);
    await new Promise((done) => setTimeout(done, 5));
  }
  return contender;
}

const launchers: { readonly [Name in ContenderName]: (port: number, folder: string) => ChildProcess } = {
  odradek: launchOdradek,
  kafka: launchKafka,
  sink: (port, folder) =>
    spawn(process.execPath, [join(import.meta.dirname, "sink.ts"), String(port), join(folder, "sink")], { stdio: "ignore" }),
};

function launchOdradek(port: number, folder: string): ChildProcess {
  const args = [join(ROOT, "scripts/odradek.cjs"), "start", "--port", String(port), "--data", folder, "--quiet"];
  return spawn(process.execPath, args, { stdio: "ignore" });
}

function launchKafka(port: number, folder: string): ChildProcess {
  const properties = join(folder, "server.properties");
  const logs = join(folder, "logs");
  mkdirSync(logs);
  writeFileSync(
    properties,
    [
      "node.id=1",
      "process.roles=broker,controller",
      `controller.quorum.voters=1@127.0.0.1:${port + 1}`,
      `listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${port + 1}`,
      `advertised.listeners=PLAINTEXT://127.0.0.1:${port}`,
      "controller.listener.names=CONTROLLER",
      `log.dirs=${logs}`,
      "group.initial.rebalance.delay.ms=0",
      "offsets.topic.replication.factor=1",
      "transaction.state.log.replication.factor=1",
      "transaction.state.log.min.isr=1",
    ].join("\n"),
  );
  // Formatting the folder is Kafka's installation, not its start: it is not counted.
  execFileSync(KAFKA_REFERENCE, ["java", "kafka.tools.StorageTool", "format", "-t", "AAAAAAAAAAAAAAAAAAAAAQ", "-c", properties], {
    stdio: "ignore",
  });
  return spawn(KAFKA_REFERENCE, ["java", "kafka.Kafka", properties], { stdio: "ignore" });
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = net.createServer();
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

export function isOpen(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });
}

function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

function memoryOf(pid: number, field: "VmRSS" | "VmHWM"): number {
  const match = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(match?.[1] ?? 0) / 1024;
}
