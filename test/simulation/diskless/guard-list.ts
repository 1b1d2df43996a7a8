// What keeps records in their places while leaders come and go, each with what stands in its place when it is taken out (../guards.ts). Those of
// the database are taken out of the catalog in memory; that PostgreSQL has them, ../../interop/machines/guards.ts shows.

import type { Guard } from "../../guards/guard.ts";

const CATALOG = "test/diskless/fakes/memory-catalog.ts";
const PIPELINE = "src/diskless/write-pipeline.ts";
const READY = "src/diskless/ready-parts.ts";
const LOG = "src/diskless/diskless-log.ts";

export const GUARDS: readonly Guard[] = [
  // What the database sees to.
  {
    title: "what was appended at an earlier leader epoch is not committed",
    edits: [{ file: CATALOG, code: "row.leaderEpoch > log.leaderEpoch || ", without: "" }],
  },
  {
    title: "a commit counts only from where the log ends",
    edits: [{ file: CATALOG, code: " || row.endOffset !== log.expectedEndOffset", without: "" }],
  },
  {
    title: "a commit that comes again is known",
    edits: [
      {
        file: CATALOG,
        code: "if (sequence === writer.committedSequence && writer.outcome !== undefined) return writer.outcome;",
        without: "",
      },
    ],
  },
  {
    title: "a log is not opened at an earlier leader epoch",
    edits: [{ file: CATALOG, code: "if (row.leaderEpoch > leaderEpoch || (", without: "if ((" }],
  },
  // From append to commit.
  {
    title: "objects are committed in the order in which they were closed",
    edits: [
      {
        file: PIPELINE,
        code: `while (this.#uploads[0]?.state === "stored") {
      const upload = this.#uploads.shift();
      if (upload === undefined) break;`,
        without: `for (const upload of this.#uploads.filter(({ state }) => state === "stored")) {
      this.#uploads.splice(this.#uploads.indexOf(upload), 1);`,
      },
    ],
  },
  {
    title: "one commit is under way at a time",
    edits: [{ file: PIPELINE, code: "if (this.#isCommitting || this.#isClosed) return;", without: "if (this.#isClosed) return;" }],
  },
  {
    title: "what goes into a row waits for no object before it",
    edits: [{ file: PIPELINE, code: "isSmall && queue.queuedCount === 0 && ", without: "isSmall && " }],
  },
  {
    title: "what goes into a row does not overtake what is being gathered",
    edits: [
      { file: PIPELINE, code: "if (queue.gathered !== undefined) return", without: "if (queue.gathered !== undefined && !isSmall) return" },
    ],
  },
  {
    title: "a row is committed with producers as they were when an object was begun behind it",
    edits: [{ file: PIPELINE, code: "    queue.inline?.seal(log.producers);\n", without: "" }],
  },
  {
    title: "an object is committed with producers as they were when it was closed",
    edits: [
      {
        file: PIPELINE,
        code: "      part.seal(log.producers);\n      log.queue.gathered = undefined;",
        without: "      log.queue.gathered = undefined;",
      },
      {
        file: PIPELINE,
        code: "for (const log of upload.parts.keys()) log.queue.queuedCount--;",
        without: "for (const [log, part] of upload.parts) (part.seal(log.producers), log.queue.queuedCount--);",
      },
    ],
  },
  {
    title: "of a producer in several parts the last state counts",
    edits: [
      {
        file: READY,
        code: "parts.flatMap(({ part }) => part.producers.map((state) => [state.producerId, state]))",
        without: "parts.flatMap(({ part }) => part.producers.map((state) => [state.producerId, state])).reverse()",
      },
    ],
  },
  {
    title: "an object is committed when it was stored",
    edits: [
      {
        file: PIPELINE,
        code: `this.#failures.failed("objects", error, "could not put an object; what was appended waits");`,
        without: "upload.stored(key); break;",
      },
    ],
  },
  {
    title: "a commit of which nobody knows is not taken for done",
    edits: [
      {
        file: PIPELINE,
        code: `this.#failures.failed("commits", error, "could not commit; what was appended waits");`,
        without: `return { kind: "committed", objectIds: [], refusedLogIds: [] };`,
      },
    ],
  },
  {
    title: "a commit of which nobody knows is not taken for refused",
    edits: [
      {
        file: PIPELINE,
        code: `this.#failures.failed("commits", error, "could not commit; what was appended waits");`,
        without: `return { kind: "committed", objectIds: [], refusedLogIds: commit.logs.map(({ logId }) => logId) };`,
      },
    ],
  },
  {
    title: "what was refused is not acknowledged",
    edits: [{ file: READY, code: "if (refused.has(log.logId)) log.refused();", without: "if (false) log.refused();" }],
  },
  {
    title: "of a log that was closed nothing is committed",
    edits: [{ file: READY, code: "    if (!log.isWritten) return;\n", without: "" }],
  },
  {
    title: "keys of objects carry the incarnation",
    edits: [{ file: "src/diskless/object-keys.ts", code: `/o/\${this.#incarnation}/`, without: "/o/" }],
  },
  // What a leader says, and knows when it takes over.
  {
    title: "an answer waits until what it tells of is committed",
    edits: [{ file: LOG, code: "    return this.#durableOffset;", without: "    return this.#logEndOffset;" }],
  },
  {
    title: "producers are known to who takes over",
    edits: [{ file: LOG, code: "this.producers.restore(opened.producers);", without: "this.producers.restore([]);" }],
  },
  {
    title: "open transactions are known to who takes over",
    edits: [
      {
        file: LOG,
        code: "this.producers.restore(opened.producers);",
        without: "this.producers.restore(opened.producers.map((each) => ({ ...each, transactionFirstOffset: -1 })));",
      },
    ],
  },
  {
    title: "aborted transactions are committed with their markers",
    edits: [{ file: READY, code: "abortedRanges: parts.flatMap(({ part }) => part.abortedRanges)", without: "abortedRanges: []" }],
  },
  {
    title: "aborted transactions are known to who takes over",
    edits: [
      {
        file: "src/diskless/aborted-ranges.ts",
        code: "[...(await this.#catalog.abortedRanges(this.#logId, logStartOffset))]",
        without: "(await this.#catalog.abortedRanges(this.#logId, logStartOffset)).slice(0, 0)",
      },
    ],
  },
  {
    title: "aborted transactions are known from their commit on",
    edits: [{ file: LOG, code: "      this.#aborted.add(part.abortedRanges);\n", without: "" }],
  },
  {
    title: "aborted transactions that are committed while the others are read are not forgotten",
    edits: [{ file: "src/diskless/aborted-ranges.ts", code: "this.#later.push(...ranges);", without: "undefined;" }],
  },
  {
    title: "what a transaction wrote is not stable before its marker is durable",
    edits: [
      {
        file: "src/storage/producer-states.ts",
        code: "for (const { firstOffset } of this.#ended) first =",
        without: "for (const { firstOffset } of NONE_ENDED) first =",
      },
    ],
  },
  {
    title: "a leader epoch that begins while the log is open is committed",
    edits: [{ file: READY, code: "leaderEpochs: parts.flatMap(({ part }) => part.leaderEpochs)", without: "leaderEpochs: []" }],
  },
  {
    title: "what a store gives is looked at before anybody sees it",
    edits: [{ file: "src/diskless/chunk-cache.ts", code: "    for (const _ of checkedBatches(bytes, range));\n", without: "" }],
  },
  // Who leads.
  {
    title: "a log that is led again is opened anew, however much of it is to be handed over",
    edits: [
      {
        file: "src/cluster/local-partitions.ts",
        code: "    this.#endHandingOver(topicPartitionName({ topic: name, partition: index }));\n",
        without: "",
      },
    ],
  },
  {
    title: "a broker without its lease serves nobody",
    edits: [{ file: "src/membership/lease-guard.ts", code: "this.#isHeld = isHeld;", without: "this.#isHeld = () => true;" }],
  },
  {
    title: "a lease is counted from before its renewal was sent",
    edits: [{ file: "src/membership/lease-keeper.ts", code: "this.#renewedAt = sentAt;", without: "this.#renewedAt = momentOf(clock);" }],
  },
];
