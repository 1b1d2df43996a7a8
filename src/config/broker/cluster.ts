// Who this broker is, and the metadata quorum. Odradek's metadata store stands where Kafka has its KRaft quorum, so the
// quorum's settings are accepted without effect.

import { MAX_INT64 } from "../../../protocol/wire/int64.ts";
import { bool, int, list, long, str } from "../setting.ts";

const honoured = true;
const clusterWide = "cluster-wide";

export const clusterSettings = {
  "broker.id": int(-1, "Older name of node.id.", { honoured }),
  "broker.rack": str(null, "Rack or zone of this broker.", { honoured }),
  "config.providers": list([], "", { dynamic: clusterWide }),
  "controller.listener.names": list(null, "", { honoured }),
  "controller.performance.always.log.threshold.ms": long(2000, "", { internal: true, min: 0 }),
  "controller.performance.sample.period.ms": long(60_000, "", { internal: true, min: 100 }),
  "controller.quorum.append.linger.ms": int(25, "", { min: 0 }),
  "controller.quorum.auto.join.enable": bool(false),
  "controller.quorum.bootstrap.servers": list([]),
  "controller.quorum.election.backoff.max.ms": int(1000, "", { min: 0 }),
  "controller.quorum.election.timeout.ms": int(1000, "", { min: 0 }),
  "controller.quorum.fetch.max.bytes": int(1_048_576, "", { min: 1 }),
  "controller.quorum.fetch.snapshot.max.bytes": int(1_048_576, "", { min: 1 }),
  "controller.quorum.fetch.timeout.ms": int(2000, "", { min: 0 }),
  "controller.quorum.request.timeout.ms": int(2000, "", { min: 0 }),
  "controller.quorum.retry.backoff.ms": int(20, "", { min: 0 }),
  "controller.quorum.voters": list([], "Voters of the metadata quorum."),
  "controller.quota.window.num": int(11, "", { min: 1 }),
  "controller.quota.window.size.seconds": int(1, "", { min: 1 }),
  "controller.socket.timeout.ms": int(30_000),
  "internal.metadata.delete.delay.millis": long(60_000, "", { internal: true }),
  "internal.metadata.log.segment.bytes": int(null, "", { internal: true }),
  "internal.metadata.max.batch.size.in.bytes": int(8_388_608, "", { internal: true }),
  "metadata.log.dir": str(null),
  "metadata.log.max.record.bytes.between.snapshots": long(20_971_520, "", { min: 1 }),
  "metadata.log.max.snapshot.interval.ms": long(3_600_000, "", { min: 0 }),
  "metadata.log.segment.bytes": int(1_073_741_824, "", { min: 8_388_608 }),
  "metadata.log.segment.ms": long(604_800_000),
  "metadata.max.idle.interval.ms": int(500, "", { min: 0 }),
  "metadata.max.retention.bytes": long(104_857_600),
  "metadata.max.retention.ms": long(604_800_000),
  "node.id": int(1, "Number of this node in the cluster.", { honoured, min: 0 }),
  "process.roles": list(null, "What this process is: broker, controller or both.", { oneOf: ["broker", "controller"] }),
  "server.max.startup.time.ms": long(MAX_INT64, "", { internal: true, min: 0 }),
  "unstable.api.versions.enable": bool(false, "", { internal: true }),
  "unstable.feature.versions.enable": bool(false, "", { internal: true }),
};
