// Two catalogs given the same calls, chosen by a seed, must give the same answers, whatever the calls. Ids of logs and objects are each
// catalog's own; in answers logs are told by their names, objects by their keys.

import { expect } from "vitest";
import type { Catalog, CommitOutcome, LogCommit, NewSegment, OpenOutcome, OpenRequest, Segment } from "../../../src/diskless/catalog.ts";
import type { Incarnation } from "../../../src/diskless/leases.ts";
import type { ProducerState } from "../../../src/storage/producer-states.ts";
import { Dice } from "../../simulation/scheduler.ts";
import { type CatalogBench, inlineSegment, newTopicId, objectSegment, producer } from "./catalog-bench.ts";

const PARTITIONS = 4;
const TOPICS = 2;
const MOST_LEADERS = 4;
const NEVER = "never";

/** One of the two. */
interface Side {
  readonly bench: CatalogBench;
  readonly leaders: { readonly incarnation: Incarnation; readonly catalog: Catalog }[];
  readonly logIds: Map<string, number>;
}

/** What a leader was told last: it is mostly right to go on from there. */
interface Known {
  readonly endOffset: number;
  readonly leaderEpoch: number;
}

/** A commit whose logs are told by their names. */
interface NamedCommit {
  readonly sequence: number;
  readonly keys: readonly string[];
  readonly logs: readonly (Omit<LogCommit, "logId"> & { readonly name: string })[];
}

export class CatalogComparison {
  readonly #dice: Dice;
  readonly #sides: readonly [Side, Side];
  readonly #topicIds: string[];
  /** Of the leaders, by their index. */
  readonly #known: Map<string, Known>[] = [];
  readonly #commits: NamedCommit[][] = [];
  #keyCount = 0;
  readonly #seed: number;

  constructor(seed: number, one: CatalogBench, other: CatalogBench) {
    this.#seed = seed;
    this.#dice = new Dice(seed);
    const side = (bench: CatalogBench): Side => ({ bench, leaders: [], logIds: new Map([[NEVER, 2 ** 50]]) });
    this.#sides = [side(one), side(other)];
    this.#topicIds = Array.from({ length: TOPICS }, newTopicId);
  }

  async run(stepCount: number): Promise<void> {
    for (let step = 0; step < stepCount; step++) await this.#step();
    for (const name of this.#names()) await this.#segments(name, 0, 1_000);
  }

  async #step(): Promise<unknown> {
    const dice = this.#dice;
    const number = dice.next();
    if (this.#known.length === 0 || (number < 0.03 && this.#known.length < MOST_LEADERS)) return this.#join();
    if (number < 0.04) return this.#end();
    if (number < 0.05) return this.#delete();
    if (number < 0.15) return this.#open();
    if (number < 0.65) return this.#commit();
    if (number < 0.7) return this.#moveStart();
    if (number < 0.72) return this.#expireProducers();
    const [name, from] = [this.#someName(), dice.between(0, 60)];
    if (number < 0.82) return this.#segments(name, from, dice.between(1, 8));
    const time = dice.between(-1, 1050);
    const one = async (found: Promise<Segment | undefined>) => (await found.then((segment) => (segment ? [segment] : []))).map(shown);
    if (number < 0.9)
      return this.#both(`segmentAt ${name} ${time} ${from}`, (side) => one(this.#any(side).segmentAt(idOf(side, name), time, from)));
    if (number < 0.95) return this.#both(`max ${name}`, (side) => one(this.#any(side).segmentOfMaxTimestamp(idOf(side, name))));
    return this.#both(`aborted ${name} ${from}`, (side) => this.#any(side).abortedRanges(idOf(side, name), from));
  }

  async #join(): Promise<void> {
    for (const { bench, leaders } of this.#sides) {
      const incarnation = await bench.join();
      leaders.push({ incarnation, catalog: bench.catalog(incarnation) });
    }
    this.#known.push(new Map());
    this.#commits.push([]);
  }

  async #end(): Promise<void> {
    const index = this.#someLeader();
    for (const side of this.#sides) await side.bench.end(leaderOf(side, index).incarnation);
  }

  async #delete(): Promise<void> {
    const [topic, partition] = [this.#dice.between(0, TOPICS - 1), this.#dice.between(0, PARTITIONS - 1)];
    const topicId = this.#topicIds[topic] ?? "";
    const isAll = this.#dice.chance(0.5);
    const partitions = isAll ? Array.from({ length: PARTITIONS }, (_, each) => each) : [partition];
    await this.#both("delete", (side) => this.#any(side).deleteLogs(partitions.map((each) => ({ topicId, partition: each }))));
    if (isAll) this.#topicIds[topic] = newTopicId();
  }

  async #open(): Promise<void> {
    const index = this.#someLeader();
    const requests: (OpenRequest & { readonly name: string })[] = [];
    for (const name of this.#names().filter(() => this.#dice.chance(0.4))) {
      const [topicId = "", partition = ""] = name.split("/");
      const newest = Math.max(0, ...this.#known.map((known) => known.get(name)?.leaderEpoch ?? 0));
      requests.push({ topicId, partition: Number(partition), leaderEpoch: Math.max(0, newest + this.#dice.between(-1, 2)), name });
    }
    const answers = await this.#both(`open ${JSON.stringify(requests)}`, async (side) => {
      const outcomes = await leaderOf(side, index).catalog.open(requests.map(({ name, ...request }) => request));
      return outcomes.map((outcome, position) => named(side, outcome, requests[position]?.name ?? ""));
    });
    for (const [position, { name, leaderEpoch }] of requests.entries()) {
      const answer = answers[position];
      if (answer?.kind === "open") this.#known[index]?.set(name, { endOffset: answer.endOffset, leaderEpoch });
    }
  }

  async #commit(): Promise<void> {
    const [index, dice] = [this.#someLeader(), this.#dice];
    const commits = this.#commits[index] ?? [];
    const isAgain = commits.length > 0 && dice.chance(0.15);
    const isOutOfTurn = dice.chance(0.03);
    const last = commits.at(-1)?.sequence ?? 0;
    const commit = isAgain ? dice.pick(commits.slice(-3)) : this.#newCommit(index, last + (isOutOfTurn ? 2 : 1));
    const answer = await this.#both(`commit ${JSON.stringify(commit)}`, async (side) => {
      const { sequence, keys, logs } = commit;
      const objects = keys.map((key) => ({ key, sizeBytes: 5000 }));
      const given = { sequence, objects, logs: logs.map(({ name, ...log }) => ({ ...log, logId: idOf(side, name) })) };
      return namedCommit(side, await leaderOf(side, index).catalog.commit(given));
    });
    if (isAgain || answer.kind !== "committed") return;
    commits.push(commit);
    for (const { name, endOffset, leaderEpoch } of commit.logs) {
      if (!answer.refused.includes(name)) this.#known[index]?.set(name, { endOffset, leaderEpoch });
    }
  }

  #newCommit(leader: number, sequence: number): NamedCommit {
    const dice = this.#dice;
    const keys = Array.from({ length: dice.between(0, 2) }, () => `${this.#seed}-${this.#topicIds[0]}-${this.#keyCount++}`);
    const known = [...(this.#known[leader] ?? [])].filter(() => dice.chance(0.6));
    const logs = known.map(([name, { endOffset, leaderEpoch }]) => {
      const from = dice.chance(0.95) ? endOffset : endOffset + dice.between(0, 2);
      const epoch = dice.chance(0.9) ? leaderEpoch : Math.max(0, leaderEpoch + dice.between(-2, 2));
      return this.#newLogCommit(name, { endOffset: from, leaderEpoch: epoch }, keys);
    });
    if (dice.chance(0.05)) logs.push(this.#newLogCommit(NEVER, { endOffset: 0, leaderEpoch: 0 }, keys));
    return { sequence, keys, logs };
  }

  #newLogCommit(name: string, { endOffset: from, leaderEpoch }: Known, keys: readonly string[]): NamedCommit["logs"][number] {
    const dice = this.#dice;
    const segments: NewSegment[] = [];
    const abortedRanges: LogCommit["abortedRanges"][number][] = [];
    const producers = new Map<number, ProducerState>();
    let end = from;
    for (let left = dice.between(0, 4); left > 0; left--) {
      const base = end;
      const counts = Array.from({ length: dice.between(1, 3) }, () => dice.between(1, 3));
      const isInline = keys.length === 0 || dice.chance(0.3);
      const made = isInline
        ? inlineSegment(base, base + 2)
        : objectSegment(dice.between(0, keys.length - 1), base, counts, dice.between(0, 1000));
      segments.push({ ...made, maxTimestampMs: dice.between(-1, 1000) });
      end = made.endOffset;
      const producerId = dice.between(0, 3);
      if (dice.chance(0.3)) abortedRanges.push({ producerId, firstOffset: base, lastOffset: end - 1 });
      if (dice.chance(0.3)) producers.set(producerId, producer(producerId, end - 1, { transactionFirstOffset: dice.between(-1, end) }));
    }
    const begins = leaderEpoch > 0 && dice.chance(0.2);
    const leaderEpochs = begins ? [{ leaderEpoch, startOffset: dice.between(from, end) }] : [];
    return {
      name,
      leaderEpoch,
      expectedEndOffset: from,
      endOffset: end,
      segments,
      leaderEpochs,
      producers: [...producers.values()],
      abortedRanges,
    };
  }

  #moveStart(): Promise<unknown> {
    const [index, name, to] = [this.#someLeader(), this.#someName(), this.#dice.between(0, 40)];
    return this.#both(`moveStart ${name} ${to}`, (side) => leaderOf(side, index).catalog.moveStart(idOf(side, name), to));
  }

  #expireProducers(): Promise<unknown> {
    const [index, name, untilMs] = [this.#someLeader(), this.#someName(), this.#dice.between(1000, 1040)];
    return this.#both(`expireProducers ${name} ${untilMs}`, (side) =>
      leaderOf(side, index).catalog.expireProducers(idOf(side, name), untilMs),
    );
  }

  #segments(name: string, from: number, limit: number): Promise<unknown> {
    return this.#both(`segments ${name} ${from} ${limit}`, async (side) =>
      (await this.#any(side).segments(idOf(side, name), from, limit)).map(shown),
    );
  }

  async #both<Answer>(what: string, call: (side: Side) => Promise<Answer>): Promise<Answer> {
    const [one, other] = [await call(this.#sides[0]), await call(this.#sides[1])];
    expect(other, `seed ${this.#seed}: ${what}`).toEqual(one);
    return one;
  }

  #names(): readonly string[] {
    return this.#topicIds.flatMap((topicId) => Array.from({ length: PARTITIONS }, (_, partition) => `${topicId}/${partition}`));
  }

  #someName(): string {
    return this.#dice.pick([...this.#names(), NEVER]);
  }

  #someLeader(): number {
    return this.#dice.between(0, this.#known.length - 1);
  }

  /** It is no matter whose. */
  #any(side: Side): Catalog {
    return leaderOf(side, 0).catalog;
  }
}

function leaderOf(side: Side, index: number): Side["leaders"][number] {
  const leader = side.leaders[index];
  if (leader === undefined) throw new Error("there is no such leader");
  return leader;
}

function idOf(side: Side, name: string): number {
  return side.logIds.get(name) ?? side.logIds.get(NEVER) ?? 0;
}

function named(side: Side, outcome: OpenOutcome, name: string) {
  if (outcome.kind !== "open") return outcome;
  const { logId, segments, ...rest } = outcome;
  side.logIds.set(name, logId);
  return { ...rest, segments: segments.map(shown) };
}

function namedCommit(side: Side, outcome: CommitOutcome) {
  if (outcome.kind !== "committed") return { ...outcome, refused: [] };
  const names = new Map([...side.logIds].map(([name, id]) => [id, name]));
  return { kind: outcome.kind, objects: outcome.objectIds.length, refused: outcome.refusedLogIds.map((id) => names.get(id) ?? "") };
}

function shown({ place, ...segment }: Segment) {
  return { ...segment, place: place.kind === "inline" ? place : { ...place, object: place.object.key } };
}
