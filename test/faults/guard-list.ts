// What keeps brokers to their word when the disk fails, each with what stands in its place when it is taken out (../simulation/guards.ts).

import type { Guard } from "../guards/guard.ts";

const RECOVERY = "src/log/recovery.ts";
const WHOLE_BATCHES = "src/log/whole-batches.ts";
const JOURNAL = "src/log/journal-metadata-store.ts";
const ENGINE = "src/log/segmented-engine.ts";
const LOG = "src/log/segmented-log.ts";

export const GUARDS: readonly Guard[] = [
  {
    title: "recovery believes no batch whose checksum is wrong",
    edits: [{ file: WHOLE_BATCHES, code: "if (!batch.isCrcValid()) return", without: "if (batch.sizeBytes < 0) return" }],
  },
  {
    title: "a torn tail is cut off",
    where: "restart power-unflushed",
    edits: [{ file: RECOVERY, code: "    segment.file.use().truncate(segment.sizeBytes);\n", without: "" }],
  },
  {
    title: "what a deletion or an append left unsynced in a log's folder is synced before it counts as flushed",
    where: "roll power",
    edits: [{ file: "src/log/log-folder.ts", code: "await this.#resources.filesystem.syncDirectoryLater(this.#directory);", without: "" }],
  },
  {
    title: "the folders of new logs are synced before their records count as flushed",
    where: "topics power",
    edits: [{ file: "src/log/log-folder.ts", code: "await this.#resources.syncFolders();", without: "" }],
  },
  {
    title: "an acknowledgement waits for the disk where the topic asks for that",
    where: "produce power",
    edits: [
      {
        file: "src/log/durability.ts",
        code: "if (this.#flushedOffset >= this.#flushDueOffset) this.#durableOffset",
        without: "this.#durableOffset",
      },
    ],
  },
  {
    title: "a line of the journal counts when its checksum is right",
    where: "topics power",
    edits: [
      {
        file: "src/log/journal-lines.ts",
        code: 'if (content.toString("latin1", start, textStart) !== prefixOf(crc32c(content, textStart, lineEnd))) return undefined;',
        without: "",
      },
    ],
  },
  {
    title: "a change of metadata is synced before it is answered",
    where: "metadata power",
    edits: [{ file: JOURNAL, code: "await this.#file.sync();", without: "" }],
  },
  {
    title: "a change of metadata that was refused is taken back",
    where: "topics fail-killed",
    edits: [{ file: JOURNAL, code: "      this.#takeBack();\n", without: "" }],
  },
  {
    title: "a compacted journal is synced before it takes the place of the one before",
    where: "journal power",
    edits: [
      {
        file: JOURNAL,
        code: 'this.#options.filesystem.replaceFile(this.#options.path, encodeLine(header), "private");',
        without: "this.#options.filesystem.replaceFileUnsynced(this.#options.path, encodeLine(header));",
      },
    ],
  },
  {
    title: "the mark of a clean stop goes before anything is written",
    where: "roll power-unflushed",
    edits: [{ file: ENGINE, code: "    this.#filesystem.remove(cleanStop);\n", without: "" }],
  },
  {
    title: "that the mark of a clean stop is gone is synced",
    where: "roll power-unflushed",
    edits: [
      {
        file: ENGINE,
        code: "    // From here on a crash must be seen as one.\n    this.#filesystem.syncDirectory(this.#directory);\n",
        without: "",
      },
    ],
  },
  {
    title: "the recovery point moves when the disk has the log",
    where: "checkpoints power-unflushed",
    edits: [
      { file: LOG, code: "    await this.#durability.flush();\n    if (this.isIntact", without: "    if (this.isIntact" },
      {
        file: LOG,
        code: "this.#recoveryPoint.moveTo(this.#durability.flushedOffset,",
        without: "this.#recoveryPoint.moveTo(this.#logEndOffset,",
      },
    ],
  },
  {
    title: "the recovery point moves when the disk has the indexes",
    where: "checkpoints power-unflushed",
    edits: [
      {
        file: "src/log/segment.ts",
        code: "await Promise.all(INDEX_SUFFIXES.map((suffix) => syncFile(filesystem, this.path(suffix))));",
        without: "",
      },
    ],
  },
  {
    title: "an index that points beyond its segment, or back, is made anew",
    where: "corruption garbage",
    edits: [
      {
        file: "src/log/segment.ts",
        code: "!this.#isDamaged(OFFSET_INDEX_SUFFIX, offsets.damagedAt(this.sizeBytes)) && !this.#isDamaged(TIME_INDEX_SUFFIX, times.damagedAt());",
        without: "offsets.count >= 0 && times.count >= 0;",
      },
    ],
  },
  {
    title: "states of producers beyond what the disk surely has are not believed",
    where: "idempotence power",
    edits: [
      {
        file: "src/log/producer-snapshots.ts",
        code: "offset <= Math.min(logEndOffset, reliableUntil)",
        without: "reliableUntil >= 0 && logEndOffset >= 0",
      },
    ],
  },
  {
    title: "a snapshot of producers counts when its checksum is right",
    where: "checkpoints power",
    edits: [{ file: "src/log/producer-snapshot.ts", code: "|| crc !== crc32c(bytes, CRC_START)", without: "|| crc < 0" }],
  },
  {
    title: "part of a batch that could not be written is taken back",
    where: "produce fail",
    edits: [
      {
        file: "src/log/log-writer.ts",
        code: "      this.#takeBack(segment, position);\n      throw error;",
        without: "      throw error;",
      },
    ],
  },
  {
    title: "compacted segments are synced before they take the place of others",
    where: "compaction power",
    edits: [{ file: "src/log/compacted-segment.ts", code: "    await this.#segment.file.useWhile((file) => file.sync());\n", without: "" }],
  },
  {
    title: "who reads goes on behind a batch that cannot be so",
    where: "corruption flip",
    edits: [
      {
        file: "src/storage/batch-selection.ts",
        code: "const isInOrder = baseOffset >= expectedOffset && lastOffset >= baseOffset && lastOffset < endOffset;",
        without: "const isInOrder = expectedOffset + endOffset > -2;",
      },
    ],
  },
  {
    title: "an index of aborted transactions is held against what was noted of it",
    where: "corruption missing",
    edits: [{ file: RECOVERY, code: " ?? noted.differsAt(baseOffset, index)", without: "" }],
  },
  {
    title: "the largest timestamp of a segment is held against its batches before the segment is passed over",
    where: "corruption flip",
    edits: [{ file: "src/log/timestamp-lookup.ts", code: "    segment.verifyTimes();\n    if", without: "    if" }],
  },
  {
    title: "offsets of records that were lost at the end of a log are not given again",
    where: "corruption cut",
    edits: [{ file: RECOVERY, code: "if (logEndOffset >= leastEndOffset) return", without: "if (leastEndOffset >= 0) return" }],
  },
  {
    title: "where a log starts is read from its leader epochs when its checkpoint is damaged",
    where: "corruption empty",
    edits: [{ file: RECOVERY, code: "if (!isBeyond && !isLost) return", without: "if (!isBeyond || !isLost) return" }],
  },
  {
    title: "a coordinator passes over records whose checksum is wrong",
    where: "corruption flip",
    edits: [{ file: "src/coordinator/load.ts", code: "if (!batch.isCrcValid()) {", without: "if (batch.sizeBytes < 0) {" }],
  },
  {
    title: "a topic's id with a bit that is another is still the topic's",
    where: "corruption flip",
    edits: [{ file: "src/storage/stored-topic-id.ts", code: "const SAME_CHARACTERS = 12;", without: "const SAME_CHARACTERS = 22;" }],
  },
];
