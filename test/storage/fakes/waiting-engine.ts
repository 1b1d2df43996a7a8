// An engine that takes its time: logs are opened, or not, and what they hold becomes durable when the test says so. Below it is the engine in
// memory, which holds the cluster to what it owes any engine: it opens no log that is open.

import { openMemoryEngine, type SegmentedEngine } from "../../../src/log/segmented-engine.ts";
import type { PartitionLog } from "../../../src/storage/partition-log.ts";
import type { LogIdentity, LogSpec, StorageEngine } from "../../../src/storage/storage-engine.ts";
import { StorageError } from "../../../src/storage/storage-error.ts";
import { type TopicPartition, topicPartitionName } from "../../../src/storage/topic-partition.ts";
import { SlowLog } from "./slow-log.ts";

export interface AskedOpening {
  readonly spec: LogSpec;
  /** Gives the log that came of it. */
  comes(): Promise<PartitionLog>;
  fails(): Promise<void>;
}

export class WaitingEngine implements StorageEngine {
  readonly opensAtOnce = false;
  readonly memory: SegmentedEngine = openMemoryEngine({ brokerId: 1 });
  /** What was asked for, oldest first. */
  readonly asked: AskedOpening[] = [];
  readonly deleted: LogIdentity[] = [];
  readonly closed: PartitionLog[] = [];
  /** The newest of each partition, by its name. */
  readonly logs = new Map<string, SlowLog>();
  /** Logs come by themselves, though not at once. */
  opensLogs = false;
  /** What is appended becomes durable at `SlowLog.commit`. */
  holdsCommits = false;
  /** With the next append it is full. */
  fillsAtAppend = false;
  #room: PromiseWithResolvers<void> | undefined;
  #failureListener: ((partition: TopicPartition) => void) | undefined;

  open(spec: LogSpec): Promise<PartitionLog> {
    const { promise, resolve, reject } = Promise.withResolvers<PartitionLog>();
    const comes = async () => {
      const inner = this.memory.open(spec);
      const slow = new SlowLog(inner, {
        isHeld: () => this.holdsCommits,
        appended: () => {
          if (this.fillsAtAppend) this.fill(true);
        },
      });
      const { log } = slow;
      this.logs.set(topicPartitionName(spec), slow);
      const close = inner.close.bind(inner);
      inner.close = () => {
        this.closed.push(log);
        close();
      };
      resolve(log);
      await settled();
      return log;
    };
    const fails = async () => {
      reject(new StorageError("UNAVAILABLE", "nobody answers"));
      await settled();
    };
    if (this.opensLogs) queueMicrotask(comes);
    else this.asked.push({ spec, comes, fails });
    return promise;
  }

  /** Names and epochs of what was asked for since the last call. */
  takeAsked(): AskedOpening[] {
    return this.asked.splice(0);
  }

  delete(log: LogIdentity): void {
    this.deleted.push(log);
    this.memory.delete(log);
  }

  onFailure(listener: (partition: TopicPartition) => void): void {
    this.#failureListener = listener;
  }

  fail(log: PartitionLog): void {
    Object.defineProperty(log, "isIntact", { value: false });
    this.#failureListener?.(log.topicPartition);
  }

  /** @param isFull what is not durable takes as much memory as it may */
  fill(isFull: boolean): void {
    this.#room?.resolve();
    this.#room = isFull ? Promise.withResolvers<void>() : undefined;
  }

  room(): Promise<void> | undefined {
    return this.#room?.promise;
  }

  gather(work: () => void): void {
    work();
  }

  logDirectory = () => this.memory.logDirectory();
  compact = () => Promise.resolve(false);
  checkpoint = () => Promise.resolve();
  close = () => this.memory.close();
}

/** When all promises that can settle have. */
export async function settled(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

export function nameAndEpoch({ spec }: AskedOpening): string {
  return `${topicPartitionName(spec)} at ${spec.leaderEpoch}`;
}
