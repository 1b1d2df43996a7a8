// The broker and its cluster: what it leads, and how the cluster is. The controller of Kafka's metrics is the broker with the lowest id that is
// there: every broker may change the metadata, and sums over brokers are to come out as one.

import type { PartitionImage } from "../../cluster/partition-image.ts";
import { isUnderReplicated, ledPartitions, spareReplicas } from "./partition-metrics.ts";
import type { Scrape } from "./scrape.ts";

const RUNNING = 3;
const NO_LEADER = -1;

export function clusterMetrics(scrape: Scrape): void {
  const gauge = (name: string, help: string, value: number) => scrape.out.family("gauge", name, help)(value);
  replicaMetrics(scrape, gauge);
  controllerMetrics(scrape, gauge);
  gauge("kafka_server_kafkaserver_brokerstate", "3: running; a broker that does not run answers nothing.", RUNNING);
  gauge("kafka_log_logmanager_offlinelogdirectorycount", "Folders that are lost; a broker has one, and does not run without it.", 0);
}

type Gauge = (name: string, help: string, value: number) => void;

function replicaMetrics(scrape: Scrape, gauge: Gauge): void {
  const { brokerId, cluster } = scrape.view.services;
  const led = [...ledPartitions(scrape)];
  const all = [...partitionImages(scrape)];
  const ledCount = all.filter(({ leader }) => leader === brokerId).length;
  const count = (is: (each: (typeof led)[number]) => boolean) => led.filter(is).length;
  const name = (metric: string) => `kafka_server_replicamanager_${metric}`;
  gauge(name("leadercount"), "Partitions that this broker leads.", ledCount);
  gauge(name("partitioncount"), "Partitions of which it has a replica.", all.filter(({ replicas }) => replicas.includes(brokerId)).length);
  gauge(
    name("underreplicatedpartitions"),
    "Of those it leads, with replicas that are not in sync.",
    count(([, image]) => isUnderReplicated(image)),
  );
  gauge(
    name("underminisrpartitioncount"),
    "Of those it leads, with too few in sync.",
    count(([partition, image]) => spareReplicas(partition, image) < 0),
  );
  gauge(
    name("atminisrpartitioncount"),
    "Of those it leads, with just enough in sync.",
    count(([partition, image]) => spareReplicas(partition, image) === 0),
  );
  gauge(name("offlinereplicacount"), "Of those it leads, whose logs are not open.", Math.max(0, ledCount - led.length));
  const { isrShrinkCount, isrExpandCount } = scrape.view.services.partitions;
  scrape.out.family("counter", `${name("isrshrinks")}_total`, "Times that replicas fell out of sync.")(isrShrinkCount);
  scrape.out.family("counter", `${name("isrexpands")}_total`, "Times that they came back.")(isrExpandCount);
  gauge("kafka_brokers", "Brokers of the cluster that are there.", cluster.image.brokers.size);
}

function controllerMetrics(scrape: Scrape, gauge: Gauge): void {
  const { brokerId, cluster } = scrape.view.services;
  const { brokers, stoppedBrokers, topicsByName } = cluster.image;
  const all = [...partitionImages(scrape)];
  const name = (metric: string) => `kafka_controller_kafkacontroller_${metric}`;
  const isController = Math.min(...brokers.keys()) === brokerId;
  gauge(name("activecontrollercount"), "1 at one broker of the cluster.", Number(isController));
  scrape.out.family(
    "counter",
    "kafka_controller_controllerstats_uncleanleaderelections_total",
    "Times that the controller has seen a replica lead that was not in sync.",
  )(isController ? scrape.view.services.partitions.uncleanElectionCount : 0);
  gauge(name("offlinepartitionscount"), "Partitions that nobody leads.", all.filter(({ leader }) => leader === NO_LEADER).length);
  gauge(
    name("preferredreplicaimbalancecount"),
    "Partitions that another replica leads than their first.",
    all.filter(({ leader, replicas }) => leader !== replicas[0]).length,
  );
  gauge(name("globaltopiccount"), "Topics of the cluster.", topicsByName.size);
  gauge(name("globalpartitioncount"), "Partitions of the cluster.", all.length);
  gauge(name("activebrokercount"), "Brokers that are there.", brokers.size);
  gauge(name("fencedbrokercount"), "Brokers that are known and not there.", stoppedBrokers.size);
}

function* partitionImages({ view }: Scrape): Iterable<PartitionImage> {
  for (const { partitions } of view.services.cluster.image.topicsByName.values()) yield* partitions;
}
