// The catalog in PostgreSQL when brokers use it at once, and when the server dies under them.

import { afterAll, describe, expect, test } from "vitest";
import { hasPostgresReference } from "../../scripts/postgres-reference.ts";
import type { Catalog, LogCommit, NewSegment, Segment } from "../../src/diskless/catalog.ts";
import { Leader, logCommit, newTopicId } from "../diskless/contracts/catalog-bench.ts";
import { CatalogComparison } from "../diskless/contracts/catalog-comparison.ts";
import { memoryBench } from "../diskless/memory-bench.ts";
import { Dice } from "../simulation/scheduler.ts";
import { PostgresBench } from "./diskless-catalog-bench.ts";
import { port } from "./port.ts";
import { PostgresServer } from "./postgres-server.ts";

const PORT = port(20122);
const SEEDS = Number(process.env["CATALOG_SEEDS"] ?? 20);
const STEPS = 150;
const PATIENCE_MS = 60_000;

describe.skipIf(!hasPostgresReference())("the catalog in PostgreSQL", () => {
  let server: PostgresServer | undefined;
  const started = async () => {
    server ??= await PostgresServer.start(PORT);
    return server;
  };
  afterAll(() => server?.stop());

  test("answers as the one in memory does, whatever is asked", async () => {
    const bench = new PostgresBench(await started());
    for (let seed = 1; seed <= SEEDS; seed++) await new CatalogComparison(seed, memoryBench(), bench).run(STEPS);
  });

  test("is of one mind when leaders take over from each other while they commit", async () => {
    const bench = new PostgresBench(await started(), 4);
    const [topicId, partitions] = [newTopicId(), Array.from({ length: 6 }, (_, partition) => partition)];
    const rivals: Rival[] = [];
    for (const seed of [1, 2, 3, 4]) {
      const leader = await Leader.join(bench);
      rivals.push(new Rival({ leader, elsewhere: bench.catalog(leader.incarnation), topicId, seed }));
    }
    const epochs = { newest: 0 };
    await Promise.all(rivals.map((rival) => rival.live(120, partitions, epochs)));

    const reader = await Leader.join(bench);
    const acknowledged = rivals.flatMap(({ taken }) => taken);
    const stored: string[] = [];
    for (const partition of partitions) {
      const { logId, startOffset, endOffset } = await reader.open(topicId, 1_000_000, partition);
      const segments = await reader.catalog.segments(logId, 0, 100_000);
      expectWhole(segments, startOffset, endOffset);
      stored.push(...segments.map(textOf));
    }
    expect(acknowledged.length).toBeGreaterThan(100);
    expect(rivals.some(({ refusedCount }) => refusedCount > 0)).toBe(true);
    expect(stored.sort()).toEqual(acknowledged.sort());
    const [deadlocks] = await bench.query<{ deadlocks: number }>("SELECT sum(deadlocks)::int AS deadlocks FROM pg_stat_database");
    expect(deadlocks?.deadlocks).toBe(0);
  });

  test("takes a call that is repeated after the server died once", async () => {
    const living = await started();
    const leader = await Leader.join(new PostgresBench(living));
    const { logId } = await leader.open(newTopicId(), 0);
    let [isOver, unknownCount] = [false, 0];
    const committing = (async () => {
      for (let offset = 0; !isOver; offset++) {
        const text = `record ${offset}`;
        const logs = [logCommit(logId, offset, [segmentOf(text, offset)])];
        leader.sequence++;
        for (;;) {
          const outcome = await leader.commitAgain(logs).catch((error: { code?: string }) => error);
          if ("kind" in outcome) {
            expect(outcome).toEqual({ kind: "committed", objectIds: [], refusedLogIds: [] });
            break;
          }
          expect(outcome).toMatchObject({ code: "UNAVAILABLE" });
          unknownCount++;
        }
      }
    })();
    for (let times = 0; times < 4; times++) {
      await sequencePasses(leader, leader.sequence + 20);
      await living.kill();
      await living.resume();
    }
    await sequencePasses(leader, leader.sequence + 5);
    isOver = true;
    await committing;
    const segments = await leader.catalog.segments(logId, 0, 100_000);
    expect(unknownCount).toBeGreaterThan(0);
    expect(segments.map(textOf)).toEqual(Array.from({ length: leader.sequence }, (_, offset) => `record ${offset}`));
  });
});

interface RivalOptions {
  readonly leader: Leader;
  /** The same incarnation's, over other connections. */
  readonly elsewhere: Catalog;
  readonly topicId: string;
  readonly seed: number;
}

/** Opens logs that others have, at ever newer epochs, and commits to those that it thinks it has. */
class Rival {
  /** What it was told that it is committed. */
  readonly taken: string[] = [];
  refusedCount = 0;
  readonly #leader: Leader;
  /** For calls that are doubled. */
  readonly #again: Leader;
  readonly #topicId: string;
  readonly #dice: Dice;
  readonly #logs = new Map<number, { readonly endOffset: number; readonly leaderEpoch: number }>();

  constructor({ leader, elsewhere, topicId, seed }: RivalOptions) {
    this.#leader = leader;
    this.#again = new Leader(elsewhere, leader.incarnation);
    this.#topicId = topicId;
    this.#dice = new Dice(seed);
  }

  async live(steps: number, partitions: readonly number[], epochs: { newest: number }): Promise<void> {
    for (let step = 0; step < steps; step++) {
      if (this.#dice.chance(0.2)) await this.#takeOver(partitions, epochs);
      else await this.#commit();
    }
  }

  async #takeOver(partitions: readonly number[], epochs: { newest: number }): Promise<void> {
    // In any order: the database has its own.
    const chosen = partitions.filter(() => this.#dice.chance(0.5)).sort(() => this.#dice.next() - 0.5);
    const requests = chosen.map((partition) => ({ topicId: this.#topicId, partition, leaderEpoch: ++epochs.newest }));
    const outcomes = await this.#leader.catalog.open(requests);
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.kind === "open") this.#logs.set(outcome.logId, { ...outcome, leaderEpoch: requests[index]?.leaderEpoch ?? 0 });
    }
  }

  async #commit(): Promise<void> {
    const commits = [...this.#logs].sort(() => this.#dice.next() - 0.5).map(([logId, log]) => this.#logCommit(logId, log));
    this.#leader.sequence++;
    const isDoubled = this.#dice.chance(0.1);
    this.#again.sequence = this.#leader.sequence;
    const doubled = isDoubled ? this.#again.commitAgain(commits) : undefined;
    const [outcome, again] = await Promise.all([this.#leader.commitAgain(commits), doubled]);
    if (isDoubled) expect(again).toEqual(outcome);
    if (outcome.kind !== "committed") throw new Error(`not committed but ${outcome.kind}`);
    for (const { logId, endOffset, leaderEpoch, segments } of commits) {
      if (outcome.refusedLogIds.includes(logId)) {
        this.#logs.delete(logId);
        this.refusedCount++;
      } else {
        this.#logs.set(logId, { endOffset, leaderEpoch });
        this.taken.push(...segments.map(textOf));
      }
    }
  }

  #logCommit(logId: number, { endOffset, leaderEpoch }: { readonly endOffset: number; readonly leaderEpoch: number }): LogCommit {
    const segments = Array.from({ length: this.#dice.between(1, 3) }, (_, index) => {
      const offset = endOffset + index;
      return segmentOf(`${this.#leader.incarnation.number}/${this.#leader.sequence}/${logId}/${offset}`, offset);
    });
    return logCommit(logId, endOffset, segments, { leaderEpoch });
  }
}

function segmentOf(text: string, offset: number): NewSegment {
  const bytes = Buffer.from(text);
  return { baseOffset: offset, endOffset: offset + 1, sizeBytes: bytes.length, maxTimestampMs: offset, place: { kind: "inline", bytes } };
}

function textOf({ place }: Segment | NewSegment): string {
  return place.kind === "inline" ? place.bytes.toString() : "";
}

function expectWhole(segments: readonly Segment[], startOffset: number, endOffset: number): void {
  let next = startOffset;
  for (const segment of segments) {
    expect(segment.baseOffset).toBe(next);
    next = segment.endOffset;
  }
  expect(next).toBe(endOffset);
}

async function sequencePasses(leader: Leader, sequence: number): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (leader.sequence < sequence) {
    if (Date.now() > deadline) throw new Error(`no commit came through in ${PATIENCE_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
