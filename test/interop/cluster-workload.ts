// The clients that work with a cluster: three producers of one library, of which one is idempotent, one is not, and one is transactional,
// and a group of three members, one in each broker's rack. They tell what happens to them. kafkajs runs in this process
// (cluster-kafkajs.ts); Kafka's Java client and librdkafka in processes of their own, which know the same calls and events, a JSON line each.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { ClientEvent } from "./cluster-history.ts";
import { javaProgram } from "./java-program.ts";
import { stopChild } from "./processes.ts";
import { pythonWithClients } from "./python-environment.ts";

export interface WorkloadCalls {
  /** Ends producing and answers when everything that was sent has its answer. */
  quiesce(): null;
  /** One record with acks=all from a client that gives up after some seconds: its offset, or the name of the error. */
  send(args: { topic: string; partition: number; value: string }): { offset: number } | { error: string };
  /** Which brokers each member of the group reads from; null when the client does not tell. */
  nodesReadFrom(): Readonly<Record<string, readonly number[]>> | null;
}

type Arguments<C extends keyof WorkloadCalls> = Parameters<WorkloadCalls[C]>[0];

export interface Workload {
  call<C extends keyof WorkloadCalls>(call: C, args?: Arguments<C>): Promise<ReturnType<WorkloadCalls[C]>>;
  /** Members leave the group; clients close. */
  close(): Promise<void>;
}

export interface WorkloadOptions {
  readonly bootstrap: string;
  /** One for each member. */
  readonly racks: readonly string[];
  readonly tell: (event: ClientEvent) => void;
}

/** The topics and the group that all workloads know. */
export const ORDERS = "orders";
export const ORDERS_PARTITIONS = 6;
export const LEDGER = "ledger";
export const LEDGER_PARTITIONS = 3;
export const SINGLE = "single";
export const GROUP = "readers";
export const TRANSACTIONAL_ID = "ledger-writer";

const CALL_MS = 90_000;

export async function startJavaWorkload(options: WorkloadOptions): Promise<Workload> {
  return ProcessWorkload.start("java", await javaProgram("ClusterWorkload"), options);
}

export async function startLibrdkafkaWorkload(options: WorkloadOptions): Promise<Workload> {
  return ProcessWorkload.start(await pythonWithClients(), [join(import.meta.dirname, "python/librdkafka_workload.py")], options);
}

interface Answer {
  readonly event: "answer";
  readonly id: number;
  readonly result?: unknown;
}

class ProcessWorkload implements Workload {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #tell: (event: ClientEvent) => void;
  readonly #waiting = new Map<number, (result: unknown) => void>();
  #lastId = 0;
  #isClosing = false;
  #said = "";

  private constructor(child: ChildProcessByStdio<Writable, Readable, Readable>, tell: (event: ClientEvent) => void) {
    this.#child = child;
    this.#tell = tell;
    child.stdin.on("error", () => undefined); // Its end is told below.
    child.stderr.on("data", (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).slice(-4000);
    });
    child.on("exit", (code) => {
      if (!this.#isClosing) tell({ event: "died", who: "the process of the clients", error: `exit code ${code}: ${this.#said}` });
    });
    createInterface(child.stdout).on("line", (line) => this.#onLine(line));
  }

  static async start(command: string, args: readonly string[], { bootstrap, racks, tell }: WorkloadOptions): Promise<Workload> {
    const environment = { ...process.env, PYTHONDONTWRITEBYTECODE: "1" };
    const child = spawn(command, [...args, bootstrap, racks.join(",")], { stdio: ["pipe", "pipe", "pipe"], env: environment });
    return new ProcessWorkload(child, tell);
  }

  call<C extends keyof WorkloadCalls>(call: C, args?: Arguments<C>): Promise<ReturnType<WorkloadCalls[C]>> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${call} was not answered within ${CALL_MS} ms: ${this.#said}`)), CALL_MS);
      this.#waiting.set(id, (result) => {
        clearTimeout(timer);
        resolve(result as ReturnType<WorkloadCalls[C]>);
      });
      this.#child.stdin.write(`${JSON.stringify({ id, call, args: args ?? {} })}\n`);
    });
  }

  /** The end of its input ends it. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const ended = new Promise<void>((resolve) => this.#child.once("exit", () => resolve()));
    this.#child.stdin.end();
    const timer = setTimeout(() => void stopChild(this.#child, 2000), 20_000);
    if (this.#child.exitCode === null && this.#child.signalCode === null) await ended;
    clearTimeout(timer);
  }

  #onLine(line: string): void {
    if (!line.startsWith("{")) return;
    const event = JSON.parse(line) as ClientEvent | Answer;
    if (event.event !== "answer") {
      this.#tell(event);
      return;
    }
    this.#waiting.get(event.id)?.(event.result);
    this.#waiting.delete(event.id);
  }
}
