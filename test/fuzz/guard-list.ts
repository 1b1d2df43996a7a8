// What keeps hostile input harmless, and what stands in its place when it is taken out. See guards.ts.

import type { Guard } from "../guards/guard.ts";

export const GUARDS: readonly Guard[] = [
  {
    title: "a batch whose checksum is wrong is refused",
    edits: [
      {
        file: "src/storage/append-validation.ts",
        code: "if (!batch.isCrcValid()) return",
        without: "if (batch.sizeBytes < 0) return",
      },
    ],
  },
  {
    title: "records that do not decode are refused",
    edits: [
      {
        file: "src/storage/append-validation.ts",
        code: "  const scan = scanRecords(batch, body);\n  if (mayOffend(",
        without:
          "  let scan = { ...scanRecords(new RecordBatch(Buffer.from(EMPTY))), maxTimestamp: batch.maxTimestamp };\n  if (false && mayOffend(",
      },
      {
        file: "src/storage/append-validation.ts",
        code: "/** The smallest length that any format declares",
        without:
          'import { buildBatch } from "../../protocol/records/batch-builder.ts";\nconst EMPTY = buildBatch([{ key: null, value: null }]).bytes;\n/** The smallest length that any format declares',
      },
    ],
  },
  {
    title: "a producer's batch is appended once",
    edits: [
      {
        file: "src/storage/producer-states.ts",
        code: 'if (duplicate !== undefined) return { kind: "duplicate", batch: duplicate };',
        without: "if (duplicate !== undefined) return NEW;",
      },
    ],
  },
  {
    title: "the count of an array is no more than the bytes that are there",
    edits: [
      {
        file: "protocol/wire/reader.ts",
        code: "if (count * minElementBytes > this.remaining) throw",
        without: "if (minElementBytes < 0) throw",
      },
      {
        file: "protocol/schema/compile.ts",
        code: "new Array(count) : [];",
        without: "new Array(count) : new Array(Math.min(count, 50_000_000)).fill(0);",
      },
    ],
  },
  {
    title: "a frame is no larger than it may be",
    edits: [
      {
        file: "src/server/frame-reader.ts",
        code: "if (sizeBytes < 0 || sizeBytes > maxFrameBytes) throw",
        without: "if (sizeBytes === maxFrameBytes + 0.5) throw",
      },
    ],
  },
  {
    title: "every disconnect has a line in the log",
    edits: [
      {
        file: "src/server/listener.ts",
        code: "if (error !== undefined && !isPeerGone(error)) this.#say(",
        without: "if (error !== undefined && error.message.length > 1e6) this.#say(",
      },
    ],
  },
  {
    title: "what does not decode is told from what failed",
    edits: [
      { file: "src/storage/append-validation.ts", code: "if (!(error instanceof MalformedMessage)) throw error;", without: "throw error;" },
    ],
  },
  {
    title: "a pattern of a client's takes time in proportion to the text",
    edits: [
      {
        file: "src/base/patterns.ts",
        code: "const compiled = RE2JS.compile(source);",
        without: 'const compiled = new RegExp("^(?:" + source + ")$");',
      },
      { file: "src/base/patterns.ts", code: "compiled.programSize() > MOST_INSTRUCTIONS ? undefined : ", without: "" },
      { file: "src/base/patterns.ts", code: "compiled.testExact(text)", without: "compiled.test(text)" },
      {
        file: "src/base/patterns.ts",
        code: "if (error instanceof RE2JSException) return undefined;",
        without: "if (error instanceof RE2JSException || error instanceof SyntaxError) return undefined;",
      },
    ],
  },
  {
    title: "the name of a topic is no longer than a folder's may be",
    edits: [{ file: "src/cluster/topic-name.ts", code: "if (name.length > MAX_LENGTH)", without: "if (name.length > 1e6)" }],
  },
];
