// One random history of logs in objects: producers, idempotent or transactional, append to partitions whose leaders come and go, readers read
// behind them; at the end everything is read by a broker that knows nothing, and held against what clients were told.

import { ControlType, type ControlType as Marker, readControlBatch } from "../../../protocol/records/control-batch.ts";
import { recordsOf } from "../../../protocol/records/record.ts";
import { batchesOf } from "../../../protocol/records/record-batch.ts";
import type { AbortedTransaction, PartitionLog } from "../../../src/storage/partition-log.ts";
import { ProducerStates } from "../../../src/storage/producer-states.ts";
import { batchOf } from "../../log/support.ts";
import { PARTITIONS, World } from "./world.ts";

const PRODUCERS = 4;
const BATCHES = 25;
const PATIENCE_MS = 3000;
const LIMIT_MS = 3_600_000;

interface Sent {
  readonly partition: number;
  readonly producer: number;
  readonly value: string;
  /** `undefined`: not known to be there. */
  offset: number | undefined;
  /** Of the transaction it was sent in; -1: in none. */
  readonly transaction: number;
}

interface Ended {
  readonly isCommitted: boolean;
}

class History {
  readonly world: World;
  readonly sent: Sent[] = [];
  readonly transactions = new Map<string, Ended>();
  /** Of what was read at an offset, by partition and offset. */
  readonly seen = new Map<string, string>();
  readonly #highWatermarks: number[] = Array.from({ length: PARTITIONS }, () => 0);
  readonly #epochs: number[] = [];
  reads = 0;
  retries = 0;

  constructor(seed: number) {
    this.world = new World(seed);
  }

  /** One batch after another, each until it is known to be there. */
  async produce(producer: number): Promise<void> {
    const { dice, time } = this.world;
    const isTransactional = producer % 2 === 1;
    const partition = producer % PARTITIONS;
    let transaction = 0;
    for (let sequence = 0; sequence < BATCHES; sequence++) {
      const value = `${producer}:${sequence}`;
      const sent: Sent = { partition, producer, value, offset: undefined, transaction: isTransactional ? transaction : -1 };
      this.sent.push(sent);
      const records = () =>
        batchOf([value], { producerId: producer, producerEpoch: 0, baseSequence: sequence, isTransactional, timestamp: time.now() });
      sent.offset = await this.#surely(partition, (leader) => leader.append(records(), "client"));
      if (isTransactional && dice.chance(0.3)) await this.#end(partition, producer, transaction++);
      await time.sleep(dice.between(0, 300));
    }
    if (isTransactional) await this.#end(partition, producer, transaction);
  }

  async #end(partition: number, producer: number, transaction: number): Promise<void> {
    const isCommitted = this.world.dice.chance(0.5);
    const type: Marker = isCommitted ? ControlType.COMMIT : ControlType.ABORT;
    const marker = { type, producerId: producer, producerEpoch: 0, coordinatorEpoch: 0, timestamp: this.world.time.now() };
    await this.#surely(partition, (leader) => leader.appendMarker(marker, 1));
    this.transactions.set(`${producer}/${transaction}`, { isCommitted });
  }

  /** Gives the offset, when that is committed. */
  async #surely(
    partition: number,
    append: (leader: NonNullable<ReturnType<World["partition"]>>) => ReturnType<PartitionLog["append"]>,
  ): Promise<number> {
    const { world } = this;
    for (;;) {
      const leader = world.partition(partition);
      if (leader?.isLeader === true) {
        const result = append(leader);
        if (result.ok) {
          const patience = world.time.sleep(PATIENCE_MS).then(() => false);
          const isCommitted = await Promise.race([leader.whenCommitted(result.lastOffset + 1) ?? true, patience]);
          if (isCommitted) return result.baseOffset;
        }
      }
      this.retries++;
      await world.time.sleep(world.dice.between(10, 200));
    }
  }

  /** What is shown once is shown so for ever. */
  async read(): Promise<void> {
    const { world } = this;
    while (!world.isOver) {
      await world.time.sleep(world.dice.between(10, 400));
      const index = world.dice.between(0, PARTITIONS - 1);
      const leader = world.leaders[index]?.machine.led.get(index);
      // As a client asks, with the newest leader epoch that it has seen: who led at an older one refuses.
      if (leader === undefined || leader.leaderEpoch < (this.#epochs[index] ?? 0)) continue;
      this.#epochs[index] = leader.leaderEpoch;
      const { highWatermark } = leader;
      const known = this.#highWatermarks[index] ?? 0;
      if (highWatermark < known) throw new Error(`the high watermark of ${index} fell from ${known} to ${highWatermark}`);
      this.#highWatermarks[index] = highWatermark;
      if (highWatermark === 0) continue;
      const offset = world.dice.between(0, highWatermark - 1);
      try {
        const reading = leader.log.read({ offset, untilOffset: highWatermark, maxBytes: 500, firstBatchWhole: true });
        const read = await Promise.race([reading, world.time.sleep(PATIENCE_MS)]);
        if (read === undefined) continue;
        const { records } = read;
        if (records.length === 0) throw new Error(`nothing to read at ${offset} of ${index} below ${highWatermark}`);
        for (const buffer of records) this.see(index, buffer);
        this.reads++;
      } catch (error) {
        if (!(error instanceof Error && error.name === "StorageError")) throw error;
      }
    }
  }

  see(partition: number, buffer: Buffer): void {
    for (const batch of batchesOf(buffer)) {
      const key = `${partition}@${batch.baseOffset}`;
      const content = batch.bytes.toString("base64");
      const before = this.seen.get(key);
      if (before !== undefined && before !== content) throw new Error(`what was read at ${key} is another by now`);
      this.seen.set(key, content);
    }
  }

  async check(partition: number): Promise<void> {
    const log = await this.world.fresh(partition);
    const states = new ProducerStates();
    const found = new Map<string, number>();
    const markers = new Map<number, boolean[]>();
    const aborted: AbortedTransaction[] = [];
    let expected = 0;
    while (expected < log.durableOffset) {
      const { records, nextOffset } = await log.read({
        offset: expected,
        untilOffset: log.durableOffset,
        maxBytes: 800,
        firstBatchWhole: true,
      });
      if (nextOffset === expected) throw new Error(`a hole at ${expected} of ${partition}`);
      for (const buffer of records) {
        this.see(partition, buffer);
        for (const batch of batchesOf(buffer)) {
          if (batch.baseOffset !== expected) throw new Error(`${batch.baseOffset} follows ${expected} in ${partition}`);
          expected = batch.nextOffset;
          const ended = states.append(batch);
          if (ended?.isAborted === true) aborted.push({ producerId: ended.producerId, firstOffset: ended.firstOffset });
          if (batch.isControl)
            markers.set(batch.producerId, [...(markers.get(batch.producerId) ?? []), readControlBatch(batch)?.type === ControlType.COMMIT]);
          else for (const { value, offset } of recordsOf(batch)) note(found, String(value), offset);
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
    const last = new Map<number, number>();
    for (const { producer, value, offset } of this.sent.filter((each) => each.partition === partition)) {
      const at = found.get(value);
      if (offset !== undefined && at !== offset) throw new Error(`${value} was acknowledged at ${offset} of ${partition}, and is at ${at}`);
      if (at !== undefined && at <= (last.get(producer) ?? -1)) throw new Error(`${value} comes before what was sent before it`);
      last.set(producer, at ?? -1);
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
  const { world } = history;
  let failure: unknown;
  let isDone = false;
  const fails = (work: Promise<void>) =>
    work.catch((error: unknown) => {
      failure ??= error;
    });
  void fails(world.keepLed());
  const troubles = fails(world.trouble());
  const reader = fails(history.read());
  const producers = Promise.all(Array.from({ length: PRODUCERS }, (_, producer) => fails(history.produce(producer))));
  void producers.then(async () => {
    world.isOver = true;
    await Promise.all([troubles, reader]);
    for (let partition = 0; partition < PARTITIONS && failure === undefined; partition++) await fails(history.check(partition));
    isDone = true;
  });
  await world.time.run(() => isDone || failure !== undefined, LIMIT_MS);
  if (failure !== undefined) throw failure;
  if (world.bucket.changedKeys.size > 0) throw new Error(`keys were used twice: ${[...world.bucket.changedKeys]}`);
  return { batches: history.sent.length, reads: history.reads, retries: history.retries, objects: world.bucket.objects.size };
}
