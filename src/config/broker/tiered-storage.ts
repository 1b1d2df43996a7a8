// Tiered storage (KIP-405): accepted and described; Odradek keeps what is old in its own engines instead.

import { MAX_INT64 } from "../../../protocol/wire/int64.ts";
import { bool, double, int, long, str } from "../setting.ts";

const clusterWide = "cluster-wide";

export const tieredStorageSettings = {
  "follower.fetch.last.tiered.offset.enable": bool(false, "Lets a new follower begin at the last offset in tiered storage.", {
    dynamic: clusterWide,
  }),
  "remote.fetch.max.wait.ms": int(500, "Longest time that a fetch waits for tiered storage.", { dynamic: clusterWide, min: 1 }),
  "remote.list.offsets.request.timeout.ms": long(30_000, "Longest time that ListOffsets waits for tiered storage.", {
    dynamic: clusterWide,
    min: 1,
  }),
  "remote.log.index.file.cache.total.size.bytes": long(1_073_741_824, "Disk space for cached indexes of segments in tiered storage.", {
    dynamic: clusterWide,
    min: 1,
  }),
  "remote.log.index.file.cache.ttl.ms": long(900_000, "How long a cached index without use is kept.", { internal: true, min: -1 }),
  "remote.log.manager.copier.thread.pool.size": int(10, "Threads that copy segments to tiered storage.", { dynamic: clusterWide, min: 1 }),
  "remote.log.manager.copy.max.bytes.per.second": long(MAX_INT64, "Most bytes a second that are copied to tiered storage.", {
    dynamic: clusterWide,
    min: 1,
  }),
  "remote.log.manager.copy.quota.window.num": int(11, "Samples over which copies to tiered storage are measured.", { min: 1 }),
  "remote.log.manager.copy.quota.window.size.seconds": int(
    1,
    "Length of one of the samples over which copies to tiered storage are measured.",
    { min: 1 },
  ),
  "remote.log.manager.expiration.thread.pool.size": int(10, "Threads that delete expired segments from tiered storage.", {
    dynamic: clusterWide,
    min: 1,
  }),
  "remote.log.manager.fetch.max.bytes.per.second": long(MAX_INT64, "Most bytes a second that are read from tiered storage.", {
    dynamic: clusterWide,
    min: 1,
  }),
  "remote.log.manager.fetch.quota.window.num": int(11, "Samples over which reads from tiered storage are measured.", { min: 1 }),
  "remote.log.manager.fetch.quota.window.size.seconds": int(
    1,
    "Length of one of the samples over which reads from tiered storage are measured.",
    { min: 1 },
  ),
  "remote.log.manager.follower.thread.pool.size": int(2, "Threads that do a follower's work on tiered storage.", {
    dynamic: clusterWide,
    min: 1,
  }),
  "remote.log.manager.task.interval.ms": long(30_000, "How often segments are looked at for copying and expiry.", { min: 1 }),
  "remote.log.manager.task.retry.backoff.max.ms": long(30_000, "Longest pause before failed work on tiered storage is tried again.", {
    internal: true,
    min: 1,
  }),
  "remote.log.manager.task.retry.backoff.ms": long(500, "First pause before failed work on tiered storage is tried again.", {
    internal: true,
    min: 1,
  }),
  "remote.log.manager.task.retry.jitter": double(0.2, "Random share by which those pauses vary.", { internal: true, min: 0, max: 0.5 }),
  "remote.log.manager.thread.pool.size": int(2, "Threads that plan the work on tiered storage.", { min: 1 }),
  "remote.log.metadata.custom.metadata.max.bytes": int(128, "Most bytes of its own that a storage plug-in may keep with a segment.", {
    min: 0,
  }),
  "remote.log.metadata.manager.class.name": str(
    "org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager",
    "Class that keeps the metadata of tiered storage.",
    { nonEmpty: true },
  ),
  "remote.log.metadata.manager.class.path": str(null, "Where the class that keeps the metadata of tiered storage is loaded from."),
  "remote.log.metadata.manager.impl.prefix": str(
    "rlmm.config.",
    "Prefix of the settings that are passed to the class that keeps the metadata of tiered storage.",
    { nonEmpty: true },
  ),
  "remote.log.metadata.manager.listener.name": str(
    null,
    "Listener through which the class that keeps the metadata of tiered storage reaches the brokers.",
    { nonEmpty: true },
  ),
  "remote.log.reader.max.pending.tasks": int(100, "Most reads from tiered storage that may wait.", { min: 1 }),
  "remote.log.reader.threads": int(10, "Threads that read from tiered storage.", { dynamic: clusterWide, min: 1 }),
  "remote.log.storage.manager.class.name": str(null, "Class that stores segments in tiered storage.", { nonEmpty: true }),
  "remote.log.storage.manager.class.path": str(null, "Where the class that stores segments in tiered storage is loaded from."),
  "remote.log.storage.manager.impl.prefix": str(
    "rsm.config.",
    "Prefix of the settings that are passed to the class that stores segments in tiered storage.",
    { nonEmpty: true },
  ),
  "remote.log.storage.system.enable": bool(false, "Switches tiered storage on."),
};
