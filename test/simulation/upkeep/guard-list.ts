// What keeps records while they are put together, compacted, retained and deleted, each with what stands in its place when it is taken out
// (../guards.ts). Those of the database are taken out of the catalogs in memory.

import type { Guard } from "../../guards/guard.ts";

const CATALOG = "test/diskless/fakes/memory-catalog.ts";
const UPKEEP_CATALOG = "test/diskless/fakes/memory-upkeep.ts";
const COLLECTOR = "src/diskless/upkeep/collector.ts";
const MERGER = "src/diskless/upkeep/merger.ts";

export const GUARDS: readonly Guard[] = [
  // What the database sees to. That it clips to the start of the log is not among them: who replaces makes one segment of each run, and needs it
  // no more than the contract.
  {
    title: "only exactly the segments that were read are replaced",
    edits: [{ file: UPKEEP_CATALOG, code: "    if (!areExact) return false;\n", without: "" }],
  },
  {
    title: "an incarnation that has ended replaces nothing",
    edits: [{ file: UPKEEP_CATALOG, code: `if (this.#rows.hasEnded(incarnation)) return { kind: "fenced" };`, without: "" }],
  },
  {
    title: "only the owner of a log moves its start",
    edits: [
      {
        file: CATALOG,
        code: "return row?.owner === incarnation && !row.isDeleted",
        without: "return row !== undefined && !row.isDeleted",
      },
    ],
  },
  {
    title: "what is marked is looked at again before it is deleted",
    edits: [{ file: UPKEEP_CATALOG, code: "for (const key of keys) if (isNamed(key)) this.#marks.delete(key);", without: "isNamed;" }],
  },
  // What upkeep sees to.
  {
    title: "what is marked has a grace",
    edits: [{ file: COLLECTOR, code: "catalog.markedKeys(graceMs(), PAGE)", without: "catalog.markedKeys(0, PAGE)" }],
  },
  {
    title: "only neighbours are put together",
    edits: [{ file: MERGER, code: "      last.segment.endOffset === each.segment.baseOffset &&\n", without: "" }],
  },
  {
    title: "a reader that misses an object looks at the rows again",
    edits: [{ file: "src/diskless/log-reading.ts", code: "if (!isGone || isAnew) throw", without: "if (true) throw" }],
  },
];
