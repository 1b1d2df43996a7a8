// What guards a log against what its files say wrongly, and a fault loop would meet by chance alone.

import type { TestedGuard } from "./guard.ts";

export const LOG_GUARDS: readonly TestedGuard[] = [
  {
    title: "an index that leads to another batch than it names is made anew",
    edits: [{ file: "src/log/log-reader.ts", code: "lastOffsetIn(header) === entry.lastOffset", without: "lastOffsetIn(header) !== -2" }],
    tests: ["test/log/damage-said.test.ts"],
  },
  {
    title: "a batch is not believed to lie beyond the end of a log that was stopped in order",
    edits: [
      {
        file: "src/log/recovery.ts",
        code: "if (!isFirst && first > nextOffset && nextOffset < this.#endedAt && first >= this.#endedAt)",
        without: "if (first < 0)",
      },
    ],
    tests: ["test/log/damage-said.test.ts"],
  },
  {
    title: "a log that was closed ends where it ended, not at its checkpoint",
    edits: [
      { file: "src/log/recovery.ts", code: "isClean ? endedAt : 0", without: "isClean ? Math.max(0, recoveryPoint) : endedAt" },
      {
        file: "src/log/recovery.ts",
        code: "if (!isFirst && first > nextOffset && nextOffset <",
        without: "if (first > nextOffset && nextOffset <",
      },
    ],
    tests: ["test/log/segmented-engine.test.ts"],
  },
  {
    title: "a log that is opened again is not taken for one that the disk has",
    edits: [
      {
        file: "src/log/recovery-point.ts",
        code: "new RecoveryPoint(Math.min(recoveryPoint, logEndOffset), isClean)",
        without: "new RecoveryPoint(isClean ? logEndOffset : Math.min(recoveryPoint, logEndOffset), isClean)",
      },
    ],
    tests: ["test/log/segmented-engine.test.ts"],
  },
];
