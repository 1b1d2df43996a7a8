// THE SEAM, part two: where the logs of a broker's partitions come from.

import type { TopicSettings } from "../config/topic-settings.ts";
import type { PartitionLog } from "./partition-log.ts";
import type { TopicPartition } from "./topic-partition.ts";

/** Names are given again to other topics, ids never. */
export interface LogIdentity extends TopicPartition {
  readonly topicId: string;
}

export interface LogSpec extends LogIdentity {
  readonly settings: TopicSettings;
  /** Of the leader that opens the log. Where logs are shared by many machines, a newer one takes it away from the leader of an older. */
  readonly leaderEpoch: number;
}

export interface StoredPartition extends TopicPartition {
  /** `undefined` when the data does not say. */
  readonly topicId: string | undefined;
}

/** Where an engine's data lies, as DescribeLogDirs shows it: its folder, or its place in an object store. */
export interface LogDirectory {
  readonly path: string;
  /** Of the volume that it lies on; -1 when unknown. */
  readonly totalBytes: number;
  /** Of them, those still free for us; -1 when unknown. */
  readonly usableBytes: number;
}

/** What one compaction may use. */
export interface CompactionLimits {
  /** Memory for keys; a log with more of them is compacted in several rounds. */
  readonly dedupeBufferBytes: number;
  /** The share of that memory which may be filled. */
  readonly dedupeBufferLoadFactor: number;
  /** Of reads and writes together. */
  readonly ioBufferBytes: number;
  /** Read and written together. */
  readonly ioBytesPerSecond: number;
}

export interface StorageEngine {
  /** `open` gives no promises. The logs of new partitions are then made before these come into the metadata, else by their leaders afterwards. */
  readonly opensAtOnce: boolean;
  /**
   * Opens the log, recovering it when the broker did not stop cleanly, or makes an empty one. Throws or rejects with StorageError. Those that
   * are asked for in one turn may be opened together. Not asked again for a partition before what it gave was closed, or did not come.
   */
  open(spec: LogSpec): PartitionLog | Promise<PartitionLog>;
  /**
   * Closes and deletes; nothing happens when there is none. Storage may keep it for some time (file.delete.delay.ms), and until it can be
   * reached. What is being opened is deleted too; who asked for it closes it. Never throws.
   */
  delete(log: LogIdentity): void;
  /** Called, at most one listener, with the partition of a log that failed (PartitionLog.isIntact), while it is at work: not to be touched then. */
  onFailure(listener: (partition: TopicPartition) => void): void;
  /** Runs `work`; what it appends may be written together when it ends (`AppendResult.written`). */
  gather(work: () => void): void;
  /**
   * A promise while what was appended and is not durable takes as much memory as it may: who appends for a client waits for it first, and
   * then asks again. Absent in engines that keep nothing.
   */
  room?(): Promise<void> | undefined;
  logDirectory(): LogDirectory;
  /**
   * Compacts the log that needs it most, where cleanup.policy says so, while appends and reads go on. `false` when none is due, or one is
   * being compacted already. Never rejects: failures are logged.
   */
  compact(limits: CompactionLimits): Promise<boolean>;
  /** Flushes what is new, then writes the checkpoints that make the next start quick. Never rejects: failures are logged. */
  checkpoint(): Promise<void>;
  /** Flushes, writes checkpoints and the mark of a clean stop, closes every log and gives the folder free. */
  close(): Promise<void>;
}

/** What an engine says of a folder, which may hold what the metadata does not know. */
export interface StoredPartitions extends Pick<StorageEngine, "delete"> {
  /** Partitions that have data here, for finding strays. */
  list(): readonly StoredPartition[];
  /** Keeps the data of a partition that belongs to no topic under a name that says so, which is given; its log is not open. */
  setAside(partition: TopicPartition): string;
}
