// A compaction of rows that are read piece by piece.

import { expect, test } from "vitest";
import { compactedUntilOf } from "../../../src/diskless/upkeep/planned-rows.ts";
import { LIMITS } from "../../log/compaction-support.ts";
import { append, batchOf, readAll, spec } from "../../log/support.ts";
import { Machines } from "../cluster.ts";

const SETTINGS = { "cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0", "internal.segment.bytes": `${1024 * 1024}` };
const LARGE_BYTES = 700 * 1024;

test("a segment of which the buffer holds a piece only is compacted", async () => {
  const machines = new Machines();
  await machines.claim();
  const { engine } = machines.start();
  const log = await engine.open({ ...spec(SETTINGS), leaderEpoch: 0 });
  // Together in an object, in more than one chunk.
  for (const key of ["a", "b", "a", "c"])
    append(log, batchOf([], { records: [{ key: Buffer.from(key), value: Buffer.alloc(LARGE_BYTES, key) }] }));
  await machines.settled(log);
  append(log, batchOf(["d"]));
  await machines.settled(log);
  expect(await machines.during(engine.compact({ ...LIMITS, ioBufferBytes: 2 * LARGE_BYTES }))).toBe(true);
  expect(compactedUntilOf(machines.rows.logs.get(1)?.segments ?? [])).toBe(4);
  const read = await readAll(log, 0, 10 * LARGE_BYTES);
  expect(read.map(({ offset, value }) => `${offset} ${value.slice(0, 1)}`)).toEqual(["1 b", "2 a", "3 c", "4 d"]);
});
