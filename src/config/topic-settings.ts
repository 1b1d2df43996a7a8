// The settings of a topic. What a topic does not override it takes from the broker's setting of another name (its synonyms
// there, the first that is set counts), and that from its default.

import { MAX_INT64 } from "../../protocol/wire/int64.ts";
import type { BrokerSettingName } from "./broker-settings.ts";
import { bool, double, int, list, long, type SettingValue, str, type ValuesOf } from "./setting.ts";

const honoured = true;

export const topicSettingTable = {
  "cleanup.policy": list(["delete"], "What happens to old segments: delete, compact or both.", { honoured, oneOf: ["compact", "delete"] }),
  "compression.gzip.level": int(-1, "Level at which gzip compresses when the broker does it.", { honoured, min: 1, max: 9, or: -1 }),
  "compression.lz4.level": int(9, "Level at which lz4 compresses when the broker does it.", { min: 1, max: 17 }),
  "compression.type": str("producer", "Codec in which batches are stored; producer keeps what the producer chose.", {
    honoured,
    oneOf: ["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"],
  }),
  "compression.zstd.level": int(3, "Level at which zstd compresses when the broker does it.", { honoured, min: -131_072, max: 22 }),
  "delete.retention.ms": long(86_400_000, "How long the marks of deleted keys stay in a compacted topic.", { honoured, min: 0 }),
  "file.delete.delay.ms": long(60_000, "Delay between the removal of a segment from its log and that of its files.", { honoured, min: 0 }),
  "flush.messages": long(MAX_INT64, "Records after which the log is forced to disk; 1 means that every acknowledged record is on disk.", {
    honoured,
    min: 1,
  }),
  "flush.ms": long(MAX_INT64, "Longest time that a record stays in memory before it is forced to disk.", { honoured, min: 0 }),
  "follower.replication.throttled.replicas": list([], "Replicas whose following is throttled.", { check: throttledReplicas }),
  "index.interval.bytes": int(4096, "Bytes between two entries of the offset index.", { honoured, min: 0 }),
  "internal.segment.bytes": int(null, "Size at which a segment is closed, without the lower bound; for tests of Kafka's own.", {
    honoured,
    internal: true,
  }),
  "leader.replication.throttled.replicas": list([], "Replicas whose leading is throttled.", { check: throttledReplicas }),
  "local.retention.bytes": long(-2, "Size kept locally of a topic in tiered storage; -2 means retention.bytes.", { min: -2 }),
  "local.retention.ms": long(-2, "Age kept locally of a topic in tiered storage; -2 means retention.ms.", { min: -2 }),
  "max.compaction.lag.ms": long(MAX_INT64, "Longest time that a record may stay uncompacted.", { honoured, min: 1 }),
  "max.message.bytes": int(1_048_588, "Largest record batch that may be appended.", { honoured, min: 0 }),
  "message.timestamp.after.max.ms": long(3_600_000, "How far ahead of the broker a record may be dated.", { honoured, min: 0 }),
  "message.timestamp.before.max.ms": long(MAX_INT64, "How far behind the broker a record may be dated.", { honoured, min: 0 }),
  "message.timestamp.type": str("CreateTime", "Whether records carry the time of their making or of their appending.", {
    honoured,
    oneOf: ["CreateTime", "LogAppendTime"],
  }),
  "min.cleanable.dirty.ratio": double(0.5, "Share of the log that must be dirty before it is cleaned.", { honoured, min: 0, max: 1 }),
  "min.compaction.lag.ms": long(0, "Shortest time that a record stays uncompacted.", { honoured, min: 0 }),
  "min.insync.replicas": int(1, "Replicas that must be in sync for acks=all to be answered.", { honoured, min: 1 }),
  preallocate: bool(false, "Allocates segment files in full when they are made."),
  "remote.log.copy.disable": bool(false, "Stops copying to tiered storage."),
  "remote.log.delete.on.disable": bool(false, "Deletes what is in tiered storage once it is disabled."),
  "remote.storage.enable": bool(false, "Keeps old segments in tiered storage."),
  "retention.bytes": long(-1, "Size of a partition beyond which old segments are deleted; -1 means no limit.", { honoured }),
  "retention.ms": long(604_800_000, "Age at which segments are deleted; -1 means no limit.", { honoured, min: -1 }),
  "segment.bytes": int(1_073_741_824, "Size at which a segment is closed.", { honoured, min: 1_048_576 }),
  "segment.index.bytes": int(10_485_760, "Largest offset index of a segment.", { honoured, min: 4 }),
  "segment.jitter.ms": long(0, "Largest random reduction of segment.ms.", { honoured, min: 0 }),
  "segment.ms": long(604_800_000, "Age at which a segment is closed.", { honoured, min: 1 }),
  "unclean.leader.election.enable": bool(false, "Lets a replica that is not in sync become leader.", { honoured }),
};

export type TopicSettingName = keyof typeof topicSettingTable;

/** What holds for one topic, by Kafka's names. */
export type TopicSettings = ValuesOf<typeof topicSettingTable>;

/** The broker's settings that are a topic setting's default, in order of precedence. */
export const TOPIC_SYNONYMS: { readonly [Name in TopicSettingName]?: readonly BrokerSettingName[] } = {
  "cleanup.policy": ["log.cleanup.policy"],
  "compression.gzip.level": ["compression.gzip.level"],
  "compression.lz4.level": ["compression.lz4.level"],
  "compression.type": ["compression.type"],
  "compression.zstd.level": ["compression.zstd.level"],
  "delete.retention.ms": ["log.cleaner.delete.retention.ms"],
  "file.delete.delay.ms": ["log.segment.delete.delay.ms"],
  "flush.messages": ["log.flush.interval.messages"],
  "flush.ms": ["log.flush.interval.ms", "log.flush.scheduler.interval.ms"],
  "index.interval.bytes": ["log.index.interval.bytes"],
  "local.retention.bytes": ["log.local.retention.bytes"],
  "local.retention.ms": ["log.local.retention.ms"],
  "max.compaction.lag.ms": ["log.cleaner.max.compaction.lag.ms"],
  "max.message.bytes": ["message.max.bytes"],
  "message.timestamp.after.max.ms": ["log.message.timestamp.after.max.ms"],
  "message.timestamp.before.max.ms": ["log.message.timestamp.before.max.ms"],
  "message.timestamp.type": ["log.message.timestamp.type"],
  "min.cleanable.dirty.ratio": ["log.cleaner.min.cleanable.ratio"],
  "min.compaction.lag.ms": ["log.cleaner.min.compaction.lag.ms"],
  "min.insync.replicas": ["min.insync.replicas"],
  preallocate: ["log.preallocate"],
  "retention.bytes": ["log.retention.bytes"],
  "retention.ms": ["log.retention.ms", "log.retention.minutes", "log.retention.hours"],
  "segment.bytes": ["log.segment.bytes"],
  "segment.index.bytes": ["log.index.size.max.bytes"],
  "segment.jitter.ms": ["log.roll.jitter.ms", "log.roll.jitter.hours"],
  "segment.ms": ["log.roll.ms", "log.roll.hours"],
  "unclean.leader.election.enable": ["unclean.leader.election.enable"],
};

function throttledReplicas(value: SettingValue, name: string): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (value.every((replica) => /^\d+:\d+$/.test(replica)) || (value.length === 1 && value[0] === "*")) return undefined;
  return `${name} must be the literal '*' or a list of replicas in the following format: [partitionId]:[brokerId],[partitionId]:[brokerId],...`;
}
