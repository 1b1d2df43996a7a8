// A foreign client in a process of its own, so that it can die like one. The client programs (client-programs.ts) read one JSON request a
// line, { id, call, args }, and answer one JSON line, { id, result } or { id, refused: { name, message } }. They all know the same calls, so
// that every scenario exists once. What a client cannot do its program says in `about`; it is not asked for that.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { CLIENT_PROGRAMS, type ClientName } from "./client-programs.ts";
import type { Observation } from "./compare.ts";
import { stopChild } from "./processes.ts";

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

/** What a client may lack beside whole calls; the calls are without it then. */
export type Feature =
  | "acks"
  | "codecs"
  | "consumer protocol"
  | "headers"
  | "idempotence"
  | "null keys"
  | "offsets in transactions"
  | "read_uncommitted"
  | "record timestamps"
  | "topic configs";

export interface About {
  /** Of the library, as it says itself. */
  readonly version: string;
  /** The codecs that it can write and read, "none" among them. */
  readonly codecs: readonly string[];
  /** What the client cannot do, each with the reason in a few words. */
  readonly lacks: Readonly<Partial<Record<Feature | keyof ClientCalls, string>>>;
}

/** The calls, with what they are given and what they answer. Offsets, partitions and names come in ascending order. */
export interface ClientCalls {
  about(args: Record<string, never>): About;
  createTopic(args: { topic: string; partitions: number; configs?: Readonly<Record<string, string>> }): null;
  deleteTopic(args: { topic: string }): null;
  partitionCount(args: { topic: string }): number;
  /** The names that begin so. */
  listTopics(args: { prefix: string }): string[];
  /** Up to so many in all. */
  addPartitions(args: { topic: string; partitions: number }): null;
  describeConfigs(args: { topic: string; names: readonly string[] }): Readonly<Record<string, string | null>>;
  /** Of the topic's own configuration these are set; where a client can only set all of it, these are all of it. */
  alterConfigs(args: { topic: string; configs: Readonly<Record<string, string>> }): null;
  produce(args: {
    topic: string;
    codec?: string;
    acks?: number;
    isIdempotent?: boolean;
    records: readonly RecordToSend[];
  }): { partition: number; offset: number }[];
  /**
   * Sends `count` records with the values "0", "1", … one after the other, each when the one before was acknowledged and `everyMs` have passed,
   * to the partitions in turn. It is patient: a broker that is away for a minute is waited for. Answers the values that were acknowledged, and
   * the names of the errors of those that were not.
   */
  produceSteadily(args: { topic: string; partitions: readonly number[]; count: number; everyMs: number }): {
    acknowledged: string[];
    refused: string[];
  };
  /**
   * One transaction of the producer with this id, which a process keeps from one call to the next: with these records, and with these offsets of
   * the group if there are any. `open` leaves it as it is when all of it was acknowledged, and the next call for the id goes on with it.
   */
  transact(args: {
    id: string;
    topic: string;
    records: readonly RecordToSend[];
    offsets?: { group: string; topic: string; partition: number; offset: number };
    end: "commit" | "abort" | "open";
  }): null;
  /** Reads until `count` records came. Fewer come back when `waitMs` is over before. Default of `isolation`: the client's. */
  read(args: {
    topic: string;
    partitions: readonly number[];
    from: StartPoint;
    count: number;
    waitMs?: number;
    isolation?: "read_committed" | "read_uncommitted";
  }): RecordSeen[];
  /** Waits at the end of the topic, sends the records from there, and reads them. */
  readNew(args: { topic: string; partitions: readonly number[]; records: readonly RecordToSend[] }): RecordSeen[];
  watermarks(args: { topic: string; partitions: readonly number[] }): { low: number; high: number }[];
  offsetsForTime(args: { topic: string; partitions: readonly number[]; timestampMs: number }): number[];
  /** Joins, goes on from what is committed, else from the beginning, and commits what it has received. */
  join(args: { topic: string; group: string; protocol?: "classic" | "consumer" }): null;
  assignment(args: Record<string, never>): number[];
  received(args: Record<string, never>): { partition: number; offset: number; value: string | null }[];
  leave(args: Record<string, never>): null;
  /** -1 where nothing is. */
  committed(args: { topic: string; group: string; partitions: readonly number[] }): number[];
  /** For a group without members, which may be new. */
  commit(args: { topic: string; group: string; offsets: readonly { partition: number; offset: number }[] }): null;
  /** The names that begin so. */
  listGroups(args: { prefix: string }): string[];
  /** `state` as the client writes it. */
  describeGroup(args: { group: string }): { state: string; members: number };
  deleteGroup(args: { group: string }): null;
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
  #hasEnded = false;

  /** @param command a program that knows these calls */
  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" } });
    this.#child.stderr.on("data", (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-4000);
    });
    this.#child.stdin.on("error", () => undefined); // The exit below tells it better.
    // Not at its exit: what it said last comes after that.
    this.#child.on("close", () => {
      this.#hasEnded = true;
      for (const { reject } of this.#waiting.values()) reject(this.#ended());
      this.#waiting.clear();
    });
    createInterface(this.#child.stdout).on("line", (text) => this.#onLine(text));
  }

  static async start(client: ClientName, bootstrap: string): Promise<ClientProcess> {
    const [command, ...args] = await CLIENT_PROGRAMS[client].command();
    return new ClientProcess(command, [...args, bootstrap]);
  }

  /** Rejects with a Refusal when the client raises an error. */
  async call<C extends keyof Calls & string>(call: C, args: Arguments<Calls, C>, deadlineMs = 60_000): Promise<Answer<Calls, C>> {
    if (this.#hasEnded) throw this.#ended();
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

  #ended(): Error {
    const { exitCode, signalCode } = this.#child;
    return new Error(`the client process ended with ${signalCode ?? exitCode}: ${this.#errors}`);
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
