// Operations of the disk fail in turn under a running broker: every third once, and all with several that follow; for want of room, and for want of
// descriptors. Whatever a client was told stays true, nothing stays broken, and the next start finds the same.

import { describe, expect, test } from "vitest";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { BrokerOnDisk, Knowledge } from "../support/broker-on-failing-disk.ts";
import { FailingFilesystem, type FailureKind } from "../support/failing-filesystem.ts";
import { operationsToFail } from "../support/operations-to-fail.ts";

interface Life {
  readonly kind: FailureKind;
  readonly failAt: number;
  readonly count: number;
}

/** Gives how many operations failed. */
async function live({ kind, failAt, count }: Life): Promise<number> {
  const disk = new FailingFilesystem(new MemoryFilesystem(), kind, Number.POSITIVE_INFINITY);
  const knowledge = new Knowledge();
  const broker = await BrokerOnDisk.start(disk, knowledge);
  disk.failAt(disk.operationCount + failAt, count);
  await broker.live();
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
  return failureCount;
}

/** What a life without failures does, as operations that may fail. */
async function operationsOf(kind: FailureKind): Promise<number[]> {
  const disk = new FailingFilesystem(new MemoryFilesystem(), kind, Number.POSITIVE_INFINITY);
  const broker = await BrokerOnDisk.start(disk, new Knowledge());
  const operations = await operationsToFail(disk, () => broker.live());
  await broker.stop();
  return operations;
}

async function fail(life: Life): Promise<number> {
  try {
    return await live(life);
  } catch (error) {
    throw new Error(`failing ${life.count} from operation ${life.failAt} on`, { cause: error });
  }
}

const KINDS = [
  { kind: "fail", what: "no room", least: 35, leastInRows: 300 },
  { kind: "descriptors", what: "no descriptors", least: 15, leastInRows: 100 },
] as const satisfies { kind: FailureKind; what: string; least: number; leastInRows: number }[];
const ROW = 7;

describe.each(KINDS)("a running broker goes on and keeps its word whichever operation fails: $what", ({ kind, least, leastInRows }) => {
  test(`once, for more than ${least} of them`, { timeout: 600_000 }, async () => {
    let failureCount = 0;
    // `npm run faults` has them all.
    const operations = (await operationsOf(kind)).filter((_, index) => index % 3 === 0);
    for (const failAt of operations) failureCount += await fail({ kind, failAt, count: 1 });
    expect(failureCount).toBeGreaterThan(least);
  });

  test(`seven times, for more than ${leastInRows} of them`, { timeout: 600_000 }, async () => {
    let failureCount = 0;
    // Each once, as one of so many, until there are no more.
    for (let failAt = 1; ; failAt += ROW) {
      const failed = await fail({ kind, failAt, count: ROW });
      if (failed === 0) break;
      failureCount += failed;
    }
    expect(failureCount).toBeGreaterThan(leastInRows);
  });
});
