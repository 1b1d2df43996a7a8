// Tiered storage (KIP-405): accepted and described; Odradek keeps what is old in its own engines instead.

import { MAX_INT64 } from "../../../protocol/wire/int64.ts";
import { bool, double, int, long, str } from "../setting.ts";

const clusterWide = "cluster-wide";

export const tieredStorageSettings = {
  "follower.fetch.last.tiered.offset.enable": bool(false, "", { dynamic: clusterWide }),
  "remote.fetch.max.wait.ms": int(500, "", { dynamic: clusterWide, min: 1 }),
  "remote.list.offsets.request.timeout.ms": long(30_000, "", { dynamic: clusterWide, min: 1 }),
  "remote.log.index.file.cache.total.size.bytes": long(1_073_741_824, "", { dynamic: clusterWide, min: 1 }),
  "remote.log.index.file.cache.ttl.ms": long(900_000, "", { internal: true, min: -1 }),
  "remote.log.manager.copier.thread.pool.size": int(10, "", { dynamic: clusterWide, min: 1 }),
  "remote.log.manager.copy.max.bytes.per.second": long(MAX_INT64, "", { dynamic: clusterWide, min: 1 }),
  "remote.log.manager.copy.quota.window.num": int(11, "", { min: 1 }),
  "remote.log.manager.copy.quota.window.size.seconds": int(1, "", { min: 1 }),
  "remote.log.manager.expiration.thread.pool.size": int(10, "", { dynamic: clusterWide, min: 1 }),
  "remote.log.manager.fetch.max.bytes.per.second": long(MAX_INT64, "", { dynamic: clusterWide, min: 1 }),
  "remote.log.manager.fetch.quota.window.num": int(11, "", { min: 1 }),
  "remote.log.manager.fetch.quota.window.size.seconds": int(1, "", { min: 1 }),
  "remote.log.manager.follower.thread.pool.size": int(2, "", { dynamic: clusterWide, min: 1 }),
  "remote.log.manager.task.interval.ms": long(30_000, "", { min: 1 }),
  "remote.log.manager.task.retry.backoff.max.ms": long(30_000, "", { internal: true, min: 1 }),
  "remote.log.manager.task.retry.backoff.ms": long(500, "", { internal: true, min: 1 }),
  "remote.log.manager.task.retry.jitter": double(0.2, "", { internal: true, min: 0, max: 0.5 }),
  "remote.log.manager.thread.pool.size": int(2, "", { min: 1 }),
  "remote.log.metadata.custom.metadata.max.bytes": int(128, "", { min: 0 }),
  "remote.log.metadata.manager.class.name": str(
    "org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager",
    "",
    { nonEmpty: true },
  ),
  "remote.log.metadata.manager.class.path": str(null),
  "remote.log.metadata.manager.impl.prefix": str("rlmm.config.", "", { nonEmpty: true }),
  "remote.log.metadata.manager.listener.name": str(null, "", { nonEmpty: true }),
  "remote.log.reader.max.pending.tasks": int(100, "", { min: 1 }),
  "remote.log.reader.threads": int(10, "", { dynamic: clusterWide, min: 1 }),
  "remote.log.storage.manager.class.name": str(null, "", { nonEmpty: true }),
  "remote.log.storage.manager.class.path": str(null),
  "remote.log.storage.manager.impl.prefix": str("rsm.config.", "", { nonEmpty: true }),
  "remote.log.storage.system.enable": bool(false),
};
