// What the load generator is told, and what it answers. `replay` runs it in a process of its own.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Compression } from "../../protocol/records/batch-header.ts";
import type { Contender } from "./contender.ts";
import type { Address } from "./load-socket.ts";

interface Target extends Address {
  /** Of the broker, whose CPU is read when the measured part begins and ends. */
  readonly pid?: number;
  readonly topic: string;
  /** Connection i uses partitions i, i + connections, … modulo this number, in turn. */
  readonly partitions: number;
  readonly connections: number;
}

export interface ProduceOrder extends Target {
  readonly mode: "produce";
  /** Requests in flight on a connection; at least one for each of its partitions is encoded beforehand. */
  readonly window: number;
  /** In all, over the connections. */
  readonly requests: number;
  /** No more are sent after this time. */
  readonly mostSeconds: number;
  readonly recordBytes: number;
  readonly recordsPerBatch: number;
  /** Without answers (0) the end is seen by one more request with acks=1. */
  readonly acks: -1 | 0 | 1;
  readonly compression?: Compression;
  readonly isIdempotent?: boolean;
  /** Every connection commits after so many batches, and goes on with the next transaction. */
  readonly batchesPerTransaction?: number;
}

export interface FetchOrder extends Target {
  readonly mode: "fetch";
  /** Every connection reads from there; negative, so many records before the end. It must be where a batch begins. */
  readonly startOffset: number;
  /** Up to there; without it to the high watermark that the first answer tells. */
  readonly endOffset?: number;
  /** From the end back to the start, until a connection has read so many bytes. */
  readonly repeatBytes?: number;
  /** Default 1 MB. */
  readonly partitionMaxBytes?: number;
}

export type ReplayOrder = ProduceOrder | FetchOrder;

/** Of the measured part: a tenth of the requests goes before it where nothing else is said. */
export interface ReplayResult {
  readonly seconds: number;
  readonly requests: number;
  /** Bytes of record batches; of compressed ones, before compression. */
  readonly bytes: number;
  /** With those of what came before it. */
  readonly allBytes: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** CPU seconds of the broker; `undefined` without a pid. */
  readonly brokerCpuSeconds?: number;
  /** Share of one core that the load generator used. */
  readonly clientShare: number;
}

/** Reading a log that is larger than memory takes long. */
const TIMEOUT_MS = 3_600_000;

/** Throws when the load generator fails or takes more than an hour. */
export async function replay(order: ReplayOrder): Promise<ReplayResult> {
  const program = join(import.meta.dirname, "replay-client.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(order)], { timeout: TIMEOUT_MS }).catch(
    (error: Error & { stderr?: string; killed?: boolean }) => {
      const said = /Error: .*/.exec(error.stderr ?? "")?.[0];
      throw new Error(error.killed ? `the load generator did not end within ${TIMEOUT_MS / 1000} s` : (said ?? error.message));
    },
  );
  return JSON.parse(stdout) as ReplayResult;
}

/** Writes what earlier runs left in the page cache: it would slow the next one down. */
export async function settle(): Promise<void> {
  await promisify(execFile)("sync");
}

/** By default the listener that every contender has. */
export function targetOf(contender: Contender, at: Address = contender): Pick<Target, "host" | "port" | "isTls" | "pid"> {
  const { pid } = contender;
  const { host, port, isTls = false } = at;
  return { host, port, isTls, ...(pid === undefined ? {} : { pid }) };
}
