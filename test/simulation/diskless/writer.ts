// Who appends: idempotent producers with one or several batches on their way, transactional ones, and coordinators, whose batches are small and
// sent once. What became of each is held against the log at the end.

import { ControlType } from "../../../protocol/records/control-batch.ts";
import type { Partition } from "../../../src/partition/partition.ts";
import type { AppendResult } from "../../../src/storage/partition-log.ts";
import { batchOf } from "../../log/support.ts";
import type { World } from "./world.ts";

const BATCHES = 20;
const PATIENCE_MS = 3000;
const MOST_AT_ONCE = 4;

export interface Sent {
  readonly partition: number;
  readonly writer: number;
  readonly value: string;
  /** `undefined`: not known to be there. */
  offset: number | undefined;
}

export type WriterKind = "one at a time" | "several at once" | "transactional" | "coordinator";

export class Writer {
  readonly sent: Sent[] = [];
  /** By value, once it was decided: whether the transaction that it was sent in was committed. */
  readonly decided = new Map<string, boolean>();
  readonly #world: World;
  readonly #id: number;
  readonly #partition: number;
  retries = 0;

  constructor(world: World, id: number, partition: number) {
    this.#world = world;
    this.#id = id;
    this.#partition = partition;
  }

  run(kind: WriterKind): Promise<void> {
    switch (kind) {
      case "one at a time":
        return this.#produce(1);
      case "several at once":
        return this.#produce(MOST_AT_ONCE);
      case "transactional":
        return this.#transact();
      case "coordinator":
        return this.#coordinate();
    }
  }

  #new(sequence: number): Sent {
    const sent: Sent = { partition: this.#partition, writer: this.#id, value: `${this.#id}:${sequence}`, offset: undefined };
    this.sent.push(sent);
    return sent;
  }

  #batch(value: string, baseSequence: number, isTransactional: boolean): Buffer {
    const timestamp = this.#world.time.now();
    return batchOf([value], { producerId: this.#id, producerEpoch: 0, baseSequence, isTransactional, timestamp });
  }

  /** One after another, the next ones before there are answers. What is not known to be there is sent again, in order, before anything else. */
  async #produce(mostAtOnce: number): Promise<void> {
    const { dice, time } = this.#world;
    const waiting = new Map<number, Sent>();
    for (let next = 0; next < BATCHES || waiting.size > 0; ) {
      const machine = this.#world.leaderOf(this.#partition);
      const underWay = new Set<Promise<void>>();
      const again = [...waiting];
      let hasFailed = false;
      while (!hasFailed && (again.length > 0 || next < BATCHES)) {
        const isNew = again.length === 0;
        const [sequence, sent] = again.shift() ?? [next, this.#new(next++)];
        waiting.set(sequence, sent);
        const origin = isNew && dice.chance(0.3) ? "coordinator" : "client";
        const answered = this.#answer(machine, (led) => led.append(this.#batch(sent.value, sequence, false), origin)).then((offset) => {
          underWay.delete(answered);
          sent.offset = offset;
          if (offset === undefined) hasFailed = true;
          else waiting.delete(sequence);
        });
        underWay.add(answered);
        // Who is not known yet may begin with any number.
        if (underWay.size >= mostAtOnce || waiting.has(0)) await Promise.race(underWay);
        await time.sleep(dice.between(0, 150));
      }
      await Promise.all(underWay);
      if (waiting.size > 0) this.retries++;
    }
  }

  async #transact(): Promise<void> {
    const { dice, time } = this.#world;
    let open: string[] = [];
    for (let sequence = 0; sequence < BATCHES; sequence++) {
      const sent = this.#new(sequence);
      open.push(sent.value);
      sent.offset = await this.#surely((led) => led.append(this.#batch(sent.value, sequence, true), "client"));
      if (sequence === BATCHES - 1 || dice.chance(0.3)) {
        await this.#end(open);
        open = [];
      }
      await time.sleep(dice.between(0, 300));
    }
  }

  async #end(values: readonly string[]): Promise<void> {
    const { dice, time } = this.#world;
    const isCommitted = dice.chance(0.5);
    for (const value of values) this.decided.set(value, isCommitted);
    const type = isCommitted ? ControlType.COMMIT : ControlType.ABORT;
    const marker = { type, producerId: this.#id, producerEpoch: 0, coordinatorEpoch: 0, timestamp: time.now() };
    await this.#surely((led) => led.appendMarker(marker, 1));
  }

  /** Without a producer's number a second try would be a second record. */
  async #coordinate(): Promise<void> {
    const { dice, time } = this.#world;
    for (let count = 0; count < BATCHES; count++) {
      const sent = this.#new(count);
      const records = batchOf([sent.value], { timestamp: time.now() });
      sent.offset = await this.#answer(this.#world.leaderOf(this.#partition), (led) => led.append(records, "coordinator"));
      await time.sleep(dice.between(0, 300));
    }
  }

  /** Gives the offset, when that is committed. */
  async #surely(append: (led: Partition) => AppendResult): Promise<number> {
    const { dice, time } = this.#world;
    for (;;) {
      const offset = await this.#answer(this.#world.leaderOf(this.#partition), append);
      if (offset !== undefined) return offset;
      this.retries++;
      await time.sleep(dice.between(10, 200));
    }
  }

  /** `undefined` where there is none, or it is not that it was stored. */
  async #answer(machine: ReturnType<World["leaderOf"]>, append: (led: Partition) => AppendResult): Promise<number | undefined> {
    const asked = machine?.ask(this.#partition, async (led) => {
      const result = append(led);
      const isStored = result.ok && (await (led.whenCommitted(result.lastOffset + 1) ?? true));
      return isStored ? result.baseOffset : undefined;
    });
    const answer = await Promise.race([asked, this.#world.time.sleep(PATIENCE_MS)]);
    return typeof answer === "number" ? answer : undefined;
  }
}
