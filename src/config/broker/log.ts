// Partition logs: segments, flushing, retention, compaction and what may be appended. Each of the topic-level ones is the
// default of a topic setting (see topic-settings.ts).

import { MAX_INT64 } from "../../../protocol/wire/int64.ts";
import { bool, double, int, list, long, str } from "../setting.ts";

const honoured = true;
const clusterWide = "cluster-wide";

export const logSettings = {
  "compression.gzip.level": int(-1, "Level at which gzip compresses when the broker does it.", {
    honoured,
    dynamic: clusterWide,
    min: 1,
    max: 9,
    or: -1,
  }),
  "compression.lz4.level": int(9, "Level at which lz4 compresses when the broker does it.", { dynamic: clusterWide, min: 1, max: 17 }),
  "compression.type": str("producer", "Codec in which batches are stored; producer keeps what the producer chose.", {
    honoured,
    dynamic: clusterWide,
    oneOf: ["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"],
  }),
  "compression.zstd.level": int(3, "Level at which zstd compresses when the broker does it.", {
    honoured,
    dynamic: clusterWide,
    min: -131_072,
    max: 22,
  }),
  "log.cleaner.backoff.ms": long(15_000, "Pause of the cleaner when there is nothing to clean.", {
    honoured,
    dynamic: clusterWide,
    min: 0,
  }),
  "log.cleaner.dedupe.buffer.size": long(134_217_728, "Memory for the keys of the log that is compacted.", {
    honoured,
    dynamic: clusterWide,
  }),
  "log.cleaner.delete.retention.ms": long(86_400_000, "How long the marks of deleted keys stay in compacted topics.", {
    honoured,
    dynamic: clusterWide,
    min: 0,
  }),
  "log.cleaner.enable": bool(true, "Runs the cleaner, which compacts topics.", { honoured }),
  "log.cleaner.io.buffer.load.factor": double(0.9, "Share of the cleaner's memory for keys that may be filled.", {
    honoured,
    dynamic: clusterWide,
  }),
  "log.cleaner.io.buffer.size": int(524_288, "Memory for what the cleaner reads and writes.", { honoured, dynamic: clusterWide, min: 0 }),
  "log.cleaner.io.max.bytes.per.second": double(Number.MAX_VALUE, "Bytes a second that the cleaner reads and writes.", {
    honoured,
    dynamic: clusterWide,
  }),
  "log.cleaner.max.compaction.lag.ms": long(MAX_INT64, "Longest time that a record may stay uncompacted.", {
    honoured,
    dynamic: clusterWide,
    min: 1,
  }),
  "log.cleaner.min.cleanable.ratio": double(0.5, "Share of a log that must be dirty before it is cleaned.", {
    honoured,
    dynamic: clusterWide,
    min: 0,
    max: 1,
  }),
  "log.cleaner.min.compaction.lag.ms": long(0, "Shortest time that a record stays uncompacted.", {
    honoured,
    dynamic: clusterWide,
    min: 0,
  }),
  "log.cleaner.threads": int(1, "Threads that compact.", { dynamic: clusterWide, min: 0 }),
  "log.cleanup.policy": list(["delete"], "What happens to old segments: delete, compact or both.", {
    honoured,
    dynamic: clusterWide,
    oneOf: ["compact", "delete"],
  }),
  "log.dir": list(["/tmp/kafka-logs"], "Folder of the logs, used when log.dirs is not set.", { honoured, nonEmpty: true }),
  "log.dir.failure.timeout.ms": long(30_000, "How long a broker runs on that cannot report a failed log folder to the controller.", {
    min: 1,
  }),
  "log.dirs": list(null, "Folders of the logs; Odradek uses the first.", { honoured, nonEmpty: true }),
  "log.flush.interval.messages": long(
    MAX_INT64,
    "Records after which a log is forced to disk; 1 means that every acknowledged record is on disk.",
    { honoured, dynamic: clusterWide, min: 1 },
  ),
  "log.flush.interval.ms": long(null, "Longest time that a record stays in memory before it is forced to disk.", {
    honoured,
    dynamic: clusterWide,
  }),
  "log.flush.offset.checkpoint.interval.ms": int(60_000, "Interval at which the recovery point is written.", { honoured, min: 0 }),
  "log.flush.scheduler.interval.ms": long(MAX_INT64, "Interval at which logs are looked at for flushing.", { honoured }),
  "log.flush.start.offset.checkpoint.interval.ms": int(60_000, "Interval at which log start offsets are written.", { min: 0 }),
  "log.index.interval.bytes": int(4096, "Bytes between two entries of the offset index.", { honoured, dynamic: clusterWide, min: 0 }),
  "log.index.size.max.bytes": int(10_485_760, "Largest offset index of a segment.", { honoured, dynamic: clusterWide, min: 4 }),
  "log.initial.task.delay.ms": long(30_000, "Delay before retention is checked for the first time.", { honoured, internal: true, min: 0 }),
  "log.local.retention.bytes": long(-2, "Size kept locally of topics in tiered storage; -2 means log.retention.bytes.", {
    dynamic: clusterWide,
    min: -2,
  }),
  "log.local.retention.ms": long(-2, "Age kept locally of topics in tiered storage; -2 means log.retention.ms.", {
    dynamic: clusterWide,
    min: -2,
  }),
  "log.message.timestamp.after.max.ms": long(3_600_000, "How far ahead of the broker a record may be dated.", {
    honoured,
    dynamic: clusterWide,
    min: 0,
  }),
  "log.message.timestamp.before.max.ms": long(MAX_INT64, "How far behind the broker a record may be dated.", {
    honoured,
    dynamic: clusterWide,
    min: 0,
  }),
  "log.message.timestamp.type": str("CreateTime", "Whether records carry the time of their making or of their appending.", {
    honoured,
    dynamic: clusterWide,
    oneOf: ["CreateTime", "LogAppendTime"],
  }),
  "log.preallocate": bool(false, "Allocates segment files in full when they are made.", { dynamic: clusterWide }),
  "log.retention.bytes": long(-1, "Size of a partition beyond which old segments are deleted; -1 means no limit.", {
    honoured,
    dynamic: clusterWide,
  }),
  "log.retention.check.interval.ms": long(300_000, "Interval at which logs are looked at for deletion.", { honoured, min: 1 }),
  "log.retention.hours": int(168, "Age at which segments are deleted, where neither minutes nor milliseconds are set.", { honoured }),
  "log.retention.minutes": int(null, "Age at which segments are deleted, where no milliseconds are set.", { honoured }),
  "log.retention.ms": long(null, "Age at which segments are deleted; -1 means no limit.", { honoured, dynamic: clusterWide }),
  "log.roll.hours": int(168, "Age at which a segment is closed, where no milliseconds are set.", { honoured, min: 1 }),
  "log.roll.jitter.hours": int(0, "Largest random reduction of that age, where no milliseconds are set.", { honoured, min: 0 }),
  "log.roll.jitter.ms": long(null, "Largest random reduction of that age.", { honoured, dynamic: clusterWide }),
  "log.roll.ms": long(null, "Age at which a segment is closed.", { honoured, dynamic: clusterWide }),
  "log.segment.bytes": int(1_073_741_824, "Size at which a segment is closed.", { honoured, dynamic: clusterWide, min: 1_048_576 }),
  "log.segment.delete.delay.ms": long(60_000, "Delay between the removal of a segment from its log and that of its files.", {
    honoured,
    dynamic: clusterWide,
    min: 0,
  }),
  "message.max.bytes": int(1_048_588, "Largest record batch that may be appended.", { honoured, dynamic: clusterWide, min: 0 }),
  "min.insync.replicas": int(1, "Replicas that must be in sync for acks=all to be answered.", { honoured, dynamic: clusterWide, min: 1 }),
  "num.recovery.threads.per.data.dir": int(2, "Threads for each log folder that load logs at the start and flush them at the end.", {
    dynamic: clusterWide,
    min: 1,
  }),
  "producer.id.expiration.check.interval.ms": int(600_000, "Interval at which forgotten producers are looked for.", {
    internal: true,
    min: 1,
  }),
  "producer.id.expiration.ms": int(86_400_000, "How long a partition remembers a producer that stopped writing.", {
    honoured,
    dynamic: clusterWide,
    min: 1,
  }),
};
