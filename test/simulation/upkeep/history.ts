// One random history of three logs under upkeep, and what must hold: what was acknowledged is read as it was, as long as it is kept; where a log
// starts never goes back; and at rest rows and objects agree.

import { recordsOf } from "../../../protocol/records/record.ts";
import { batchesOf } from "../../../protocol/records/record-batch.ts";
import { ObjectStoreError } from "../../../src/base/object-store.ts";
import type { PartitionLog } from "../../../src/storage/partition-log.ts";
import { StorageError } from "../../../src/storage/storage-error.ts";
import { complaintsAtRest } from "../../diskless/upkeep/at-rest.ts";
import { batchOf } from "../../log/support.ts";
import { COMPACTED, DOOMED, GRACE_MS, RETAINED, TOPICS, type Topic, World } from "./world.ts";

const LIFE_MS = 20_000;
const LIMIT_MS = 3_600_000;
const KEYS = 5;
const PATIENCE_MS = 2000;

interface Acknowledged {
  readonly key: string;
  readonly value: string;
}

class History {
  readonly world: World;
  /** By offset. */
  readonly acknowledged = new Map(TOPICS.map((topic) => [topic, new Map<number, Acknowledged>()]));
  /** Below it nothing is left of RETAINED, as was answered. */
  startOffset = 0;
  isOver = false;
  reads = 0;
  #serial = 0;
  /** Of every value that was appended. */
  readonly #keys = new Map<string, string>();

  constructor(seed: number) {
    this.world = new World(seed);
  }

  async again(fromMs: number, toMs: number, work: () => Promise<void>): Promise<void> {
    const { time, dice } = this.world;
    while (!this.isOver) {
      await time.sleep(dice.between(fromMs, toMs));
      if (!this.isOver) await work();
    }
  }

  async append(topic: Topic): Promise<void> {
    const { world } = this;
    const leadership = world.leaderships.get(topic);
    const log = leadership?.log;
    if (leadership === undefined || log === undefined || !log.isIntact || !leadership.machine.isAlive) return;
    if (world.deletedTopics.has(topic.topicId)) return;
    const records = Array.from({ length: world.dice.between(1, 3) }, () => ({
      key: `key ${world.dice.between(1, KEYS)}`,
      value: `${++this.#serial}${".".repeat(world.dice.between(0, 80))}`,
    }));
    for (const { key, value } of records) this.#keys.set(value, key);
    const batch = batchOf([], {
      timestamp: world.time.now(),
      records: records.map(({ key, value }) => ({ key: Buffer.from(key), value: Buffer.from(value) })),
    });
    const origin = world.dice.chance(0.2) ? "coordinator" : "client";
    const result = log.append(batch, { leaderEpoch: leadership.epoch, origin });
    if (!result.ok) return;
    for (let waitedMs = 0; log.durableOffset <= result.lastOffset && waitedMs < PATIENCE_MS; waitedMs += 20) await world.time.sleep(20);
    if (log.durableOffset <= result.lastOffset) return;
    for (const [index, record] of records.entries()) this.acknowledged.get(topic)?.set(result.baseOffset + index, record);
  }

  async read(topic: Topic): Promise<void> {
    const { world } = this;
    const log = world.leaderships.get(topic)?.log;
    if (log === undefined || log.durableOffset <= log.logStartOffset) return;
    if (topic === RETAINED && log.logStartOffset < this.startOffset)
      throw new Error(`what was deleted up to ${this.startOffset} is there from ${log.logStartOffset} on`);
    const offset = world.dice.between(log.logStartOffset, log.durableOffset - 1);
    try {
      const { records, nextOffset } = await log.read({ offset, untilOffset: log.durableOffset, maxBytes: 600, firstBatchWhole: true });
      this.#check(topic, records, { offset, nextOffset, startOffset: world.startOffsetOf(topic) });
      this.reads++;
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      const { cause } = error;
      const isGone = cause instanceof ObjectStoreError && cause.code === "NOT_FOUND";
      if (isGone && offset >= log.logStartOffset && !world.deletedTopics.has(topic.topicId))
        throw new Error(`offset ${offset} is gone`, { cause });
    }
  }

  #check(
    topic: Topic,
    buffers: readonly Buffer[],
    { offset, nextOffset, startOffset }: { readonly offset: number; readonly nextOffset: number; readonly startOffset: number },
  ): void {
    const acknowledged = this.acknowledged.get(topic) ?? new Map<number, Acknowledged>();
    const found = new Set<number>();
    for (const buffer of buffers) {
      for (const batch of batchesOf(buffer)) {
        if (!batch.isCrcValid()) throw new Error(`a damaged batch at ${batch.baseOffset}`);
        for (const record of recordsOf(batch)) {
          found.add(record.offset);
          const expected = acknowledged.get(record.offset);
          const value = record.value?.toString();
          if (expected !== undefined && value !== expected.value) throw new Error(`${value} at ${record.offset}, not ${expected.value}`);
        }
      }
    }
    if (topic === COMPACTED || this.world.deletedTopics.has(topic.topicId)) return;
    for (let each = Math.max(offset, startOffset); each < nextOffset; each++)
      if (acknowledged.has(each) && !found.has(each)) throw new Error(`offset ${each} was passed over`);
  }

  async deleteRecords(): Promise<void> {
    const { dice, leaderships } = this.world;
    const log = leaderships.get(RETAINED)?.log;
    if (log === undefined || !log.isIntact) return;
    try {
      if (dice.chance(0.5)) await log.enforceRetention();
      else {
        const offset = dice.between(log.logStartOffset, log.durableOffset);
        await log.deleteRecordsBefore(offset);
        this.startOffset = Math.max(this.startOffset, offset);
      }
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
    }
  }

  async trouble(): Promise<void> {
    const { world } = this;
    const { dice, machines } = world;
    const what = dice.next();
    if (what < 0.5) {
      void world.lead(dice.pick(TOPICS));
      return;
    }
    if (what < 0.75) {
      const index = dice.between(0, machines.length - 1);
      const dead = machines[index];
      // Often amid a replacement.
      for (let waitedMs = 0; dead?.replacing === 0 && waitedMs < 1500; waitedMs += 5) await world.time.sleep(5);
      dead?.kill();
      machines[index] = world.newMachine();
      for (const [topic, { machine }] of world.leaderships) if (machine === dead) void world.lead(topic);
      return;
    }
    if (what > 0.95 && !world.deletedTopics.has(DOOMED.topicId)) {
      world.deletedTopics.add(DOOMED.topicId);
      if (dice.chance(0.5)) dice.pick(machines).engine.delete({ topic: "orders", partition: 0, topicId: DOOMED.topicId });
    }
  }

  /** All but one broker end, nothing fails any more, and whatever waits has its time. */
  async rest(): Promise<void> {
    const { world } = this;
    world.isCalm = true;
    const last = world.newMachine();
    for (const machine of world.machines) machine.kill();
    for (const topic of TOPICS) await world.lead(topic, last);
    await last.clean();
    for (let rounds = 0; rounds < 8; rounds++) await world.time.sleep(GRACE_MS);
    const complaints = complaintsAtRest(world, { isCollected: true });
    if (complaints.length > 0) throw new Error(complaints.join("; "));
    await this.#checkContent();
    last.kill();
  }

  async #checkContent(): Promise<void> {
    const { leaderships, deletedTopics } = this.world;
    for (const topic of TOPICS) {
      if (deletedTopics.has(topic.topicId)) continue;
      const log = leaderships.get(topic)?.log;
      if (log === undefined) throw new Error("nobody leads");
      const found = await contentOf(log);
      const expected = [...(this.acknowledged.get(topic) ?? [])].filter(([offset]) => offset >= log.logStartOffset);
      if (topic === RETAINED && log.logStartOffset < this.startOffset)
        throw new Error(`the start fell from ${this.startOffset} to ${log.logStartOffset}`);
      for (const [offset, { key, value }] of expected) {
        if (found.get(offset) === value) continue;
        // A record that nobody acknowledged may have replaced one of its key, too.
        const isReplaced = [...found].some(([other, text]) => other > offset && this.#keys.get(text) === key);
        if (topic !== COMPACTED || found.has(offset) || !isReplaced)
          throw new Error(`${value} was acknowledged at ${offset}, where there is ${found.get(offset)}`);
      }
    }
  }
}

async function contentOf(log: PartitionLog): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  let offset = log.logStartOffset;
  while (offset < log.durableOffset) {
    const read = await log.read({ offset, untilOffset: log.durableOffset, maxBytes: 4000, firstBatchWhole: true });
    for (const buffer of read.records)
      for (const batch of batchesOf(buffer))
        for (const record of recordsOf(batch)) found.set(record.offset, record.value?.toString() ?? "");
    if (read.nextOffset === offset) break;
    offset = read.nextOffset;
  }
  return found;
}

/** Throws what went wrong. Gives how much was done. */
export async function runUpkeepHistory(seed: number): Promise<Record<string, number>> {
  const history = new History(seed);
  const { world } = history;
  let failure: unknown;
  let isDone = false;
  const life = async () => {
    for (const topic of TOPICS) void world.lead(topic);
    const loops = [
      ...TOPICS.flatMap((topic) => [
        history.again(10, 250, () => history.append(topic)),
        history.again(10, 250, () => history.append(topic)),
        history.again(5, 100, () => history.read(topic)),
      ]),
      history.again(200, 1500, () => history.deleteRecords()),
      history.again(100, 800, () => world.dice.pick(world.machines).clean()),
      history.again(300, 2500, () => history.trouble()),
    ];
    world.time.after(LIFE_MS, () => {
      history.isOver = true;
    });
    await Promise.all(loops);
    await history.rest();
  };
  life().then(
    () => {
      isDone = true;
    },
    (error: unknown) => {
      failure = error;
      isDone = true;
    },
  );
  await world.time.run(() => isDone, LIMIT_MS);
  if (failure !== undefined) throw failure;
  const merged = [...world.bucket.objects.keys()].filter((key) => key.includes("/m/")).length;
  return {
    acknowledged: TOPICS.reduce((sum, topic) => sum + (history.acknowledged.get(topic)?.size ?? 0), 0),
    reads: history.reads,
    merged,
  };
}
