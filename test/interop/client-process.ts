// A foreign client in a process of its own, so that it can die like one. The three client programs (node/kafkajs-client.ts,
// python/librdkafka_client.py, python/kafka_python_client.py) read one JSON request a line, { id, call, args }, and answer one JSON line,
// { id, result } or { id, refused: { name, message } }. They all know the same calls, so that every scenario exists once.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { NODE } from "./broker-under-test.ts";
import type { Observation } from "./compare.ts";
import { stopChild } from "./processes.ts";
import { pythonWithClients } from "./python-environment.ts";

export type ClientName = "kafkajs" | "librdkafka" | "kafka-python";

type Headers = readonly (readonly [name: string, value: string])[];
type RecordFields = {
  readonly partition: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestampMs: number;
};

export type RecordToSend = RecordFields & { readonly headers?: Headers };
export type RecordSeen = RecordFields & { readonly headers: Headers; readonly offset: number };

export type StartPoint = "beginning" | { readonly offset: number } | { readonly timestampMs: number };

/** The calls, with what they are given and what they answer. Offsets and partitions come in ascending order. */
export interface ClientCalls {
  createTopic(args: { topic: string; partitions: number; configs?: Readonly<Record<string, string>> }): null;
  deleteTopic(args: { topic: string }): null;
  partitionCount(args: { topic: string }): number;
  produce(args: {
    topic: string;
    codec?: string;
    acks?: number;
    isIdempotent?: boolean;
    records: readonly RecordToSend[];
  }): { partition: number; offset: number }[];
  /** Reads until `count` records came. Fewer come back when `waitMs` is over before. */
  read(args: { topic: string; partitions: readonly number[]; from: StartPoint; count: number; waitMs?: number }): RecordSeen[];
  /** Waits at the end of the topic, sends the records from there, and reads them. */
  readNew(args: { topic: string; partitions: readonly number[]; records: readonly RecordToSend[] }): RecordSeen[];
  watermarks(args: { topic: string; partitions: readonly number[] }): { low: number; high: number }[];
  offsetsForTime(args: { topic: string; partitions: readonly number[]; timestampMs: number }): number[];
  join(args: { topic: string; group: string; protocol?: "classic" | "consumer" }): null;
  assignment(args: Record<string, never>): number[];
  received(args: Record<string, never>): { partition: number; offset: number; value: string | null }[];
  leave(args: Record<string, never>): null;
  committed(args: { topic: string; group: string; partitions: readonly number[] }): number[];
}

type AnyCalls<Calls> = { readonly [Name in keyof Calls]: (args: never) => unknown };
type Arguments<Calls extends AnyCalls<Calls>, C extends keyof Calls> = Parameters<Calls[C]>[0];
type Answer<Calls extends AnyCalls<Calls>, C extends keyof Calls> = ReturnType<Calls[C]>;
type Line = { readonly id: number; readonly result?: unknown; readonly refused?: { readonly name: string; readonly message: string } };

/** The client refused, with the name that it gives to the error. */
export class Refusal extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

export class ClientProcess<Calls extends AnyCalls<Calls> = ClientCalls> {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #waiting = new Map<number, { resolve: (line: Line) => void; reject: (error: Error) => void }>();
  #lastId = 0;
  #errors = "";

  /** @param command a program that knows these calls */
  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" } });
    this.#child.stderr.on("data", (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-4000);
    });
    this.#child.stdin.on("error", () => undefined); // The exit below tells it better.
    this.#child.on("exit", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the client process ended: ${this.#errors}`));
      this.#waiting.clear();
    });
    createInterface(this.#child.stdout).on("line", (text) => this.#onLine(text));
  }

  static async start(client: ClientName, bootstrap: string): Promise<ClientProcess> {
    if (client === "kafkajs") return new ClientProcess(NODE, [join(import.meta.dirname, "node/kafkajs-client.ts"), bootstrap]);
    const program = client === "librdkafka" ? "librdkafka_client.py" : "kafka_python_client.py";
    return new ClientProcess(await pythonWithClients(), [join(import.meta.dirname, "python", program), bootstrap]);
  }

  /** Rejects with a Refusal when the client raises an error. */
  async call<C extends keyof Calls & string>(call: C, args: Arguments<Calls, C>, deadlineMs = 60_000): Promise<Answer<Calls, C>> {
    const id = ++this.#lastId;
    const line = await new Promise<Line>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${call} was not answered within ${deadlineMs} ms: ${this.#errors}`)), deadlineMs);
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer);
          settle(value);
        };
      this.#waiting.set(id, { resolve: settled(resolve), reject: settled(reject) });
      this.#child.stdin.write(`${JSON.stringify({ id, call, args })}\n`);
    });
    if (line.refused !== undefined) throw new Refusal(line.refused.name, line.refused.message);
    return line.result as Answer<Calls, C>;
  }

  /** What came of a call, as something to compare: the error's name and message, or the answer. */
  async attempt<C extends keyof Calls & string>(call: C, args: Arguments<Calls, C>): Promise<Observation> {
    try {
      return { answered: (await this.call(call, args)) as Observation };
    } catch (error) {
      if (error instanceof Refusal) return { refused: error.name, message: error.message };
      throw error;
    }
  }

  /** Ends without a word to the broker. */
  die(): void {
    this.#child.kill("SIGKILL");
  }

  async stop(): Promise<void> {
    await stopChild(this.#child, 2000);
  }

  #onLine(text: string): void {
    const line = JSON.parse(text) as Line;
    this.#waiting.get(line.id)?.resolve(line);
    this.#waiting.delete(line.id);
  }
}

/** Runs with a client process that is stopped in the end. */
export async function withClient<T>(client: ClientName, bootstrap: string, use: (client: ClientProcess) => Promise<T>): Promise<T> {
  const started = await ClientProcess.start(client, bootstrap);
  try {
    return await use(started);
  } finally {
    await started.stop();
  }
}
