// Share groups (KIP-932) and the coordinator that keeps their state.

import { int, list, short, str } from "../setting.ts";

const clusterWide = "cluster-wide";

const honoured = true;

export const shareGroupsSettings = {
  "group.share.assignment.interval.ms": int(1000, "Shortest time between two computations of a share group's target assignment.", {
    dynamic: clusterWide,
    honoured,
    min: 0,
  }),
  "group.share.assignors": list(["simple"], "Assignor of share groups: there is one.", { honoured, nonEmpty: true }),
  "group.share.delivery.count.limit": int(5, "How often a record is delivered before it counts as failed.", { honoured, min: 2, max: 10 }),
  "group.share.heartbeat.interval.ms": int(5000, "Interval of heartbeats in share groups.", { honoured, min: 1 }),
  "group.share.initialize.retry.interval.ms": int(
    30_000,
    "Pause before the state of a share partition that could not be set up is set up again.",
    { internal: true, min: 1 },
  ),
  "group.share.max.assignment.interval.ms": int(15_000, "Longest interval between assignments that a share group may be given.", {
    honoured,
    min: 0,
  }),
  "group.share.max.delivery.count.limit": int(10, "Most deliveries of a record that a share group may be given.", {
    honoured,
    min: 5,
    max: 25,
  }),
  "group.share.max.heartbeat.interval.ms": int(15_000, "Longest heartbeat interval that a share group may be given.", { honoured, min: 1 }),
  "group.share.max.partition.max.record.locks": int(4000, "Most locked records of a partition that a share group may be given.", {
    honoured,
    min: 2000,
    max: 10_000,
  }),
  "group.share.max.record.lock.duration.ms": int(60_000, "Longest lock of a record that a share group may be given.", {
    honoured,
    min: 30_000,
    max: 3_600_000,
  }),
  "group.share.max.session.timeout.ms": int(60_000, "Longest session timeout that a share group may be given.", { honoured, min: 1 }),
  "group.share.max.share.sessions": int(2000, "Most share sessions that a broker keeps.", { honoured, min: 1 }),
  "group.share.max.size": int(200, "Most members of one share group.", { honoured, min: 1, max: 1000 }),
  "group.share.min.assignment.interval.ms": int(0, "Shortest interval between assignments that a share group may be given.", {
    honoured,
    min: 0,
  }),
  "group.share.min.delivery.count.limit": int(2, "Fewest deliveries of a record that a share group may be given.", {
    honoured,
    min: 2,
    max: 5,
  }),
  "group.share.min.heartbeat.interval.ms": int(5000, "Shortest heartbeat interval that a share group may be given.", { honoured, min: 1 }),
  "group.share.min.partition.max.record.locks": int(100, "Fewest locked records of a partition that a share group may be given.", {
    honoured,
    min: 100,
    max: 2000,
  }),
  "group.share.min.record.lock.duration.ms": int(15_000, "Shortest lock of a record that a share group may be given.", {
    honoured,
    min: 1000,
    max: 30_000,
  }),
  "group.share.min.session.timeout.ms": int(45_000, "Shortest session timeout that a share group may be given.", { honoured, min: 1 }),
  "group.share.partition.max.record.locks": int(2000, "Most records of one partition that a share group holds locked.", {
    honoured,
    min: 100,
    max: 10_000,
  }),
  "group.share.persister.class.name": str(
    "org.apache.kafka.server.share.persister.DefaultStatePersister",
    "Class that keeps the state of share groups.",
    { internal: true },
  ),
  "group.share.record.lock.duration.ms": int(30_000, "How long a delivered record stays locked for its consumer.", {
    honoured,
    min: 1000,
    max: 3_600_000,
  }),
  "group.share.session.timeout.ms": int(45_000, "A member of a share group that is silent for this long is removed.", { honoured, min: 1 }),
  "share.coordinator.append.linger.ms": int(
    -1,
    "How long the share coordinator gathers records before it writes them; -1 lets the load decide.",
    { min: -1 },
  ),
  "share.coordinator.cached.buffer.max.bytes": int(1_048_588, "Largest write buffer that the share coordinator keeps for the next write.", {
    dynamic: clusterWide,
    min: 524_288,
  }),
  "share.coordinator.cold.partition.snapshot.interval.ms": int(
    300_000,
    "How often share partitions without changes are written as snapshots.",
    { honoured, internal: true, min: 1 },
  ),
  "share.coordinator.load.buffer.size": int(5_242_880, "Bytes read at a time when the state of share groups is loaded.", { min: 1 }),
  "share.coordinator.snapshot.update.records.per.snapshot": int(500, "Changes of a share partition between two of its snapshots.", {
    honoured,
    min: 0,
    max: 500,
  }),
  "share.coordinator.state.topic.compression.codec": int(
    0,
    "Number of the codec in which the share coordinator writes its records, 0 for none.",
  ),
  "share.coordinator.state.topic.min.isr": short(2, "Replicas of __share_group_state that must be in sync.", { honoured, min: 1 }),
  "share.coordinator.state.topic.num.partitions": int(50, "Partitions of __share_group_state.", { honoured, min: 1 }),
  "share.coordinator.state.topic.prune.interval.ms": int(
    300_000,
    "How often records of __share_group_state that nobody needs are deleted.",
    { honoured, internal: true, min: 1 },
  ),
  "share.coordinator.state.topic.replication.factor": short(3, "Replication factor of __share_group_state.", { honoured, min: 1 }),
  "share.coordinator.state.topic.segment.bytes": int(104_857_600, "Segment size of __share_group_state.", { honoured, min: 1 }),
  "share.coordinator.threads": int(1, "Threads of the share coordinator.", { min: 1 }),
  "share.coordinator.write.timeout.ms": int(5000, "Deadline of the share coordinator's writes.", { honoured, min: 1 }),
  "share.fetch.purgatory.purge.interval.requests": int(1000, "Finished share fetches after which their remains are swept up."),
};
