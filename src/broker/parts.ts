// The parts that a broker is made of: what each hears of the cluster, and the order in which they end.

import type { ClusterImage } from "../cluster/image.ts";
import type { TopicChanges } from "../cluster/topic-changes.ts";

/** The cluster as it is now, and what is different. */
export interface ImageChange {
  readonly image: ClusterImage;
  readonly previous: ClusterImage;
  /** Settings of this broker were altered. */
  readonly areSettingsAltered: boolean;
  readonly topics: TopicChanges;
}

export interface Part {
  /** Called with each image, in the order in which parts were added. */
  follow?(change: ImageChange): void;
  close?(): void | Promise<void>;
}

export class Parts {
  readonly #parts: Part[] = [];

  add<Made extends Part>(part: Made): Made {
    this.#parts.push(part);
    return part;
  }

  follow(change: ImageChange): void {
    for (const part of this.#parts) part.follow?.(change);
  }

  /** The last that was added comes first. */
  async close(): Promise<void> {
    for (const part of this.#parts.splice(0).reverse()) await part.close?.();
  }
}
