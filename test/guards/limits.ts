// What bounds what clients may take.

import type { TestedGuard } from "./guard.ts";

export const LIMIT_GUARDS: readonly TestedGuard[] = [
  {
    title: "answers that nobody reads are counted",
    edits: [{ file: "src/server/connection.ts", code: "this.#options.answerMemory.hold(this, bytes);", without: "" }],
    tests: ["test/config/effects-memory.test.ts"],
  },
  {
    title: "no further request is taken up of who does not read his answers",
    edits: [
      {
        file: "src/server/connection.ts",
        code: "this.#isChoked = this.#socket.writableNeedDrain && this.#socket.writableLength > maxBytes;",
        without: "",
      },
    ],
    tests: ["test/server/listener.test.ts", "test/config/effects-memory.test.ts"],
  },
  {
    title: "requests that are being received have a bound",
    edits: [{ file: "src/server/frame-reader.ts", code: "this.#isCounted && requestMemory.isUsedUp", without: "false" }],
    tests: ["test/config/effects-memory.test.ts"],
  },
  {
    title: "who announced a request and sends no more of it makes room",
    edits: [{ file: "src/server/request-memory.ts", code: "else if (++held.looks >= STALLED_LOOKS)", without: "else if (held.looks < 0)" }],
    tests: ["test/config/effects-memory.test.ts"],
  },
  {
    title: "a large request takes memory as its bytes come",
    edits: [{ file: "src/server/frame-reader.ts", code: "Math.min(sizeBytes, FIRST_PART_BYTES)", without: "sizeBytes" }],
    tests: ["test/server/frame-reader.test.ts"],
  },
  {
    title: "clients are slowed down while memory is short",
    edits: [{ file: "src/server/turns.ts", code: "return this.#memory.isShort;", without: "return false;" }],
    tests: ["test/server/memory-bound.test.ts"],
  },
  {
    title: "what is stored in memory has a bound",
    edits: [{ file: "src/base/memory-filesystem.ts", code: "if (sizeBytes > this.#room.freeBytes)", without: "if (sizeBytes < 0)" }],
    tests: ["test/config/effects-memory.test.ts"],
  },
  {
    title: "fetch sessions have so many partitions and no more",
    edits: [{ file: "src/partition/fetch-sessions.ts", code: "|| !this.#hasRoomFor(partitions.size)", without: "" }],
    tests: ["test/partition/fetch-session.test.ts"],
  },
  {
    title: "what a client chose the number of is done in slices",
    edits: [{ file: "src/base/slices.ts", code: "if (this.isOver) await this.next();", without: "" }],
    tests: ["test/api/slices.test.ts"],
  },
  {
    title: "what was noted of a deleted log is forgotten before one of its name begins",
    edits: [{ file: "src/log/segmented-engine.ts", code: "      this.#checkpoints.begin(name);\n", without: "" }],
    tests: ["test/log/many-deletions.test.ts"],
  },
  {
    title: "what is noted of no log any more is gone from the disk as well",
    edits: [
      {
        file: "src/log/shared-checkpoint.ts",
        code: "asked.isSynced || [...this.#changes.values()].includes(undefined)",
        without: "asked.isSynced",
      },
    ],
    tests: ["test/log/many-deletions.test.ts"],
  },
  {
    title: "a log that was deleted meanwhile has not failed",
    edits: [
      { file: "src/log/segmented-log.ts", code: "nobody wants them.\n    if (this.#isClosed) return;", without: "nobody wants them." },
    ],
    tests: ["test/log/many-deletions.test.ts"],
  },
];
