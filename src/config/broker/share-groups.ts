// Share groups (KIP-932) and the coordinator that keeps their state.

import { int, list, short, str } from "../setting.ts";

const clusterWide = "cluster-wide";

const honoured = true;

export const shareGroupsSettings = {
  "group.share.assignment.interval.ms": int(1000, "", { dynamic: clusterWide, min: 0 }),
  "group.share.assignors": list(["simple"]),
  "group.share.delivery.count.limit": int(5, "How often a record is delivered before it counts as failed.", { min: 2, max: 10 }),
  "group.share.heartbeat.interval.ms": int(5000, "Interval of heartbeats in share groups.", { min: 1 }),
  "group.share.initialize.retry.interval.ms": int(30_000, "", { internal: true, min: 1 }),
  "group.share.max.assignment.interval.ms": int(15_000, "", { min: 0 }),
  "group.share.max.delivery.count.limit": int(10, "", { min: 5, max: 25 }),
  "group.share.max.heartbeat.interval.ms": int(15_000, "", { min: 1 }),
  "group.share.max.partition.max.record.locks": int(4000, "", { min: 2000, max: 10_000 }),
  "group.share.max.record.lock.duration.ms": int(60_000, "", { min: 30_000, max: 3_600_000 }),
  "group.share.max.session.timeout.ms": int(60_000, "", { min: 1 }),
  "group.share.max.share.sessions": int(2000, "", { min: 1 }),
  "group.share.max.size": int(200, "Most members of one share group.", { min: 1, max: 1000 }),
  "group.share.min.assignment.interval.ms": int(0, "", { min: 0 }),
  "group.share.min.delivery.count.limit": int(2, "", { min: 2, max: 5 }),
  "group.share.min.heartbeat.interval.ms": int(5000, "", { min: 1 }),
  "group.share.min.partition.max.record.locks": int(100, "", { min: 100, max: 2000 }),
  "group.share.min.record.lock.duration.ms": int(15_000, "", { min: 1000, max: 30_000 }),
  "group.share.min.session.timeout.ms": int(45_000, "", { min: 1 }),
  "group.share.partition.max.record.locks": int(2000, "Most records of one partition that a share group holds locked.", {
    min: 100,
    max: 10_000,
  }),
  "group.share.persister.class.name": str("org.apache.kafka.server.share.persister.DefaultStatePersister", "", { internal: true }),
  "group.share.record.lock.duration.ms": int(30_000, "How long a delivered record stays locked for its consumer.", {
    min: 1000,
    max: 3_600_000,
  }),
  "group.share.session.timeout.ms": int(45_000, "A member of a share group that is silent for this long is removed.", { min: 1 }),
  "share.coordinator.append.linger.ms": int(-1, "", { min: -1 }),
  "share.coordinator.cached.buffer.max.bytes": int(1_048_588, "", { dynamic: clusterWide, min: 524_288 }),
  "share.coordinator.cold.partition.snapshot.interval.ms": int(300_000, "", { internal: true, min: 1 }),
  "share.coordinator.load.buffer.size": int(5_242_880, "", { min: 1 }),
  "share.coordinator.snapshot.update.records.per.snapshot": int(500, "", { min: 0, max: 500 }),
  "share.coordinator.state.topic.compression.codec": int(0),
  "share.coordinator.state.topic.min.isr": short(2, "Replicas of __share_group_state that must be in sync.", { min: 1 }),
  "share.coordinator.state.topic.num.partitions": int(50, "Partitions of __share_group_state.", { honoured, min: 1 }),
  "share.coordinator.state.topic.prune.interval.ms": int(300_000, "", { internal: true, min: 1 }),
  "share.coordinator.state.topic.replication.factor": short(3, "Replication factor of __share_group_state.", { honoured, min: 1 }),
  "share.coordinator.state.topic.segment.bytes": int(104_857_600, "Segment size of __share_group_state.", { honoured, min: 1 }),
  "share.coordinator.threads": int(1, "", { min: 1 }),
  "share.coordinator.write.timeout.ms": int(5000, "", { min: 1 }),
  "share.fetch.purgatory.purge.interval.requests": int(1000),
};
