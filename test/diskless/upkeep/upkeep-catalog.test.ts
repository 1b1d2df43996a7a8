import { describe } from "vitest";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { type UpkeepBench, upkeepContract } from "../contracts/upkeep-catalog.ts";
import { MemoryCatalogRows } from "../fakes/memory-catalog.ts";
import { MemoryUpkeepRows } from "../fakes/memory-upkeep.ts";

function memoryBench(): UpkeepBench {
  const [clock, rows] = [new VirtualClock(), new MemoryCatalogRows()];
  const upkeep = new MemoryUpkeepRows(rows, () => clock.now());
  let number = 0;
  return {
    join: async () => ({ brokerId: 1, number: ++number }),
    catalog: (incarnation) => rows.catalog(incarnation),
    end: async (incarnation) => rows.end(incarnation),
    unusedKeys: async () => rows.unusedKeys,
    upkeep: (incarnation) => upkeep.catalog(incarnation),
    usage: () => upkeep.usage(),
    pass: (ms) => clock.advance(ms),
  };
}

describe("what upkeep sees of the catalog in memory", () => upkeepContract(async () => memoryBench()));
