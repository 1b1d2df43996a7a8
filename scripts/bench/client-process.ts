// Load generators run in processes of their own. A client is a program of this folder: its one argument is its order as JSON, it prints
// results as lines of JSON, and it ends when its standard input does.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { setTimeout } from "node:timers/promises";

const DEADLINE_MS = 120_000;

export class ClientProcess<Result> {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #results: AsyncIterator<string>;
  readonly #ended: Promise<void>;

  /** Runs a program of this folder. */
  constructor(file: string, order: unknown) {
    this.#child = spawn(process.execPath, [join(import.meta.dirname, file), JSON.stringify(order)], { stdio: ["pipe", "pipe", "inherit"] });
    this.#child.stdin.on("error", () => undefined);
    this.#ended = new Promise((done) => this.#child.once("close", () => done()));
    this.#results = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /**
   * The next line. Rejects when the client ended instead, or said nothing for two minutes; what it had to say about that is on standard
   * error.
   */
  async next(): Promise<Result> {
    const silence = new AbortController();
    const deadline = setTimeout(DEADLINE_MS, "late" as const, { signal: silence.signal, ref: false }).catch(() => "late" as const);
    const line = await Promise.race([this.#results.next(), deadline]);
    silence.abort();
    if (line === "late") throw new Error(`the load generator said nothing for ${DEADLINE_MS / 1000} s`);
    if (line.done === true) throw new Error("the load generator ended without a result");
    return JSON.parse(line.value) as Result;
  }

  async end(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}

/** The one result of a client. */
export async function resultOf<Result>(file: string, order: unknown): Promise<Result> {
  const client = new ClientProcess<Result>(file, order);
  try {
    return await client.next();
  } finally {
    await client.end();
  }
}

/** For clients: the order that they were given. */
export function givenOrder<Order>(): Order {
  // A client without the process that started it has nobody to measure for.
  process.stdin.on("end", () => process.exit(1));
  process.stdin.resume();
  return JSON.parse(process.argv[2] ?? "{}") as Order;
}

/** For clients. */
export function report(result: unknown): void {
  console.log(JSON.stringify(result));
}
