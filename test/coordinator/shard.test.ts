// The runtime with the smallest state there is: a map of words.

import { describe, expect, it } from "vitest";
import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { controlBatch } from "../../protocol/records/control-batch.ts";
import { RecordBatch } from "../../protocol/records/record-batch.ts";
import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import type { CoordinatorState, RecordCodec, RecordOrigin } from "../../src/coordinator/coordinator-state.ts";
import { answer } from "../../src/coordinator/decision.ts";
import { CoordinatorRuntime } from "../../src/coordinator/runtime.ts";
import { Partition } from "../../src/partition/partition.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";
import { MemoryPartitionLog } from "./support/memory-partition-log.ts";
import { topicSettings } from "./support/topic-settings.ts";

interface Word {
  readonly key: string;
  readonly value: string | null;
}

const codec: RecordCodec<Word> = {
  encode: ({ key, value }) => ({ key: Buffer.from(key), value: value === null ? null : Buffer.from(value) }),
  decode: (key, value) => {
    if (key.toString().startsWith("!")) throw new MalformedMessage("no word");
    return key.toString().startsWith("?") ? undefined : { key: key.toString(), value: value?.toString() ?? null };
  },
};

class Words implements CoordinatorState<Word> {
  readonly words = new Map<string, string>();
  readonly ended: string[] = [];
  isLoaded = false;
  unloadedWith: ErrorCode | undefined;
  replayFails = false;
  static loadedFails = false;

  replay({ key, value }: Word, origin: RecordOrigin | undefined): void {
    if (this.replayFails) throw new Error("cannot replay");
    if (origin !== undefined && origin.producerId >= 0) this.ended.push(`${key} of ${origin.producerId}`);
    else if (value === null) this.words.delete(key);
    else this.words.set(key, value);
  }

  endTransaction(producerId: number, isCommit: boolean): void {
    this.ended.push(`${isCommit ? "commit" : "abort"} of ${producerId}`);
  }

  loaded(): void {
    if (Words.loadedFails) throw new Error("cannot go on");
    this.isLoaded = true;
  }

  unloaded(error: ErrorCode): void {
    this.unloadedWith = error;
  }
}

function bench(log = new MemoryPartitionLog(0), logger = silentLogger) {
  const clock = new VirtualClock();
  const states: Words[] = [];
  const runtime = new CoordinatorRuntime<Words, Word>({
    clock,
    logger,
    codec,
    commitTimeoutMs: 5000,
    newState: () => {
      const state = new Words();
      states.push(state);
      return state;
    },
  });
  const partition = new Partition(log, topicSettings, 0);
  const put = (key: string, value: string | null = "x") =>
    runtime.write<string | ErrorCode>(
      0,
      () => ({ records: [{ key, value }], applied: () => `put ${key}` }),
      (error) => error,
    );
  const wordsOf = (index: number) =>
    runtime.read<string[] | ErrorCode>(
      index,
      (state) => [...state.words.keys()].sort(),
      (error) => error,
    );
  const words = () => wordsOf(0);
  return { clock, log, partition, runtime, states, put, words, wordsOf };
}

describe("a shard", () => {
  it("answers NOT_COORDINATOR for partitions that this broker does not lead", () => {
    const { put, words } = bench();
    expect(put("a")).toBe(Errors.NOT_COORDINATOR);
    expect(words()).toBe(Errors.NOT_COORDINATOR);
  });

  it("replies synchronously when the log is durable at once, with the records applied", () => {
    const { runtime, partition, put, words } = bench();
    runtime.elected(partition);
    expect(put("a")).toBe("put a");
    expect(put("b")).toBe("put b");
    expect(put("a", null)).toBe("put a");
    expect(words()).toEqual(["b"]);
  });

  it("holds the reply back until the records are committed, while the next operation sees them", async () => {
    const { runtime, partition, log, put, words } = bench();
    runtime.elected(partition);
    log.isDurableAtOnce = false;
    const reply = put("a");
    expect(reply).toBeInstanceOf(Promise);
    expect(words()).toEqual(["a"]);
    const told = runtime.write<string[] | ErrorCode>(
      0,
      (state) => ({ ...answer([...state.words.keys()]), tellsStored: true }),
      (error) => error,
    );
    expect(told).toBeInstanceOf(Promise);
    let settled = 0;
    void Promise.resolve(reply).then(() => settled++);
    void Promise.resolve(told).then(() => settled++);
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).toBe(0);
    log.makeDurable();
    expect(await reply).toBe("put a");
    expect(await told).toEqual(["a"]);
  });

  it("runs `applied` at the append and `committed` at the commit, before the reply", async () => {
    const { runtime, partition, log } = bench();
    runtime.elected(partition);
    log.isDurableAtOnce = false;
    const steps: string[] = [];
    const decision = {
      records: [{ key: "a", value: "1" }],
      applied: () => steps.push("applied"),
      committed: () => void steps.push("committed"),
    };
    const reply = runtime.write<number>(
      0,
      () => decision,
      () => -1,
    );
    expect(steps).toEqual(["applied"]);
    log.makeDurable();
    await reply;
    expect(steps).toEqual(["applied", "committed"]);
  });

  // Protocol guide, "Mapping of storage errors for all group APIs".
  it.each<[ErrorCode | "disk", ErrorCode]>([
    [Errors.UNKNOWN_TOPIC_OR_PARTITION, Errors.COORDINATOR_NOT_AVAILABLE],
    [Errors.NOT_ENOUGH_REPLICAS, Errors.COORDINATOR_NOT_AVAILABLE],
    [Errors.NOT_LEADER_OR_FOLLOWER, Errors.NOT_COORDINATOR],
    [Errors.KAFKA_STORAGE_ERROR, Errors.NOT_COORDINATOR],
    ["disk", Errors.NOT_COORDINATOR],
    [Errors.MESSAGE_TOO_LARGE, Errors.UNKNOWN_SERVER_ERROR],
    [Errors.RECORD_LIST_TOO_LARGE, Errors.UNKNOWN_SERVER_ERROR],
  ])("is as if nothing had happened when the log refuses with %s, and says %s", (failure, error) => {
    const { runtime, partition, log, put, words } = bench();
    runtime.elected(partition);
    put("before");
    log.failure = failure;
    const refusals: ErrorCode[] = [];
    const reply = runtime.write<string | ErrorCode>(
      0,
      () => ({ records: [{ key: "a", value: "1" }], applied: () => "applied", refused: (code) => void refusals.push(code) }),
      (code) => code,
    );
    expect(reply).toBe(error);
    expect(refusals).toEqual([error]);
    expect(words()).toEqual(["before"]);
    log.failure = undefined;
    expect(put("after")).toBe("put after");
  });

  it("says COORDINATOR_NOT_AVAILABLE when a commit takes longer than its limit", async () => {
    const { runtime, partition, log, clock, put } = bench();
    runtime.elected(partition);
    log.isDurableAtOnce = false;
    const reply = put("a");
    await clock.advance(4999);
    await clock.advance(1);
    expect(await reply).toBe(Errors.COORDINATOR_NOT_AVAILABLE);
  });

  it("says NOT_COORDINATOR to who waits for a commit when leadership ends, and unloads the state", async () => {
    const { runtime, partition, log, states, put, words } = bench();
    runtime.elected(partition);
    log.isDurableAtOnce = false;
    const reply = put("a");
    partition.resign();
    runtime.resigned(0);
    expect(await reply).toBe(Errors.NOT_COORDINATOR);
    expect(states[0]?.unloadedWith).toBe(Errors.NOT_COORDINATOR);
    expect(words()).toBe(Errors.NOT_COORDINATOR);
  });

  it("fails rather than lie when stored records cannot be applied", () => {
    const { runtime, partition, states, put, words } = bench();
    runtime.elected(partition);
    if (states[0] !== undefined) states[0].replayFails = true;
    expect(put("a")).toBe(Errors.NOT_COORDINATOR);
    expect(words()).toBe(Errors.NOT_COORDINATOR);
    expect(states[0]?.unloadedWith).toBe(Errors.NOT_COORDINATOR);
  });

  it("does not run an operation inside another", () => {
    const { runtime, partition, put } = bench();
    runtime.elected(partition);
    expect(() =>
      runtime.write(
        0,
        () => ({ records: [], applied: () => put("b") }),
        () => "refused",
      ),
    ).toThrow("operations run one after another");
    expect(put("c")).toBe("put c");
  });
});

describe("loading a shard", () => {
  function stored(): MemoryPartitionLog {
    const { runtime, partition, log, put } = bench();
    runtime.elected(partition);
    for (const key of ["a", "b", "?unknown", "c"]) put(key);
    put("b", null);
    return log;
  }

  it("replays a short log before anyone can ask, skipping records of unknown types", () => {
    const { runtime, partition, words, states } = bench(new MemoryPartitionLog(0, stored().batches));
    runtime.elected(partition);
    expect(words()).toEqual(["a", "c"]);
    expect(states[0]?.isLoaded).toBe(true);
  });

  it("says COORDINATOR_LOAD_IN_PROGRESS while the log is read off the event loop", async () => {
    const log = new MemoryPartitionLog(0, stored().batches);
    log.readsLater = true;
    const { runtime, partition, put, words, clock } = bench(log);
    runtime.elected(partition);
    expect(words()).toBe(Errors.COORDINATOR_LOAD_IN_PROGRESS);
    expect(put("d")).toBe(Errors.COORDINATOR_LOAD_IN_PROGRESS);
    await clock.advance(0);
    expect(words()).toEqual(["a", "c"]);
  });

  it("stops loading when leadership ends meanwhile", async () => {
    const log = new MemoryPartitionLog(0, stored().batches);
    log.readsLater = true;
    const { runtime, partition, words, clock, states } = bench(log);
    runtime.elected(partition);
    runtime.resigned(0);
    await clock.advance(0);
    expect(words()).toBe(Errors.NOT_COORDINATOR);
    expect(states[0]).toMatchObject({ isLoaded: false, unloadedWith: undefined });
  });

  it("waits for what is not committed yet", async () => {
    const log = new MemoryPartitionLog(0, stored().batches);
    const { runtime, partition, words, clock } = bench(log);
    log.isDurableAtOnce = false;
    partition.append(buildBatch([{ key: Buffer.from("late"), value: Buffer.from("x") }]).bytes, "coordinator");
    runtime.elected(partition);
    await clock.advance(0);
    expect(words()).toBe(Errors.COORDINATOR_LOAD_IN_PROGRESS);
    log.makeDurable();
    await clock.advance(0);
    await clock.advance(0);
    expect(words()).toEqual(["a", "c", "late"]);
  });

  it("loads many partitions of a storage that answers later, and those again that it did not answer for, saying so once", async () => {
    const lines: RecordedLine[] = [];
    const { clock, runtime, wordsOf } = bench(undefined, recordingLogger(lines));
    const indexes = Array.from({ length: 50 }, (_, index) => index);
    for (const index of indexes) {
      const log = new MemoryPartitionLog(index, stored().batches);
      log.readsLater = true;
      log.failingReads = index % 10 === 3 ? 3 : 0;
      runtime.elected(new Partition(log, topicSettings, 0));
    }
    expect(indexes.map((index) => wordsOf(index))).toEqual(indexes.map(() => Errors.COORDINATOR_LOAD_IN_PROGRESS));
    for (let turn = 0; turn < 5; turn++) await clock.advance(0);
    const isFailing = (index: number) => index % 10 === 3;
    expect(indexes.map((index) => wordsOf(index))).toEqual(
      indexes.map((index) => (isFailing(index) ? Errors.NOT_COORDINATOR : ["a", "c"])),
    );
    await clock.advance(3500);
    expect(indexes.map((index) => wordsOf(index))).toEqual(indexes.map(() => ["a", "c"]));
    const told = (level: RecordedLine["level"]) => lines.filter((line) => line.level === level).map(({ facts }) => facts["partition"]);
    expect(told("error")).toEqual([3, 13, 23, 33, 43].map((index) => `__consumer_offsets-${index}`));
  });

  it("fails when it cannot go on from what it has loaded, also later", async () => {
    const log = new MemoryPartitionLog(0, stored().batches);
    log.readsLater = true;
    const { runtime, partition, words, clock } = bench(log);
    Words.loadedFails = true;
    runtime.elected(partition);
    await clock.advance(0);
    expect(words()).toBe(Errors.NOT_COORDINATOR);
    Words.loadedFails = false;
    await clock.advance(1500);
    expect(words()).toEqual(["a", "c"]);
  });

  it("passes over what it cannot read, loads the rest, and says what and where", () => {
    const log = stored();
    const strange = [
      { key: Buffer.from("!"), value: null },
      { key: null, value: null },
      { key: Buffer.from("d"), value: Buffer.from("x") },
    ];
    log.append(buildBatch(strange).bytes, { leaderEpoch: 0, origin: "coordinator" });
    const first = log.batches[0]?.bytes.fill(0xff, 61);
    // Not damaged: so it was written.
    if (first !== undefined) new RecordBatch(first).updateCrc();
    const lines: RecordedLine[] = [];
    const { runtime, partition, words } = bench(new MemoryPartitionLog(0, log.batches), recordingLogger(lines));
    runtime.elected(partition);
    expect(words()).toEqual(["c", "d"]);
    const { facts } = lines.find(({ level }) => level === "warn") ?? {};
    expect(facts).toMatchObject({ topic: "__consumer_offsets", partition: 0, skippedCount: 4 });
    expect(facts?.["offsets"]).toEqual([
      expect.stringMatching(/^0: the rest of a batch: /),
      "2: its type is not known to this version",
      "5: no word",
      "6: it has no key",
    ]);
  });

  it("tells records of transactions apart, and when their marker comes", () => {
    const log = new MemoryPartitionLog(0);
    const partition = new Partition(log, topicSettings, 0);
    const transactional = { producerId: 7, producerEpoch: 0, baseSequence: 0, isTransactional: true };
    partition.append(buildBatch([{ key: Buffer.from("t"), value: Buffer.from("x") }], transactional).bytes, "coordinator");
    partition.append(controlBatch({ producerId: 7, producerEpoch: 0, coordinatorEpoch: 0, type: 1, timestamp: 0 }).bytes, "coordinator");
    const { runtime, partition: again, states } = bench(new MemoryPartitionLog(0, log.batches));
    runtime.elected(again);
    expect(states[0]?.ended).toEqual(["t of 7", "commit of 7"]);
  });

  it("goes through a long log in steps, letting other work in between", async () => {
    const source = bench();
    source.runtime.elected(source.partition);
    const big = "v".repeat(600_000);
    for (let index = 0; index < 20; index++) source.put(`k${index}`, big);
    const { runtime, partition, words, clock } = bench(new MemoryPartitionLog(0, source.log.batches));
    runtime.elected(partition);
    expect(words()).toBe(Errors.COORDINATOR_LOAD_IN_PROGRESS);
    for (let turn = 0; turn < 30; turn++) await clock.advance(0);
    expect(words()).toHaveLength(20);
  });
});
