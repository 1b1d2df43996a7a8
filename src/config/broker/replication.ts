// Replicas, leaders and a broker's place among the others.

import { bool, int, list, long, str } from "../setting.ts";

const honoured = true;
const clusterWide = "cluster-wide";
const perBroker = "per-broker";

export const replicationSettings = {
  "alter.log.dirs.replication.quota.window.num": int(11, "Samples over which moves between log folders are measured.", { min: 1 }),
  "alter.log.dirs.replication.quota.window.size.seconds": int(
    1,
    "Length of one of the samples over which moves between log folders are measured.",
    { min: 1 },
  ),
  "auto.leader.rebalance.enable": bool(true, "Moves leadership back to preferred replicas in the background."),
  "broker.heartbeat.interval.ms": int(2000, "How often a broker of a cluster of machines renews its lease.", { honoured }),
  "broker.session.timeout.ms": int(
    9000,
    "A broker of a cluster of machines that does not renew its lease for this long is taken over from.",
    { honoured },
  ),
  "controlled.shutdown.enable": bool(true, "Lets a broker hand over its leaderships before it stops."),
  "cordoned.log.dirs": list([], "Log folders that are given no further replicas, * for all.", { dynamic: perBroker }),
  "initial.broker.registration.timeout.ms": int(60_000, "How long a broker that starts tries to register before it gives up."),
  "leader.imbalance.check.interval.seconds": long(300, "How often the controller looks for leaders that are not the preferred ones.", {
    min: 1,
  }),
  "num.replica.alter.log.dirs.threads": int(null, "Threads that move replicas between log folders."),
  "num.replica.fetchers": int(1, "Threads that fetch from each of the other brokers.", { dynamic: clusterWide, min: 1 }),
  "replica.fetch.backoff.ms": int(1000, "Pause of a follower after a fetch that failed.", { min: 0 }),
  "replica.fetch.max.bytes": int(1_048_576, "Most bytes of one partition that a follower fetches at a time.", { min: 0 }),
  "replica.fetch.min.bytes": int(1, "Bytes for which a follower's fetch waits."),
  "replica.fetch.response.max.bytes": int(10_485_760, "Most bytes that a follower fetches at a time.", { min: 0 }),
  "replica.fetch.wait.max.ms": int(500, "Longest time that a follower's fetch waits for records."),
  "replica.high.watermark.checkpoint.interval.ms": long(5000, "How often high watermarks are saved to disk."),
  "replica.lag.time.max.ms": long(30_000, "A follower that lags for this long is no longer in sync."),
  "replica.selector.class": str(
    null,
    "Class that chooses the replica from which a consumer reads; Kafka's RackAwareReplicaSelector is known.",
    {
      honoured: true,
    },
  ),
  "replica.socket.receive.buffer.bytes": int(65_536, "Receive buffer of the sockets with which followers fetch."),
  "replica.socket.timeout.ms": int(30_000, "Deadline of a follower's requests."),
  "replication.quota.window.num": int(11, "Samples over which throttled replication is measured.", { min: 1 }),
  "replication.quota.window.size.seconds": int(1, "Length of one of the samples over which throttled replication is measured.", { min: 1 }),
  "unclean.leader.election.enable": bool(false, "Lets a replica that is not in sync become leader.", {
    honoured: true,
    dynamic: clusterWide,
  }),
  "unclean.leader.election.interval.ms": long(300_000, "How often partitions without a leader are looked at for an unclean election.", {
    internal: true,
    min: 1,
  }),
};
