// Replicas, leaders and a broker's place among the others.

import { bool, int, list, long, str } from "../setting.ts";

const clusterWide = "cluster-wide";
const perBroker = "per-broker";

export const replicationSettings = {
  "alter.log.dirs.replication.quota.window.num": int(11, "", { min: 1 }),
  "alter.log.dirs.replication.quota.window.size.seconds": int(1, "", { min: 1 }),
  "auto.leader.rebalance.enable": bool(true, "Moves leadership back to preferred replicas in the background."),
  "broker.heartbeat.interval.ms": int(2000),
  "broker.session.timeout.ms": int(9000),
  "controlled.shutdown.enable": bool(true),
  "cordoned.log.dirs": list([], "", { dynamic: perBroker }),
  "initial.broker.registration.timeout.ms": int(60_000),
  "leader.imbalance.check.interval.seconds": long(300, "", { min: 1 }),
  "num.replica.alter.log.dirs.threads": int(null),
  "num.replica.fetchers": int(1, "", { dynamic: clusterWide, min: 1 }),
  "replica.fetch.backoff.ms": int(1000, "", { min: 0 }),
  "replica.fetch.max.bytes": int(1_048_576, "", { min: 0 }),
  "replica.fetch.min.bytes": int(1),
  "replica.fetch.response.max.bytes": int(10_485_760, "", { min: 0 }),
  "replica.fetch.wait.max.ms": int(500),
  "replica.high.watermark.checkpoint.interval.ms": long(5000),
  "replica.lag.time.max.ms": long(30_000, "A follower that lags for this long is no longer in sync."),
  "replica.selector.class": str(null),
  "replica.socket.receive.buffer.bytes": int(65_536),
  "replica.socket.timeout.ms": int(30_000),
  "replication.quota.window.num": int(11, "", { min: 1 }),
  "replication.quota.window.size.seconds": int(1, "", { min: 1 }),
  "unclean.leader.election.enable": bool(false, "Lets a replica that is not in sync become leader.", {
    honoured: true,
    dynamic: clusterWide,
  }),
  "unclean.leader.election.interval.ms": long(300_000, "", { internal: true, min: 1 }),
};
