// Shows that the bounds of what clients may take are needed, and that a test sees it when one is gone: each guard in turn is taken out of a copy of the
// sources, and its tests are run there. `node test/soak/guards.ts` does all, with a part of a title only those. A guard without which all
// of its tests pass makes it fail.

import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Guard, takenOut } from "../simulation/guard.ts";

interface LimitGuard extends Guard {
  /** Files of tests, of which one fails without it. */
  readonly tests: readonly string[];
}

const ROOT = join(import.meta.dirname, "../..");
const COPIED = ["src", "protocol", "test", "scripts", "package.json", "tsconfig.json"];
/** Of the copy: nothing is built for it. */
const CONFIG = "guards.config.mjs";
const REPORT = "guards.json";
/** A test that waits for what never comes need not wait long. */
const TIMES = { testTimeout: 40_000, hookTimeout: 40_000, isolate: false, expect: { poll: { timeout: 10_000 } } };
const MOST_MS = 600_000;

interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[] }[];
}

const GUARDS: readonly LimitGuard[] = [
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
    title: "a log that was deleted meanwhile has not failed",
    edits: [
      { file: "src/log/segmented-log.ts", code: "nobody wants them.\n    if (this.#isClosed) return;", without: "nobody wants them." },
    ],
    tests: ["test/log/many-deletions.test.ts"],
  },
];

const copy = mkdtempSync(join(tmpdir(), "limit-guards-"));
try {
  for (const path of COPIED) cpSync(join(ROOT, path), join(copy, path), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(copy, "node_modules"));
  writeFileSync(join(copy, CONFIG), `export default ${JSON.stringify({ test: TIMES })};`);
  for (const guard of GUARDS.filter(({ title }) => title.includes(process.argv[2] ?? ""))) if (!isNeeded(guard)) process.exitCode = 1;
} finally {
  rmSync(copy, { recursive: true, force: true });
}

function isNeeded({ title, edits, tests }: LimitGuard): boolean {
  for (const edit of edits) writeFileSync(join(copy, edit.file), takenOut(readFileSync(join(copy, edit.file), "utf8"), edit));
  const failed = failedTests(tests);
  for (const { file } of edits) cpSync(join(ROOT, file), join(copy, file));
  console.log(failed.length > 0 ? `needed: ${title}\n${failed.map((name) => `  ${name}\n`).join("")}` : `NOT NEEDED: ${title}`);
  return failed.length > 0;
}

/** Their titles. */
function failedTests(tests: readonly string[]): string[] {
  const report = ["--reporter=json", `--outputFile.json=${REPORT}`];
  const command = [join("node_modules", "vitest", "vitest.mjs"), "run", "--config", CONFIG, ...report, ...tests];
  rmSync(join(copy, REPORT), { force: true });
  const { stderr } = spawnSync(process.execPath, command, { cwd: copy, timeout: MOST_MS, encoding: "utf8" });
  if (!existsSync(join(copy, REPORT))) throw new Error(`the tests did not run: ${stderr}`);
  const { testResults } = JSON.parse(readFileSync(join(copy, REPORT), "utf8")) as Report;
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  return results.filter(({ status }) => status === "failed").map(({ fullName }) => fullName);
}
