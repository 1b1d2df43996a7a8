// Who this broker is, and the metadata quorum. Odradek's metadata store stands where Kafka has its KRaft quorum, so the
// quorum's settings are accepted without effect.

import { MAX_INT64 } from "../../../protocol/wire/int64.ts";
import { bool, int, list, long, str } from "../setting.ts";

const honoured = true;
const clusterWide = "cluster-wide";

export const clusterSettings = {
  "broker.id": int(-1, "Older name of node.id.", { honoured }),
  "broker.rack": str(null, "Rack or zone of this broker.", { honoured }),
  "config.providers": list([], "Names of the plug-ins that resolve variables in settings.", { dynamic: clusterWide }),
  "controller.listener.names": list(null, "Listeners that only controllers use, which are not opened here.", { honoured }),
  "controller.performance.always.log.threshold.ms": long(2000, "Duration from which every event of the controller is logged as slow.", {
    internal: true,
    min: 0,
  }),
  "controller.performance.sample.period.ms": long(
    60_000,
    "Length of the periods over which the controller's slow events are summed up in its log.",
    { internal: true, min: 100 },
  ),
  "controller.quorum.append.linger.ms": int(25, "How long the quorum's leader gathers records before it writes them.", { min: 0 }),
  "controller.quorum.auto.join.enable": bool(false, "Lets a controller that starts join the quorum's voters by itself."),
  "controller.quorum.bootstrap.servers": list([], "Addresses at which the metadata quorum is found first."),
  "controller.quorum.election.backoff.max.ms": int(1000, "Longest pause of a voter before it stands for election again.", { min: 0 }),
  "controller.quorum.election.timeout.ms": int(1000, "How long a candidate waits for votes before it starts another election.", { min: 0 }),
  "controller.quorum.fetch.max.bytes": int(1_048_576, "Most bytes of the metadata log that one fetch of the quorum asks for.", { min: 1 }),
  "controller.quorum.fetch.snapshot.max.bytes": int(
    1_048_576,
    "Most bytes of a metadata snapshot that one request of the quorum asks for.",
    { min: 1 },
  ),
  "controller.quorum.fetch.timeout.ms": int(2000, "How long a voter follows a leader that does not answer before it stands for election.", {
    min: 0,
  }),
  "controller.quorum.request.timeout.ms": int(2000, "How long a member of the quorum waits for an answer of another.", { min: 0 }),
  "controller.quorum.retry.backoff.ms": int(20, "Pause before a failed request of the quorum is sent again.", { min: 0 }),
  "controller.quorum.voters": list([], "Voters of the metadata quorum."),
  "controller.quota.window.num": int(11, "Samples over which the quota on changes of topics is measured.", { honoured, min: 1 }),
  "controller.quota.window.size.seconds": int(1, "Length of one of the samples over which the quota on changes of topics is measured.", {
    honoured,
    min: 1,
  }),
  "controller.socket.timeout.ms": int(30_000, "Deadline of requests between controllers and brokers."),
  "internal.metadata.delete.delay.millis": long(60_000, "Delay before a file that the metadata log no longer needs is deleted.", {
    internal: true,
  }),
  "internal.metadata.log.segment.bytes": int(null, "Segment size of the metadata log without the lower bound, for tests of Kafka's own.", {
    internal: true,
  }),
  "internal.metadata.max.batch.size.in.bytes": int(8_388_608, "Largest batch of the metadata log.", { internal: true }),
  "metadata.log.dir": str(null, "Folder of the metadata log, the first of the log folders when not set."),
  "metadata.log.max.record.bytes.between.snapshots": long(20_971_520, "Bytes of new metadata after which a snapshot is written.", {
    min: 1,
  }),
  "metadata.log.max.snapshot.interval.ms": long(3_600_000, "Longest time between two snapshots of metadata that has changed.", { min: 0 }),
  "metadata.log.segment.bytes": int(1_073_741_824, "Size at which a segment of the metadata log is closed.", { min: 8_388_608 }),
  "metadata.log.segment.ms": long(604_800_000, "Age at which a segment of the metadata log is closed."),
  "metadata.max.idle.interval.ms": int(500, "How often an idle controller writes a record to the metadata log, 0 for never.", { min: 0 }),
  "metadata.max.retention.bytes": long(104_857_600, "Size of metadata log and snapshots together beyond which the oldest are deleted."),
  "metadata.max.retention.ms": long(604_800_000, "Age at which segments and snapshots of the metadata log are deleted."),
  "node.id": int(1, "Number of this node in the cluster.", { honoured, min: 0 }),
  "process.roles": list(null, "What this process is: broker, controller or both.", { oneOf: ["broker", "controller"] }),
  "server.max.startup.time.ms": long(MAX_INT64, "Longest time that a start may take.", { internal: true, min: 0 }),
  "unstable.api.versions.enable": bool(false, "Offers versions of APIs that are still in development.", { internal: true }),
  "unstable.feature.versions.enable": bool(false, "Offers versions of features that are still in development.", { internal: true }),
};
