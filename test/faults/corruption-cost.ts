// What harm to a file may cost at most, by what the file held where it is harmed: decided by the bytes alone, as they were and as they are.

import { batchHeader } from "../../protocol/records/batch-header.ts";
import { ControlType, readControlBatch } from "../../protocol/records/control-batch.ts";
import { batchesOf, type RecordBatch } from "../../protocol/records/record-batch.ts";
import { isUnharmed } from "./corruption-harm.ts";
import type { LivedFolder } from "./corruption-life.ts";
import { FOLDER } from "./faulty-broker.ts";

export interface Cost {
  readonly path: string;
  /** Whose log the file belongs to. */
  readonly partition: string | undefined;
  /** Batches are harmed. */
  readonly isOfRecords: boolean;
  /** Offsets from here on may be given again. */
  readonly lostFrom: number;
  /** The broker may say that it does not start. */
  readonly mayRefuse: boolean;
  /** Nobody can tell, or nobody reads it: as long as nothing is lost. */
  readonly mayBeSilent: boolean;
  /** Of the offsets of a partition's log. */
  readonly mayDiffer: (partition: string, field: OffsetField, offset: number) => boolean;
  /** It reads well, says something else, and nothing else knows. */
  readonly isBelieved: boolean;
  /** As in Kafka, nobody holds them against the batches as long as they read well. */
  readonly mayMistakeEpochs: boolean;
  /** There are bytes that are wrong, so it can be said where. */
  readonly hasPosition: boolean;
  readonly mayLose: (partition: string, offset: number, kind: "all" | "committed") => boolean;
  /** To who reads what is committed, what was aborted. */
  readonly mayShow: (partition: string, offset: number) => boolean;
  /** No checksum covers the offset of a batch: a record of one that is harmed there may be found at another, where that fits. */
  readonly mayMove: (partition: string, value: string) => boolean;
  /** A value that was set, or a partition. */
  readonly mayForget: (name: string) => boolean;
}

type OffsetField = "logStartOffset" | "logEndOffset" | "lastStableOffset";

const LOG = /\/([\w.-]+-\d+)\/\d{20}\.log$/;
const PARTITION = /\/([\w.-]+-\d+)\/[^/]+$/;

export function costOf(lived: LivedFolder, path: string, after: Buffer | undefined): Cost {
  const { files } = lived;
  const before = files.readFile(path);
  const partition = PARTITION.exec(path)?.[1];
  const isOfTransactions = partition?.startsWith("__transaction_state-") === true;
  const nothing = {
    path: path.slice(FOLDER.length + 1),
    partition,
    isOfRecords: false,
    lostFrom: Number.POSITIVE_INFINITY,
    mayRefuse: false,
    mayBeSilent: isSilent(path, before, after),
    isBelieved: false,
    // Where it is not known any more that a transaction is complete, it gets a second marker.
    mayDiffer: (_: string, field: OffsetField) => isOfTransactions && field !== "logStartOffset",
    mayMistakeEpochs: isOfTransactions || (path.endsWith("leader-epoch-checkpoint") && after !== undefined && isCheckpoint(after)),
    hasPosition: after !== undefined && after.length > 0,
    mayLose: () => false,
    mayShow: () => false,
    mayMove: () => false,
    mayForget: () => false,
  };
  if (path.endsWith("log-start-offset-checkpoint") && lived.isKilled && after !== undefined)
    return { ...nothing, ...costOfLogStarts(after) };
  if (path.endsWith("metadata.journal")) return { ...nothing, ...costOfJournal(before, after) };
  if (path.endsWith("meta.properties")) return { ...nothing, mayRefuse: true, hasPosition: false };
  if (!LOG.test(path)) return nothing;
  return {
    ...nothing,
    ...costOfSegment(before, after, { name: partition ?? "", certainUntil: lived.isKilled ? recoveryPointOf(files, partition) : MAX }),
  };
}

/** After a kill it is believed as it reads, as in Kafka: nothing else knows it. */
function costOfLogStarts(after: Buffer): Partial<Cost> {
  const starts = new Map<string, number>();
  for (const [, topic, partition, offset] of after.toString("latin1").matchAll(/^([\w.-]+) (\d+) (\d+)$/gm))
    starts.set(`${topic}-${partition}`, Number(offset));
  return {
    isBelieved: isCheckpoint(after),
    mayLose: (name, offset) => offset < (starts.get(name) ?? 0),
    mayDiffer: (name, field, offset) => field === "logStartOffset" && offset === starts.get(name),
  };
}

/** What is damaged up to its end is taken for what a crash left unfinished. */
function costOfJournal(before: Buffer, after: Buffer | undefined): Partial<Cost> {
  const lines = before.toString("latin1").split("\n");
  const starts = lines.map((_, index) => lines.slice(0, index).reduce((sum, line) => sum + line.length + 1, 0));
  const areWhole = lines
    .slice(0, -1)
    .map((line, index) => isUnharmed(before, after, starts[index] ?? 0, (starts[index] ?? 0) + line.length + 1));
  const firstHarmed = areWhole.indexOf(false);
  const isOfEnd = firstHarmed > 0 && !areWhole.slice(firstHarmed).includes(true);
  const lost = withNames(lines.slice(firstHarmed).join(), before.toString("latin1"));
  return {
    mayRefuse: true,
    mayForget: (name) => isOfEnd && name.split(" ").every((word) => word === "-" || lost.includes(word) || isKind(word)),
  };
}

/** What is said of a topic by its id is said of its name. */
function withNames(lost: string, journal: string): string {
  const topics = [...journal.matchAll(/"name":"([\w.-]+)","id":"([\w-]{22})"/g)];
  return [lost, ...topics.filter(([, , id = "-"]) => lost.includes(id)).map(([, name]) => name)].join();
}

function isKind(word: string): boolean {
  return ["config", "offset", "acl", "quota", "scram", "token", "share"].includes(word);
}

interface HarmedLog {
  readonly name: string;
  /** Below it the disk surely had everything. */
  readonly certainUntil: number;
}

/** Of what is certain, what is harmed; of the rest, what follows as well: a log ends where a crash may have torn it. */
function costOfSegment(before: Buffer, after: Buffer | undefined, { name: partition, certainUntil }: HarmedLog): Partial<Cost> {
  const batches = [...batchesOf(before)];
  const harmed = batches.filter(({ start, end }) => !isUnharmed(before, after, start, end));
  const hidden = harmed.filter(({ isControl }) => isControl);
  const firstHidden = Math.min(...hidden.map((marker) => firstOfTransaction(batches, marker)));
  const lostFrom = Math.min(...harmed.filter(({ lastOffset }) => lastOffset >= certainUntil).map(({ baseOffset }) => baseOffset));
  const covers = (offset: number) =>
    offset >= lostFrom || harmed.some(({ baseOffset, lastOffset }) => offset >= baseOffset && offset <= lastOffset);
  return {
    isOfRecords: true,
    // Whoever reads them finds their checksums wrong; a crash may not have made the last file, nor written to it; and no checksum covers the leader epoch.
    mayBeSilent:
      lostFrom !== Number.POSITIVE_INFINITY
        ? after === undefined || after.length === 0 || harmed.every((batch) => isHarmedInEpoch(batch, before, after))
        : after !== undefined && after.length >= before.length,
    lostFrom,
    mayLose: (name, offset, kind) => name === partition && (covers(offset) || (kind === "committed" && offset >= firstHidden)),
    mayShow: (name, offset) => name === partition && hidden.some((marker) => isAbort(marker) && offset < marker.baseOffset),
    mayMove: (name, value) =>
      name === partition && harmed.some((batch) => isHarmedInOffset(batch, before, after) && batch.bytes.includes(value)),
    mayForget: (name) => batches.some((batch) => covers(batch.baseOffset) && batch.bytes.includes(name.split(" ")[2] ?? "-")),
  };
}

function isHarmedInOffset({ start }: RecordBatch, before: Buffer, after: Buffer | undefined): boolean {
  return !isUnharmed(before, after, start, start + batchHeader.fields.baseOffset.sizeBytes);
}

function isHarmedInEpoch({ start, end }: RecordBatch, before: Buffer, after: Buffer): boolean {
  const { offsetOf, fields } = batchHeader;
  const from = start + offsetOf.partitionLeaderEpoch;
  return isUnharmed(before, after, start, from) && isUnharmed(before, after, from + fields.partitionLeaderEpoch.sizeBytes, end);
}

const MAX = Number.MAX_SAFE_INTEGER;

function recoveryPointOf(files: LivedFolder["files"], partition: string | undefined): number {
  const lines = files.readFile(`${FOLDER}/recovery-point-offset-checkpoint`).toString().split("\n");
  const words = lines.map((line) => line.split(" ")).find(([topic, index]) => `${topic}-${index}` === partition);
  return Number(words?.[2] ?? 0);
}

/** In this segment; its marker alone is harmed. */
function firstOfTransaction(batches: readonly RecordBatch[], { producerId }: RecordBatch): number {
  return batches.find((batch) => batch.producerId === producerId)?.baseOffset ?? 0;
}

function isAbort(marker: RecordBatch): boolean {
  return readControlBatch(marker)?.type === ControlType.ABORT;
}

const NOT_READ = /replication-offset-checkpoint$|\.kafka_cleanshutdown$|cleaner-offset-checkpoint$/;

function isSilent(path: string, before: Buffer, after: Buffer | undefined): boolean {
  if (NOT_READ.test(path)) return true;
  if (/-checkpoint$/.test(path)) return after === undefined || isCheckpoint(after);
  // Only the newest is read; an index where it leads.
  if (path.endsWith(".snapshot") || path.endsWith("index")) return !path.endsWith(".txnindex");
  if (path.endsWith("metadata.journal.version") || path.endsWith("partition.metadata")) return after === undefined;
  if (path.endsWith("meta.properties")) return after !== undefined && propertiesOf(before).join() === propertiesOf(after).join();
  return false;
}

function propertiesOf(content: Buffer): string[] {
  return content
    .toString()
    .split("\n")
    .filter((line) => /^(cluster|node)\.id=/.test(line));
}

/** One that says something else is as good as what was there. */
function isCheckpoint(content: Buffer): boolean {
  const [version, count, ...lines] = content.toString("latin1").split("\n");
  if (version !== "0" || Number(count) !== lines.length - 1 || lines.at(-1) !== "") return false;
  return lines.slice(0, -1).every((line) => /^([\w.-]+ )?\d+ \d+$/.test(line));
}
