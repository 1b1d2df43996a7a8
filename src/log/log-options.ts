// What a log is opened with, and what it shares with the other logs of its engine.

import type { BufferPool } from "../base/buffer-pool.ts";
import type { Clock } from "../base/clock.ts";
import type { Gate } from "../base/gate.ts";
import type { Logger } from "../base/logger.ts";
import type { TopicSettings } from "../config/topic-settings.ts";
import type { TopicPartition } from "../storage/topic-partition.ts";
import type { GatheredWrites } from "./gathered-writes.ts";
import type { CheckpointedLog } from "./offset-checkpoints.ts";
import type { SegmentResources } from "./segment.ts";
import type { TailCache } from "./tail-cache.ts";

/** A log as its engine hears of it. */
export interface EngineLog extends CheckpointedLog {
  readonly directory: string;
  readonly logEndOffset: number;
  /** Its files are complete up to the last byte. */
  readonly isIntact: boolean;
}

/** What all logs of an engine share. */
export interface LogResources extends SegmentResources {
  readonly tails: TailCache;
  readonly gathered: GatheredWrites;
  /** Memory for what is read from files. */
  readonly readBuffers: BufferPool;
  /** Where batches pass that are looked through off the event loop. */
  readonly longBatches: Gate;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly producerIdExpirationMs: number;
  /** A fraction of segment.jitter.ms, from 0 to 1, for a new segment. */
  readonly jitter: () => number;
  /** What is going to be deleted must not come back after a crash. Throws StorageError when that cannot be promised. */
  readonly saveLogStart: (log: EngineLog, offset: number) => void;
  /** Segments were deleted, which says where the log starts: that it is noted as well is not needed. */
  readonly logStartMoved: (log: EngineLog) => void;
  /** The log takes no more, until it is closed and opened again. Called wherever it fails: the listener must not touch it at once. */
  readonly failed: (log: EngineLog) => void;
  /** Makes the folders of new logs durable. */
  readonly syncFolders: () => Promise<void>;
  /** Paths that nobody will open again. */
  readonly removeLater: (paths: readonly string[], delayMs: number) => void;
  /** The log has been closed by its user. */
  readonly closed: (log: EngineLog) => void;
}

export interface LogOptions {
  readonly topicPartition: TopicPartition;
  readonly topicId: string;
  readonly directory: string;
  readonly settings: TopicSettings;
  readonly resources: LogResources;
  /** The directory was made for it, and has no segments. */
  readonly isNew: boolean;
  readonly isClean: boolean;
  readonly endedAt: number;
  readonly recoveryPoint: number;
  readonly logStartOffset: number;
  /** The checkpoint cannot be read, or may not be right. */
  readonly doubtsLogStart: boolean;
  readonly leastEndOffset: number;
  /** Keeps what is in the directory under another name, which is given, and makes it anew. */
  readonly setAside: () => string;
}
