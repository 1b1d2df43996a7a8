// A producer as a process of its own, which writes its log (writer-log.ts). One of records is idempotent, with several requests in flight, and
// sends to each partition in turn; one of transactions sends a record to each of two partitions in each, and aborts every fourth on
// purpose. The end of its input has it finish what it began, and end.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { NODE } from "../broker-under-test.ts";
import { traceOf } from "../client-trace.ts";
import { EventLog } from "../event-log.ts";
import { javaProgram } from "../java-program.ts";
import { killChild, stopChild } from "../processes.ts";
import { pythonWithClients } from "../python-environment.ts";
import type { WriterEvent } from "./writer-log.ts";

export const LIBRARIES = ["java", "librdkafka", "kafkajs"] as const;
export type Library = (typeof LIBRARIES)[number];

export interface WriterOptions {
  readonly name: string;
  readonly bootstrap: string;
  readonly topic: string;
  readonly partitions: number;
  readonly paceMs: number;
  /** A call is given up then. */
  readonly deliveryMs: number;
  /** Writes transactions. */
  readonly transactionalId?: string;
}

const REHEARSAL = { name: "x", bootstrap: "127.0.0.1:1", topic: "x", partitions: 1, paceMs: 10, deliveryMs: 300, log: "/dev/null" };
const LEAVE_MS = 60_000;

export class Writer {
  readonly name: string;
  readonly options: WriterOptions;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #log: EventLog<WriterEvent>;
  #said = "";

  private constructor(options: WriterOptions, child: ChildProcessByStdio<Writable, Readable, Readable>, logPath: string) {
    this.name = options.name;
    this.options = options;
    this.#child = child;
    this.#log = new EventLog<WriterEvent>(logPath, { writer: options.name });
    const trace = traceOf(logPath);
    const hear = (chunk: Buffer): void => {
      this.#said = (this.#said + chunk.toString()).slice(-4000);
      trace?.write(chunk);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.stdin.on("error", () => undefined); // Its log tells why it ended, or its exit does.
  }

  /** @param logFolder is there, and no other writer of the name has a log there */
  static async start(library: Library, options: WriterOptions, logFolder: string): Promise<Writer> {
    const path = join(logFolder, `${options.name}.log`);
    const [program, ...args] = await commandOf(library);
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: "1" };
    const child = spawn(program, [...args, JSON.stringify({ ...options, log: path })], { stdio: ["pipe", "pipe", "pipe"], env });
    return new Writer(options, child, path);
  }

  events(): readonly WriterEvent[] {
    return this.#log.read();
  }

  /** Finishes. Rejects when it does not within its deadline, or has ended without a word in its log. */
  async leave(): Promise<void> {
    const ended = this.#isAlive() ? new Promise<void>((resolve) => this.#child.once("exit", () => resolve())) : undefined;
    this.#child.stdin.end();
    const timer = setTimeout(() => void killChild(this.#child), LEAVE_MS);
    await ended;
    clearTimeout(timer);
    if (this.#child.signalCode !== null) throw new Error(`${this.name} did not end within ${LEAVE_MS} ms: ${this.#said}`);
    const hasSaidWhy = this.events().some(({ event }) => event === "left" || event === "failed");
    if (!hasSaidWhy) throw new Error(`${this.name} ended: ${this.#said}`);
  }

  /** For the end of a test, whatever its state. */
  async end(): Promise<void> {
    if (!this.#isAlive()) return;
    this.#child.stdin.end();
    await stopChild(this.#child, 1000);
  }

  #isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }
}

async function commandOf(library: Library): Promise<readonly [string, ...string[]]> {
  switch (library) {
    case "java":
      return ["java", ...(await javaProgram("Writer", [JSON.stringify(REHEARSAL)]))];
    case "librdkafka":
      return [await pythonWithClients(), join(import.meta.dirname, "../python/librdkafka_writer.py")];
    case "kafkajs":
      return [NODE, join(import.meta.dirname, "../node/kafkajs-writer.ts")];
  }
}
