// What guards against hostile input of which the fuzzer, within its first 60 000 requests, does not show that it is needed.

import type { TestedGuard } from "./guard.ts";

export const HOSTILE_GUARDS: readonly TestedGuard[] = [
  {
    title: "the offsets that a batch takes are as many as its records",
    edits: [
      { file: "src/storage/append-validation.ts", code: "if (lastOffsetDelta < 0)\n", without: "if (lastOffsetDelta < -0x80000000)\n" },
      {
        file: "src/storage/append-validation.ts",
        code: "if (lastOffsetDelta + 1 !== recordCount) {",
        without: "if (lastOffsetDelta === recordCount + 1e9) {",
      },
    ],
    tests: ["test/storage/append-validation.test.ts"],
  },
  {
    title: "what a compressed batch holds is bounded before it is judged at once",
    edits: [
      {
        file: "src/storage/judging-budget.ts",
        code: "const BYTES_AT_ONCE = 1024 * 1024;",
        without: "const BYTES_AT_ONCE = 1024 * 1024 * 1024;",
      },
    ],
    tests: ["test/api/long-batches.test.ts", "test/storage/append-validation.test.ts", "test/api/bounds.test.ts"],
  },
  {
    title: "a producer id that no number holds is refused",
    edits: [
      { file: "src/storage/producer-states.ts", code: "if (!isExactInt64(producerId)) return inexactProducerId(producerId);", without: "" },
      {
        file: "src/storage/producer-states.ts",
        code: "if (producerId < 0 || !isExactInt64(producerId)) return undefined;",
        without: "if (producerId < 0) return undefined;",
      },
    ],
    tests: ["test/api/odd-values.test.ts"],
  },
  {
    title: "a text that grows when it is read is no failure of the broker's",
    edits: [{ file: "src/server/dispatch.ts", code: "if (!(cause instanceof TextTooLong)) throw cause;", without: "throw cause;" }],
    tests: ["test/api/odd-values.test.ts"],
  },
  {
    title: "one request makes no more than so many partitions",
    edits: [
      { file: "src/cluster/batch-limit.ts", code: "export const MAX_CHANGES = 10_000;", without: "export const MAX_CHANGES = 1e12;" },
    ],
    tests: ["test/api/bounds.test.ts", "test/integration/kafkajs.test.ts"],
  },
  {
    title: "what is no record of a coordinator's is passed over",
    edits: [
      {
        file: "src/coordinator/load.ts",
        code: "if (!(cause instanceof MalformedMessage)) throw cause;\n    return",
        without: "throw cause;\n    return",
      },
      {
        file: "src/coordinator/load.ts",
        code: "if (!(cause instanceof MalformedMessage)) throw cause;\n    progress",
        without: "throw cause;\n    progress",
      },
    ],
    tests: ["test/coordinator/shard.test.ts"],
  },
  {
    title: "answers leave in the order of their requests",
    edits: [
      {
        file: "src/server/connection.ts",
        code: "if (this.#inTurn.count > 0) this.#inTurn.add(answer);",
        without: "if (this.#inTurn.count < 0) this.#inTurn.add(answer);",
      },
    ],
    tests: ["test/server/answers-in-turn.test.ts"],
  },
  {
    title: "who may not write to a topic does not",
    edits: [{ file: "src/api/produce.ts", code: "if (!mayWrite) return failed", without: "if (mayWrite === undefined) return failed" }],
    tests: ["test/security/access-rules.test.ts", "test/api/access-at-once.test.ts"],
  },
];
