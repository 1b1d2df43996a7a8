// Topics as the group coordinator looks at them, of the newest image. It asks for the racks of every partition of a group, and few lists of
// replicas differ: what each amounts to is kept for as long as the brokers are the same.

import type { ClusterImage } from "../cluster/image.ts";
import { replicaRacks } from "../cluster/replica-racks.ts";
import type { TopicsView } from "../coordinator/group/topics-view.ts";

const NOWHERE: readonly string[] = [];

export class ImageTopics implements TopicsView {
  readonly #image: () => ClusterImage;
  readonly #racks = new Map<string, readonly string[]>();
  /** Of which `#racks` are. */
  #brokers: Pick<ClusterImage, "brokers" | "stoppedBrokers"> | undefined;

  constructor(image: () => ClusterImage) {
    this.#image = image;
  }

  partitionCount(name: string): number | undefined {
    return this.#image().topicsByName.get(name)?.partitions.length;
  }

  nameOf(id: string): string | undefined {
    return this.#image().topicsById.get(id)?.name;
  }

  idOf(name: string): string | undefined {
    return this.#image().topicsByName.get(name)?.id;
  }

  partitionCountOf(id: string): number | undefined {
    return this.#image().topicsById.get(id)?.partitions.length;
  }

  names(): Iterable<string> {
    return this.#image().topicsByName.keys();
  }

  racks(id: string, partition: number): readonly string[] {
    const { topicsById, brokers, stoppedBrokers } = this.#image();
    const replicas = topicsById.get(id)?.partitions[partition]?.replicas;
    if (replicas === undefined) return NOWHERE;
    if (this.#brokers?.brokers !== brokers || this.#brokers.stoppedBrokers !== stoppedBrokers) {
      this.#racks.clear();
      this.#brokers = { brokers, stoppedBrokers };
    }
    const key = replicas.join();
    let racks = this.#racks.get(key);
    if (racks === undefined) {
      racks = replicaRacks({ brokers, stoppedBrokers }, replicas);
      this.#racks.set(key, racks);
    }
    return racks;
  }
}
