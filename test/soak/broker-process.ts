// `odradek start` as a process of its own that can be measured: its memory once garbage is collected, its descriptors, what it logged.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { ProbeAnswer } from "./memory-probe.ts";

const PROBE = join(import.meta.dirname, "memory-probe.ts");
const STOP_MS = 600_000;
/** A machine that does much other work may take minutes where it is a second by itself. */
const START_MS = 600_000;
const PROBE_MS = 300_000;

export interface BrokerOrder {
  /** Of the tree whose broker runs. */
  readonly root: string;
  readonly data: string;
  /** 0: any free one. */
  readonly port: number;
  readonly args?: readonly string[];
  readonly settings?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  /** Modules that its process loads before the broker. */
  readonly imports?: readonly string[];
  /** A line of the log, level warn or higher. */
  readonly logged?: (line: LogLine) => void;
}

export interface LogLine {
  readonly level: string;
  readonly msg: string;
  /** Of one that tells of the event loop. */
  readonly busyMs?: number;
}

export interface Measured extends ProbeAnswer {
  readonly descriptors: number;
}

export class BrokerProcess {
  /** Those that run. None outlives this process, however it ends. */
  static readonly #all = new Set<ChildProcess>();
  readonly port: number;
  /** From its start until it was ready. */
  readonly startMs: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number, startMs: number) {
    this.#child = child;
    this.port = port;
    this.startMs = startMs;
  }

  /** Once it is ready. Rejects with what it wrote to stderr when it ends instead. */
  static async start(order: BrokerOrder): Promise<BrokerProcess> {
    const { root, data, port, args = [], settings = {}, environment = {}, imports = [], logged } = order;
    const set = Object.entries(settings).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
    const place = ["--data", data, "--port", port === 0 ? "auto" : String(port)];
    const command = [join(root, "src/cli/main.ts"), "start", ...place, "--json", "--log-level", "warn", ...set, ...args];
    const began = performance.now();
    const child = spawn(process.execPath, ["--expose-gc", ...[PROBE, ...imports].flatMap((path) => ["--import", path]), ...command], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: { ...process.env, ...environment },
    });
    if (BrokerProcess.#all.size === 0) process.once("exit", () => BrokerProcess.#killAll());
    BrokerProcess.#all.add(child);
    child.once("exit", () => BrokerProcess.#all.delete(child));
    const bootstrapServers = await ready(child, logged ?? (() => undefined));
    return new BrokerProcess(child, Number(bootstrapServers.split(":").at(-1)), performance.now() - began);
  }

  static #killAll(): void {
    for (const child of BrokerProcess.#all) child.kill("SIGKILL");
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async measure(): Promise<Measured> {
    const answer = once(this.#child, "message", { signal: AbortSignal.timeout(PROBE_MS) });
    this.#child.send("measure");
    const [probed] = (await answer) as [ProbeAnswer];
    return { ...probed, descriptors: readdirSync(`/proc/${this.pid}/fd`).length };
  }

  /** What its descriptors are of. */
  openFiles(): string[] {
    return readdirSync(`/proc/${this.pid}/fd`).map((fd) => targetOf(`/proc/${this.pid}/fd/${fd}`));
  }

  /** In order. Rejects when it does not end so. */
  async stop(): Promise<void> {
    const [code, signal] = await this.#end("SIGTERM");
    if (code !== 0) throw new Error(`the broker was to stop, and ended with ${code ?? signal}`);
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async #end(signal: NodeJS.Signals): Promise<readonly [number | null, string | null]> {
    if (this.hasEnded) return [this.#child.exitCode, this.#child.signalCode];
    const ended = once(this.#child, "exit");
    this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS);
    const [code, by] = (await ended) as [number | null, string | null];
    clearTimeout(timer);
    return [code, by];
  }
}

function ready(child: ChildProcess, logged: (line: LogLine) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    let complaint = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(-4000);
      if (/^\s*at |Error|Warning/m.test(text)) logged({ level: "stderr", msg: text.trim() });
    });
    if (child.stdout !== null) {
      createInterface(child.stdout).on("line", (line) => {
        const said = JSON.parse(line) as LogLine & { readonly event?: string; readonly bootstrapServers?: string };
        if (said.event === "ready") resolve(said.bootstrapServers ?? "");
        else logged(said);
      });
    }
    const timer = setTimeout(() => reject(new Error(`the broker was not ready within ${START_MS} ms: ${complaint}`)), START_MS);
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      reject(new Error(`the broker ended with ${code ?? signal}: ${complaint}`));
    });
  });
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return "";
  }
}
