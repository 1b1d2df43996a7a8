// A data folder with every kind of file in it, as a broker leaves it that was stopped in order, or killed: of several leader epochs, with
// transactions of all ends, deleted and compacted records, groups, share groups, and settings.

import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { FailingFilesystem } from "../support/failing-filesystem.ts";
import { FaultyBroker } from "./faulty-broker.ts";
import { type Knowledge, newKnowledge } from "./knowledge.ts";
import { Life, SMALL_SEGMENTS } from "./life.ts";
import { setAcl, setQuota, setScram, setShareStart, setToken } from "./registers.ts";

const START_MS = 1_700_000_000_000;
const CHECKPOINTED_AFTER_MS = 61_000;
const COMPACTED = { ...SMALL_SEGMENTS, "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.01", "delete.retention.ms": "1000" };

export interface LivedFolder {
  readonly files: MemoryFilesystem;
  readonly knowledge: Knowledge;
  readonly nowMs: number;
  readonly isKilled: boolean;
}

/** @param isKilled how the last broker ended, with records that no checkpoint knows of */
export async function livedFolder(isKilled: boolean): Promise<LivedFolder> {
  const disk = new FailingFilesystem(new MemoryFilesystem(), "crash", Number.POSITIVE_INFINITY);
  const knowledge = newKnowledge();
  const first = await FaultyBroker.start({ filesystem: disk, seed: 1, startMs: START_MS });
  await liveFirst(new Life(first, knowledge, true));
  await first.stop();
  const second = await FaultyBroker.start({ filesystem: disk, seed: 2, startMs: first.clock.now() });
  await liveSecond(new Life(second, knowledge, true));
  const killed = disk.afterwards();
  const nowMs = second.clock.now();
  if (isKilled) await second.discard();
  else await second.stop();
  return { files: isKilled ? killed : disk.afterwards(), knowledge, nowMs, isKilled };
}

async function liveFirst(life: Life): Promise<void> {
  await life.createTopic("orders", SMALL_SEGMENTS, { partitions: 2 });
  await life.createTopic("keys", COMPACTED, { keeps: "keys" });
  await life.createTopic("cut", SMALL_SEGMENTS);
  for (let round = 0; round < 4; round++) {
    await life.produce("orders", 0, {}, { timestamp: life.broker.clock.now() - 100 * round }, {});
    await life.produce("keys", 0, { key: `k${round % 2}` }, { key: `k${round % 3}` });
    await life.produce("cut", 0, {}, {});
    await life.pass(50);
  }
  await setAcl(life, "bob", "orders");
  await setShareStart(life, "sharers", "orders", 0);
  await life.commitOffset("readers", "orders", 1);
  const producer = await life.initProducer("t", "orders", "t");
  if (producer !== undefined) for (const end of ["commit", "abort"] as const) await life.transact(producer, "t", [0, 1], end);
  await life.pass(3000);
}

async function liveSecond(life: Life): Promise<void> {
  const { knowledge } = life;
  const producer = await life.initProducer("t", "orders", "t");
  for (let round = 0; round < 3; round++) await life.produce("orders", 0, {}, {}, {});
  if (producer !== undefined) for (const end of ["abort", "commit"] as const) await life.transact(producer, "t", [0, 1], end);
  const alone = await life.initProducer("alone", "orders");
  for (let count = 0; alone !== undefined && count < 4; count++) await life.produceInSequence(alone, 1);
  await life.deleteRecords("cut", 0, 3);
  await life.commitOffset("readers", "orders", 7);
  await setShareStart(life, "sharers", "orders", 2);
  await setQuota(life, "alice", 1000);
  await setScram(life, "alice", 4096);
  await setToken(life, "token", 1_800_000_000_000);
  await life.pass(CHECKPOINTED_AFTER_MS);
  // From here on nothing is checkpointed but by a stop.
  for (let round = 0; round < 4; round++) await life.produce("orders", 0, {}, {});
  await life.produce("cut", 0, {}, {});
  if (producer !== undefined) await life.transact(producer, "t", [0, 1], "abort");
  const open = await life.initProducer("open", "orders", "open");
  if (open !== undefined) await life.transact(open, "open", [1], "leave");
  await life.commitOffset("others", "orders", knowledge.lastValue);
  await life.alterConfig("orders", "retention.ms", "604800001");
}
