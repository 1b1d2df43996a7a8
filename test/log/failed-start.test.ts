// A start that fails must not look like a clean stop to the next one, which would then trust files that nobody has checked.

import { expect, test } from "vitest";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { openSegmentedEngine } from "../../src/log/segmented-engine.ts";
import { FailingFilesystem } from "../support/failing-filesystem.ts";
import { append, batchOf, spec } from "./support.ts";

const PRODUCER = { producerId: 9, producerEpoch: 0, baseSequence: 0, isTransactional: true };

test("an open transaction is known after a start that failed at any operation", async () => {
  const disk = new FailingFilesystem(new MemoryFilesystem(), "crash", Number.POSITIVE_INFINITY);
  append(
    openSegmentedEngine({ filesystem: disk, directory: "/data", clock: new VirtualClock(), brokerId: 1 }).open(spec()),
    batchOf(["a"], PRODUCER),
  );
  let operationCount = 1;
  for (let failAt = 1; failAt <= operationCount; failAt++) {
    const filesystem = new FailingFilesystem(disk.afterwards(), "fail", failAt);
    try {
      const failing = openSegmentedEngine({ filesystem, directory: "/data", clock: new VirtualClock(), brokerId: 1 });
      try {
        failing.open(spec());
      } finally {
        await failing.close();
      }
    } catch {
      // What could not be opened is closed, and opened again by the next start.
    }
    operationCount = filesystem.operationCount;
    const engine = openSegmentedEngine({ filesystem: filesystem.afterwards(), directory: "/data", clock: new VirtualClock(), brokerId: 1 });
    expect(engine.open(spec()).firstUnstableOffset, `failing at operation ${failAt}`).toBe(0);
    await engine.close();
  }
});
