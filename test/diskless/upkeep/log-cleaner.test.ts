// Which logs the cleaner looks at, and when.

import { expect, test } from "vitest";
import { LIMITS } from "../../log/compaction-support.ts";
import { append, batchOf, readAll, settingsWith, spec } from "../../log/support.ts";
import { Machines } from "../cluster.ts";

const COMPACTED = { "cleanup.policy": "compact", "segment.ms": "1000", "min.cleanable.dirty.ratio": "1" };
const START_MS = 1_700_000_000_000;

test("a log whose settings were altered is looked at again, however little it has changed", async () => {
  const machines = new Machines();
  await machines.claim();
  const { engine } = machines.start();
  const log = await engine.open(spec(COMPACTED));
  const compact = () => machines.during(engine.compact(LIMITS));
  for (let round = 0; round < 3; round++) {
    append(log, batchOf(["a", "b"], { timestamp: START_MS + round * 10_000 }));
    await machines.settled(log);
    // The first two are dirty: all there is, but for the newest.
    if (round === 0) expect(await compact()).toBe(false);
  }
  expect(await compact()).toBe(false);
  log.configure(settingsWith({ ...COMPACTED, "min.cleanable.dirty.ratio": "0" }));
  expect(await compact()).toBe(true);
  expect((await readAll(log)).map(({ offset }) => offset)).toEqual([2, 3, 4, 5]);
  await engine.close();
});

test("what came since a log was compacted is in segments of its own, as in files", async () => {
  const machines = new Machines();
  await machines.claim();
  const { engine } = machines.start();
  // Two batches, which is less than the setting takes.
  const settings = { ...settingsWith({ ...COMPACTED, "min.cleanable.dirty.ratio": "0" }), "segment.bytes": 2 * batchOf(["a"]).length };
  const log = await engine.open({ ...spec(), settings });
  const write = async (...keys: string[]) => {
    for (const key of keys) {
      append(log, batchOf([key], { timestamp: START_MS }));
      await machines.settled(log);
    }
  };
  const left = async () => {
    await machines.during(engine.compact(LIMITS));
    return (await readAll(log)).map(({ offset, value }) => `${offset} ${value}`);
  };
  await write("a", "a", "b");
  expect(await left()).toEqual(["1 a", "2 b"]);
  // Together with what is left of the first segment, the third record would be another.
  await write("a", "b");
  expect(await left()).toEqual(["2 b", "3 a", "4 b"]);
  await engine.close();
});
