// The random lives of compacted logs, in objects: beside compaction, small objects are put together and what nothing is left of is deleted.

import fc from "fast-check";
import { expect, test } from "vitest";
import { compactedUntilOf } from "../../../src/diskless/upkeep/planned-rows.ts";
import type { PartitionLog } from "../../../src/storage/partition-log.ts";
import type { CompactionLimits } from "../../../src/storage/storage-engine.ts";
import { CompactedLife, type CompactedStorage, MODEL_SETTINGS, type Step, steps } from "../../log/compaction-model.ts";
import { LIMITS } from "../../log/compaction-support.ts";
import { spec } from "../../log/support.ts";
import { type Machine, Machines } from "../cluster.ts";
import { complaintsAtRest } from "./at-rest.ts";

const COMPACTIONS = 100;

class CompactedObjects implements CompactedStorage {
  readonly #machines: Machines;
  #machine: Machine;
  #log: PartitionLog;
  leaderEpoch = 0;

  private constructor(machines: Machines, machine: Machine, log: PartitionLog) {
    this.#machines = machines;
    this.#machine = machine;
    this.#log = log;
  }

  static async start(): Promise<CompactedObjects> {
    const machines = new Machines();
    await machines.claim();
    const machine = startMachine(machines);
    return new CompactedObjects(machines, machine, await openOn(machine, 0));
  }

  get log(): PartitionLog {
    return this.#log;
  }

  get compactedUntil(): number {
    return compactedUntilOf(this.#machines.rows.logs.get(1)?.segments ?? []) ?? 0;
  }

  nowMs(): number {
    return this.#machines.clock.now();
  }

  pass(ms: number): Promise<void> {
    return this.#machines.pass(ms);
  }

  async compact(limits: Partial<CompactionLimits>): Promise<void> {
    await this.#machines.settled(this.#log);
    for (let count = 0; await this.#machines.during(this.#machine.engine.compact({ ...LIMITS, ...limits })); count++) {
      if (count === COMPACTIONS) throw new Error("compaction does not end");
    }
    expect(complaintsAtRest(this.#machines)).toEqual([]);
    await this.#machines.during(this.#machine.upkeep.round());
    expect(complaintsAtRest(this.#machines)).toEqual([]);
  }

  async restart(): Promise<void> {
    await this.#machines.settled(this.#log);
    this.#machines.end(this.#machine);
    this.#machine = startMachine(this.#machines);
    this.#log = await openOn(this.#machine, ++this.leaderEpoch);
  }

  async close(): Promise<void> {
    await this.#machines.settled(this.#log);
    await this.#machine.engine.close();
  }
}

function startMachine(machines: Machines): Machine {
  const limits = { waitMs: 300, objectBytes: 3000, objectsAtOnce: 3, inlineRows: 3 };
  return machines.start({ objectGraceMs: 500 }, limits);
}

function openOn({ engine }: Machine, leaderEpoch: number): Promise<PartitionLog> {
  return engine.open({ ...spec(MODEL_SETTINGS), leaderEpoch });
}

/** What a producer commits is read when a transaction that it had aborted before is compacted away, with its marker. */
const ABORTED_BEFORE: Step[] = [
  { kind: "write", producer: 3, records: [[0, false]], codec: 0 },
  { kind: "end", producer: 3, isCommit: false },
  { kind: "compact", keys: 2 },
  { kind: "write", producer: 3, records: [[0, false]], codec: 1 },
  { kind: "end", producer: 2, isCommit: false },
  { kind: "end", producer: 2, isCommit: false },
  { kind: "compact", keys: 2 },
  { kind: "write", producer: 0, records: [[1, false]], codec: 0 },
  { kind: "end", producer: 3, isCommit: true },
  { kind: "write", producer: 0, records: [[1, false]], codec: 0 },
  { kind: "compact", keys: 2 },
  { kind: "write", producer: 0, records: [[1, false]], codec: 0 },
  { kind: "write", producer: 0, records: [[1, false]], codec: 0 },
  { kind: "wait", ms: 5000 },
  { kind: "end", producer: 2, isCommit: false },
  { kind: "compact", keys: 2 },
];

test("a compacted log in objects says the same as the whole one", async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const life = new CompactedLife(await CompactedObjects.start());
      for (const step of all) await life.do(step);
      await life.end();
    }),
    { numRuns: Number(process.env["COMPACTION_RUNS"] ?? 30), examples: [[ABORTED_BEFORE]] },
  );
}, 120_000);
