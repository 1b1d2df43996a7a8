// Every operation of the disk fails in turn under a running broker: once, and with several that follow it; for want of room, and for want of
// descriptors. Whatever a client was told stays true, nothing stays broken, and the next start finds the same.

import { expect, test } from "vitest";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { BrokerOnDisk, Knowledge } from "../support/broker-on-failing-disk.ts";
import { FailingFilesystem, type FailureKind } from "../support/failing-filesystem.ts";

/** Gives how many operations there were while the broker ran, and failed. */
async function live(kind: FailureKind, failAt: number, count: number): Promise<{ operationCount: number; failureCount: number }> {
  const disk = new FailingFilesystem(new MemoryFilesystem(), kind, Number.POSITIVE_INFINITY);
  const knowledge = new Knowledge();
  const broker = await BrokerOnDisk.start(disk, knowledge);
  const before = disk.operationCount;
  disk.failAt(before + failAt, count);
  await broker.live();
  const operationCount = disk.operationCount - before;
  const { failureCount } = disk;
  // Some may be left of those that were to fail.
  disk.failAt(Number.POSITIVE_INFINITY);
  await broker.expectHealed();
  await broker.expectTold();
  await broker.stop();
  const next = await BrokerOnDisk.start(disk.afterwards(), knowledge);
  await next.expectTold();
  await next.expectHealed();
  await next.stop();
  return { operationCount, failureCount };
}

const KINDS: readonly { kind: FailureKind; what: string; count: number; least: number }[] = [
  { kind: "fail", what: "no room, once", count: 1, least: 300 },
  { kind: "fail", what: "no room, seven times", count: 7, least: 300 },
  { kind: "descriptors", what: "no descriptors, once", count: 1, least: 110 },
  { kind: "descriptors", what: "no descriptors, seven times", count: 7, least: 100 },
];

test.each(KINDS)(
  "a running broker goes on and keeps its word whichever operation fails: $what, more than $least of them",
  { timeout: 120_000 },
  async ({ kind, count, least }) => {
    let operationCount = 1;
    let failureCount = 0;
    // Each operation once, as one of so many.
    for (let failAt = 1; failAt <= operationCount; failAt += count) {
      try {
        const life = await live(kind, failAt, count);
        operationCount = Math.max(operationCount, failAt === 1 ? 0 : 1, life.failureCount > 0 ? life.operationCount : 0);
        failureCount += life.failureCount;
      } catch (error) {
        throw new Error(`failing ${count} from operation ${failAt} on`, { cause: error });
      }
    }
    expect(failureCount).toBeGreaterThan(least);
  },
);
