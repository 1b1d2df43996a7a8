// One random history of logs in objects: writers append to partitions whose leaders come and go, readers read behind them; at the end everything
// is read by a broker that knows nothing, and held against what clients were told and what the rows say.

import { recordsOf } from "../../../protocol/records/record.ts";
import { batchesOf } from "../../../protocol/records/record-batch.ts";
import type { AbortedTransaction } from "../../../src/storage/partition-log.ts";
import { ProducerStates } from "../../../src/storage/producer-states.ts";
import { complaintsAtRest } from "../../diskless/upkeep/at-rest.ts";
import { Reader } from "./reader.ts";
import { PARTITIONS, World } from "./world.ts";
import { Writer, type WriterKind } from "./writer.ts";

const WRITERS: readonly WriterKind[] = ["one at a time", "transactional", "several at once", "coordinator", "transactional", "coordinator"];
const LIMIT_MS = 3_600_000;

class History {
  readonly world: World;
  readonly writers: readonly Writer[];
  readonly reader: Reader;

  constructor(seed: number) {
    const world = new World(seed);
    this.world = world;
    this.writers = WRITERS.map((_, id) => new Writer(world, id, id % PARTITIONS));
    this.reader = new Reader(world, (value) => this.writers[Number(value.split(":")[0])]?.decided.get(value));
  }

  async run(): Promise<void> {
    const { world, writers, reader } = this;
    await world.start();
    const others = Promise.all([world.trouble(), reader.run()]);
    const written = Promise.all(writers.map((writer, id) => writer.run(WRITERS[id] ?? "coordinator")));
    // Whichever fails first.
    await Promise.race([written, others.then(() => written)]);
    world.isOver = true;
    await others;
    for (let partition = 0; partition < PARTITIONS; partition++) await this.#check(partition);
    const complaints = complaintsAtRest(world);
    if (complaints.length > 0) throw new Error(complaints.join("; "));
  }

  async #check(partition: number): Promise<void> {
    const log = await this.world.fresh(partition);
    const states = new ProducerStates();
    const found = new Map<string, number>();
    const aborted: AbortedTransaction[] = [];
    let expected = 0;
    while (expected < log.durableOffset) {
      const range = { offset: expected, untilOffset: log.durableOffset };
      const { records, nextOffset } = await log.read({ ...range, maxBytes: 800, firstBatchWhole: true });
      if (nextOffset === expected) throw new Error(`a hole at ${expected} of ${partition}`);
      for (const buffer of records) {
        this.reader.see(partition, buffer);
        for (const batch of batchesOf(buffer)) {
          if (batch.baseOffset !== expected) throw new Error(`${batch.baseOffset} follows ${expected} in ${partition}`);
          expected = batch.nextOffset;
          const epoch = log.leaderEpochAt(batch.baseOffset);
          if (batch.partitionLeaderEpoch !== epoch)
            throw new Error(`${batch.baseOffset} of ${partition} is of epoch ${batch.partitionLeaderEpoch}, by the rows of ${epoch}`);
          const ended = states.append(batch);
          if (ended?.isAborted === true) aborted.push({ producerId: ended.producerId, firstOffset: ended.firstOffset });
          if (!batch.isControl) for (const { value, offset } of recordsOf(batch)) note(found, String(value), offset);
        }
      }
    }
    this.#compare(partition, found);
    states.settle(log.durableOffset);
    same("producers", [...log.activeProducers()].sort(byId), states.activeProducers().sort(byId));
    same("aborted transactions", await log.abortedTransactions(0, log.durableOffset), aborted);
    log.close();
  }

  #compare(partition: number, found: ReadonlyMap<string, number>): void {
    for (const { sent } of this.writers) {
      let last = -1;
      for (const { value, offset } of sent.filter((each) => each.partition === partition)) {
        const at = found.get(value);
        if (offset !== undefined && at !== offset)
          throw new Error(`${value} was acknowledged at ${offset} of ${partition}, and is at ${at}`);
        if (at !== undefined && at <= last) throw new Error(`${value} comes before what was sent before it`);
        last = at ?? last;
      }
    }
  }
}

function note(found: Map<string, number>, value: string, offset: number): void {
  if (found.has(value)) throw new Error(`${value} is there twice: at ${found.get(value)} and ${offset}`);
  found.set(value, offset);
}

function byId(one: { producerId: number }, other: { producerId: number }): number {
  return one.producerId - other.producerId;
}

function same(what: string, actual: unknown, expected: unknown): void {
  const [one, other] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (one !== other) throw new Error(`${what} by the rows are ${one}, by the log ${other}`);
}

/** Throws where it does not hold; gives how much happened. */
export async function runDisklessHistory(seed: number): Promise<Readonly<Record<string, number>>> {
  const history = new History(seed);
  const { world, writers, reader } = history;
  let isDone = false;
  const run = Promise.race([history.run(), world.failure]).finally(() => {
    isDone = true;
  });
  run.catch(() => undefined);
  await world.time.run(() => isDone, LIMIT_MS);
  await run;
  return {
    batches: writers.reduce((sum, { sent }) => sum + sent.length, 0),
    reads: reader.reads,
    retries: writers.reduce((sum, { retries }) => sum + retries, 0),
    objects: world.bucket.objects.size,
  };
}
