// What keeps records right that old clients send and fetch, in the formats of before Kafka 0.11.

import type { TestedGuard } from "./guard.ts";

const UP = "src/storage/up-conversion.ts";
const FETCH = "src/api/old-fetch.ts";
const TESTS = ["test/storage/up-conversion.test.ts", "test/api/old-clients.test.ts"] as const;

export const OLD_CLIENT_GUARDS: readonly TestedGuard[] = [
  {
    title: "a message whose checksum is wrong is refused",
    edits: [{ file: UP, code: "if (!isCrcValid(message)) throw", without: "if (message.length < 0) throw" }],
    tests: TESTS,
  },
  {
    title: "a message in another whose checksum is wrong is refused",
    edits: [{ file: UP, code: "if (!isCrcValid(bytes)) throw", without: "if (bytes.length < 0) throw" }],
    tests: TESTS,
  },
  {
    title: "messages are all of one format",
    edits: [{ file: UP, code: "if (count > 0 && own !== magic)", without: "if (count < 0 && own !== magic)" }],
    tests: TESTS,
  },
  {
    title: "messages are of the format of the one that wraps them",
    edits: [{ file: UP, code: "if (magicAt(bytes) !== magic)", without: "if (magicAt(bytes) === undefined)" }],
    tests: TESTS,
  },
  {
    title: "a compressed message comes alone",
    edits: [{ file: UP, code: "if (count > 0 && (codec", without: "if (count < 0 && (codec" }],
    tests: TESTS,
  },
  {
    title: "a compressed message wraps no other",
    edits: [
      {
        file: UP,
        code: "if (message.compression !== Compression.NONE) throw",
        without: "if (bytes.length < 0) throw",
      },
    ],
    tests: TESTS,
  },
  {
    title: "no message has a timestamp that no number holds",
    edits: [{ file: UP, code: "if (!Number.isSafeInteger(message.timestamp))", without: "if (Number.isNaN(message.timestamp))" }],
    tests: TESTS,
  },
  {
    title: "messages that come to more than the topic takes are given up",
    edits: [{ file: UP, code: "encoded, { level, maxBytes });", without: "encoded, { level });" }],
    tests: TESTS,
  },
  {
    title: "markers of transactions are not given as messages",
    edits: [{ file: FETCH, code: "if (batch.isControl) continue;", without: "" }],
    tests: TESTS,
  },
  {
    title: "records before the one asked for are left out",
    edits: [{ file: FETCH, code: "if (record.offset < offset) continue;", without: "" }],
    tests: TESTS,
  },
  {
    title: "no message is given whole that is larger than its reader's limit",
    edits: [{ file: FETCH, code: "messages.length > this.#limitBytes ?", without: "messages.length < 0 ?" }],
    tests: TESTS,
  },
  {
    title: "what is compressed with zstd is not given to who cannot know it",
    edits: [
      {
        file: FETCH,
        code: "      case Compression.ZSTD:\n        throw new Unconvertible(Errors.UNSUPPORTED_COMPRESSION_TYPE);\n",
        without: "",
      },
      { file: FETCH, code: 'if (partition.settings["compression.type"] === "zstd") throw', without: "if (asked.offset < 0) throw" },
    ],
    tests: TESTS,
  },
  {
    title: "offsets in a wrapper of magic 0 are those of the log",
    edits: [{ file: "protocol/records/down-conversion.ts", code: "magic === 0 ? 0 : batch.baseOffset;", without: "batch.baseOffset;" }],
    tests: TESTS,
  },
  {
    title: "frames of lz4 in magic 0 have the checksum that its readers expect",
    edits: [
      {
        file: "protocol/records/down-conversion.ts",
        code: "if (magic === 0 && compression === Compression.LZ4)",
        without: "if (magic > 1)",
      },
    ],
    tests: TESTS,
  },
  {
    title: "old versions are not served where they are turned off",
    edits: [{ file: "src/api/old-versions.ts", code: "if (lowest === undefined) return handler;", without: "return handler;" }],
    tests: TESTS,
  },
  {
    title: "a segment of before Kafka 0.11 is not taken for damage",
    edits: [{ file: "src/log/recovery.ts", code: "|| !isOldFormat(head)) return;", without: "|| isOldFormat(head) || true) return;" }],
    tests: ["test/log/recovery.test.ts"],
  },
];
