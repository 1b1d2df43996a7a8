// One history: a world, some producers and consumers in it, crashes and lost connections, and what must hold of it in the end.

import { Errors } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import type { FailureKind } from "../support/failing-filesystem.ts";
import { check, type FinalLog } from "./checker.ts";
import { SimulatedConsumer } from "./consumer.ts";
import { SimulatedProducer, type TransactionNote } from "./producer.ts";
import { Dice, Scheduler } from "./scheduler.ts";
import { Client, Disconnected, TOPIC, World } from "./world.ts";

export interface HistorySummary {
  readonly lives: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly records: number;
}

const GROUP = "group";
const LONGEST_MS = 10 * 60_000;

/** Throws when something does not hold. */
export async function runHistory(seed: number): Promise<HistorySummary> {
  const dice = new Dice(seed);
  const scheduler = new Scheduler();
  const failure = dice.pick<FailureKind>(["crash", "crash", "power", "fail"]);
  const partitionCount = dice.between(1, 3);
  const world = new World({ scheduler, dice, failure, partitionCount, lossChance: dice.pick([0, 0.02, 0.06]) });
  const notes: TransactionNote[] = [];
  const consumers = Array.from({ length: partitionCount }, (_, partition) => new SimulatedConsumer(world, partition));
  let isOver = false;
  const history = (async () => {
    await world.start();
    const fate = keepAlive(world, () => isOver);
    const reading = consumers.map((consumer) => consumer.run());
    await Promise.all(producers(world, notes).map((producer) => producer));
    isOver = true;
    await fate;
    for (const consumer of consumers) consumer.stop();
    await Promise.all(reading);
    await ended(world);
    const logs = await readAll(world);
    const offsets = await committedOffsets(world, notes);
    return { logs, offsets };
  })();
  let isDone = false;
  history.then(
    () => {
      isDone = true;
    },
    () => {
      isDone = true;
    },
  );
  await scheduler.run(() => isDone, LONGEST_MS);
  const { logs, offsets } = await history;
  check({ notes, logs, offsets, consumers });
  const outcomes: Record<string, number> = {};
  for (const { outcome } of notes) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  return { lives: world.lives, outcomes, records: [...logs.values()].reduce((sum, log) => sum + log.seen.length, 0) };
}

/** Several transactional ids; some have a second instance that takes over in the middle. */
function producers(world: World, notes: TransactionNote[]): Promise<void>[] {
  const { dice, scheduler } = world.options;
  const running: Promise<void>[] = [];
  const idCount = dice.between(1, 3);
  for (let id = 0; id < idCount; id++) {
    const instanceCount = dice.pick([1, 1, 2, 3]);
    for (let instance = 0; instance < instanceCount; instance++) {
      const delayMs = instance === 0 ? 0 : dice.between(0, 500);
      const producer = new SimulatedProducer({
        world,
        transactionalId: `id-${id}`,
        instance: `${id}.${instance}`,
        protocol: dice.pick(["older", "newer"]),
        group: GROUP,
        offsetPartition: 0,
        transactionCount: dice.between(2, 7),
        timeoutMs: dice.pick([300, 1000, 5000]),
        notes,
      });
      running.push(scheduler.sleep(delayMs).then(() => producer.run()));
    }
  }
  return running;
}

/** Crashes the broker now and then, and starts it again. */
async function keepAlive(world: World, isOver: () => boolean): Promise<void> {
  const { dice, scheduler, failure } = world.options;
  let crashes = dice.between(0, 4);
  while (!isOver() || world.life === undefined) {
    await scheduler.sleep(dice.between(1, 60));
    if (world.life === undefined || world.hasCrashed) {
      world.kill();
      await scheduler.sleep(dice.between(0, 100));
      // A broker that starts may crash at that, too.
      await world.start();
    } else if (crashes > 0 && dice.chance(0.25) && !isOver()) {
      crashes--;
      world.planCrash(dice.pick([1, 5, 40]));
    } else if (failure === "fail" && dice.chance(0.1)) world.kill();
  }
}

/** Every transaction has ended when its time-out is over: nothing may hold the readers back. */
async function ended(world: World): Promise<void> {
  world.kill();
  await world.start({ isSafe: true });
  await world.options.scheduler.sleep(12_000);
}

async function readAll(world: World): Promise<Map<number, FinalLog>> {
  const logs = new Map<number, FinalLog>();
  for (let partition = 0; partition < world.options.partitionCount; partition++) {
    const consumer = new SimulatedConsumer(world, partition);
    while ((await consumer.poll(0, 1 << 20)) !== "end") {}
    const leader = world.life?.node.broker.services.partitions.get(TOPIC, partition);
    logs.set(partition, {
      seen: consumer.seen,
      lastStableOffset: leader?.lastStableOffset ?? -1,
      highWatermark: leader?.logEndOffset ?? -2,
    });
  }
  return logs;
}

/** The committed offset with its metadata, which names the instance that committed it. */
async function committedOffsets(world: World, _notes: readonly TransactionNote[]): Promise<ReadonlyMap<string, number>> {
  const client = new Client(world);
  for (;;) {
    try {
      const response = await client.call(messages.offsetFetch, 7, {
        groupId: GROUP,
        topics: [{ name: TOPIC, partitionIndexes: [0] }],
        requireStable: true,
      });
      const found = response.topics[0]?.partitions[0];
      if (response.errorCode === Errors.NONE && found?.errorCode === Errors.NONE)
        return new Map([[found.metadata ?? "", found.committedOffset]]);
      if (found?.errorCode === Errors.UNSTABLE_OFFSET_COMMIT) throw new Error("a committed offset is pending for ever");
    } catch (error) {
      if (!(error instanceof Disconnected)) throw error;
    }
    await world.options.scheduler.sleep(20);
  }
}
