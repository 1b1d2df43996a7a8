// The topics of the cluster and the partitions that this broker leads, kept in step with the image. What else looks at partitions hears
// of leaderships from here.

import type { Cluster } from "../cluster/cluster.ts";
import { LocalPartitions } from "../cluster/local-partitions.ts";
import { Topics } from "../cluster/topics.ts";
import type { Ground } from "./ground.ts";
import type { ImageChange, Part } from "./parts.ts";

export class Leading implements Part {
  readonly topics: Topics;
  readonly partitions: LocalPartitions;

  constructor(ground: Ground, cluster: Cluster) {
    const { brokerId, options, config, clock, random, logLevels, threadCount } = ground;
    const { logs } = options;
    this.topics = new Topics({
      cluster,
      config,
      clock,
      random,
      logger: logLevels.logger("topics"),
      // Threads have no logs in common, nor have machines: which of them makes one is known only when the topic is in the metadata.
      logs: threadCount === 1 && logs.engine.opensAtOnce ? logs : undefined,
    });
    this.partitions = new LocalPartitions({
      brokerId,
      logs,
      settingsOf: (topic) => this.topics.settingsOf(topic),
      clock,
      logger: logLevels.logger("partitions"),
    });
    // On machines whoever leads next takes a log over (diskless/catalog.ts), and nothing waits for an object store that may be away.
    if (options.incarnation === undefined) cluster.onComingImage((next) => this.partitions.handOver(next));
  }

  follow({ image, previous, areSettingsAltered, topics }: ImageChange): void {
    this.partitions.follow(image, previous);
    if (areSettingsAltered) this.partitions.configureAll(image);
    this.topics.recentlyDeleted.add(topics.deleted);
  }

  close(): void {
    this.partitions.resignAll();
    this.partitions.close();
  }
}
