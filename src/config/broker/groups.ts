// Consumer groups of all protocols but share, and the offsets that they commit.

import { int, list, long, short, str } from "../setting.ts";

const honoured = true;
const clusterWide = "cluster-wide";

export const groupsSettings = {
  "group.consumer.assignment.interval.ms": int(1000, "Shortest time between two computations of a target assignment.", {
    honoured,
    dynamic: clusterWide,
    min: 0,
  }),
  "group.consumer.assignors": list(["uniform", "range"], "Assignors of the consumer protocol, the first one being the default.", {
    honoured,
    nonEmpty: true,
  }),
  "group.consumer.heartbeat.interval.ms": int(5000, "Interval of heartbeats in the consumer protocol.", { honoured, min: 1 }),
  "group.consumer.max.assignment.interval.ms": int(
    15_000,
    "Longest interval between assignments that a group of the consumer protocol may be given.",
    { honoured, min: 0 },
  ),
  "group.consumer.max.heartbeat.interval.ms": int(15_000, "Longest heartbeat interval that a group may be given.", { honoured, min: 1 }),
  "group.consumer.max.session.timeout.ms": int(60_000, "Longest session timeout that a group may be given.", { honoured, min: 1 }),
  "group.consumer.max.size": int(2_147_483_647, "Most members of one group of the consumer protocol.", { honoured, min: 1 }),
  "group.consumer.migration.policy": str(
    "bidirectional",
    "Which groups may change between the classic and the consumer protocol while they run.",
    { honoured, oneOf: ["DISABLED", "DOWNGRADE", "UPGRADE", "BIDIRECTIONAL"], ignoreCase: true },
  ),
  "group.consumer.min.assignment.interval.ms": int(
    0,
    "Shortest interval between assignments that a group of the consumer protocol may be given.",
    { honoured, min: 0 },
  ),
  "group.consumer.min.heartbeat.interval.ms": int(5000, "Shortest heartbeat interval that a group may be given.", { honoured, min: 1 }),
  "group.consumer.min.session.timeout.ms": int(45_000, "Shortest session timeout that a group may be given.", { honoured, min: 1 }),
  "group.consumer.regex.refresh.interval.ms": int(600_000, "How often subscriptions by regular expression are resolved anew.", {
    honoured,
    internal: true,
    min: 10_000,
  }),
  "group.consumer.session.timeout.ms": int(45_000, "A member of the consumer protocol that is silent for this long is removed.", {
    honoured,
    min: 1,
  }),
  "group.coordinator.append.linger.ms": int(
    -1,
    "How long the group coordinator gathers records before it writes them; -1 lets the load decide.",
    { min: -1 },
  ),
  "group.coordinator.background.threads": int(2, "Threads on which the group coordinator does work that may take long.", { min: 1 }),
  "group.coordinator.cached.buffer.max.bytes": int(1_048_588, "Largest write buffer that the group coordinator keeps for the next write.", {
    dynamic: clusterWide,
    min: 524_288,
  }),
  "group.coordinator.rebalance.protocols": list(["classic", "consumer", "streams"], "Group protocols that are served.", {
    honoured,
    nonEmpty: true,
    oneOf: ["consumer", "classic", "share", "streams"],
  }),
  "group.coordinator.threads": int(4, "Threads of the group coordinator.", { min: 1 }),
  "group.initial.rebalance.delay.ms": int(3000, "How long a new group waits for more members before its first rebalance.", { honoured }),
  "group.max.session.timeout.ms": int(1_800_000, "Longest session timeout that a member of a classic group may ask for.", { honoured }),
  "group.max.size": int(2_147_483_647, "Most members of one classic group.", { honoured, min: 1 }),
  "group.min.session.timeout.ms": int(6000, "Shortest session timeout that a member of a classic group may ask for.", { honoured }),
  "group.streams.assignment.interval.ms": int(1000, "Shortest time between two computations of a streams group's target assignment.", {
    honoured,
    dynamic: clusterWide,
    min: 0,
  }),
  "group.streams.heartbeat.interval.ms": int(5000, "Interval of heartbeats in the streams protocol.", { honoured, min: 1 }),
  "group.streams.initial.rebalance.delay.ms": int(
    3000,
    "How long a new streams group waits for more members before its first assignment.",
    { honoured, min: 0 },
  ),
  "group.streams.max.assignment.interval.ms": int(15_000, "Longest interval between assignments that a streams group may be given.", {
    honoured,
    min: 0,
  }),
  "group.streams.max.heartbeat.interval.ms": int(15_000, "Longest heartbeat interval that a streams group may be given.", {
    honoured,
    min: 1,
  }),
  "group.streams.max.session.timeout.ms": int(60_000, "Longest session timeout that a streams group may be given.", { honoured, min: 1 }),
  "group.streams.max.size": int(2_147_483_647, "Most members of one streams group.", { honoured, min: 1 }),
  "group.streams.max.standby.replicas": int(2, "Most standby copies of a task that a streams group may be given.", { honoured, min: 0 }),
  "group.streams.min.assignment.interval.ms": int(0, "Shortest interval between assignments that a streams group may be given.", {
    honoured,
    min: 0,
  }),
  "group.streams.min.heartbeat.interval.ms": int(5000, "Shortest heartbeat interval that a streams group may be given.", {
    honoured,
    min: 1,
  }),
  "group.streams.min.session.timeout.ms": int(45_000, "Shortest session timeout that a streams group may be given.", { honoured, min: 1 }),
  "group.streams.num.standby.replicas": int(0, "Standby copies of each stateful task.", { honoured, min: 0 }),
  "group.streams.session.timeout.ms": int(45_000, "A member of the streams protocol that is silent for this long is removed.", {
    honoured,
    min: 1,
  }),
  "offset.metadata.max.bytes": int(4096, "Longest text that may be committed with an offset.", { honoured }),
  "offsets.commit.timeout.ms": int(5000, "Deadline of an offset commit.", { honoured, min: 1 }),
  "offsets.load.buffer.size": int(5_242_880, "Bytes read at a time when offsets are loaded.", { min: 1 }),
  "offsets.retention.check.interval.ms": long(600_000, "Interval at which expired offsets are looked for.", { honoured, min: 1 }),
  "offsets.retention.minutes": int(10_080, "How long the offsets of an empty group are kept.", { honoured, min: 1 }),
  "offsets.topic.compression.codec": int(0, "Number of the codec in which the group coordinator writes its records, 0 for none."),
  "offsets.topic.num.partitions": int(50, "Partitions of __consumer_offsets.", { honoured, min: 1 }),
  "offsets.topic.replication.factor": short(3, "Replication factor of __consumer_offsets.", { honoured, min: 1 }),
  "offsets.topic.segment.bytes": int(104_857_600, "Segment size of __consumer_offsets.", { honoured, min: 1 }),
};
