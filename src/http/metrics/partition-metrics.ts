// The partitions that this broker leads and has open.

import type { PartitionImage } from "../../cluster/partition-image.ts";
import type { Partition } from "../../partition/partition.ts";
import { forEachRow, maySeeTopic, type Scrape } from "./scrape.ts";

/** `undefined`: there is no such thing. */
type Figure = (partition: Partition, image: PartitionImage) => number | undefined;

const FAMILIES: readonly (readonly [name: string, help: string, figure: Figure])[] = [
  ["kafka_log_log_size", "Bytes of the log.", ({ log }) => log.sizeBytes],
  ["kafka_log_log_numlogsegments", "Segments of the log.", ({ log }) => log.segmentCount],
  ["kafka_log_log_logstartoffset", "The first offset of the log.", ({ logStartOffset }) => logStartOffset],
  ["kafka_log_log_logendoffset", "The offset that the next record gets.", ({ logEndOffset }) => logEndOffset],
  ["kafka_cluster_partition_replicascount", "Replicas of the partition.", (_, { replicas }) => replicas.length],
  ["kafka_cluster_partition_insyncreplicascount", "Those that are in sync.", (_, { inSyncReplicas }) => inSyncReplicas.length],
  ["kafka_cluster_partition_underreplicated", "1: not all are.", (_, image) => Number(isUnderReplicated(image))],
  [
    "kafka_cluster_partition_underminisr",
    "1: fewer are than min.insync.replicas asks for.",
    (partition, image) => Number(spareReplicas(partition, image) < 0),
  ],
  [
    "kafka_cluster_partition_atminisr",
    "1: no more are than min.insync.replicas asks for.",
    (partition, image) => Number(spareReplicas(partition, image) === 0),
  ],
  [
    "kafka_cluster_partition_laststableoffsetlag",
    "Committed offsets that belong to open transactions, or lie behind one.",
    ({ highWatermark, lastStableOffset }) => highWatermark - lastStableOffset,
  ],
  // Those of kafka_exporter, which dashboards of lag ask for.
  ["kafka_topic_partition_current_offset", "The end of what is committed.", ({ highWatermark }) => highWatermark],
  ["kafka_topic_partition_oldest_offset", "The first offset of the log.", ({ logStartOffset }) => logStartOffset],
];

export function isUnderReplicated({ replicas, inSyncReplicas }: PartitionImage): boolean {
  return inSyncReplicas.length < replicas.length;
}

/** In sync, beyond those that min.insync.replicas asks for as far as there are replicas. */
export function spareReplicas({ settings }: Partition, { replicas, inSyncReplicas }: PartitionImage): number {
  return inSyncReplicas.length - Math.min(settings["min.insync.replicas"], replicas.length);
}

/** With their images; those that the cluster has just taken away are left out. */
export function* ledPartitions({ view: { services } }: Scrape): Iterable<readonly [Partition, PartitionImage]> {
  for (const partition of services.partitions.all()) {
    const image = services.cluster.image.topicsById.get(partition.topicId)?.partitions[partition.index];
    if (image !== undefined) yield [partition, image];
  }
}

export async function partitionMetrics(scrape: Scrape): Promise<void> {
  const isSeen = maySeeTopic(scrape);
  const all = [...ledPartitions(scrape)].filter(([{ topic }]) => isSeen(topic));
  const shown = all.slice(0, scrape.mostRows);
  for (const [name, help, figure] of FAMILIES) {
    const add = scrape.out.family("gauge", name, help);
    await forEachRow(scrape, shown, ([partition, image]) => {
      const value = figure(partition, image);
      if (value !== undefined) add(value, { topic: partition.topic, partition: partition.index });
    });
  }
  scrape.out.family(
    "gauge",
    "odradek_partitions_not_shown",
    "Partitions beyond those that have series of their own.",
  )(all.length - shown.length);
}
