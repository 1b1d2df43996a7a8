// The logs of partitions that are to come into the metadata: made before, and taken back when they do not come, so that a partition that is in
// the metadata has its log. One after another: two who want a topic of one name must not make its logs at the same time.

import { Errors } from "../../protocol/errors.ts";
import type { Logger } from "../base/logger.ts";
import type { TopicSettings } from "../config/topic-settings.ts";
import type { LogSpec } from "../storage/storage-engine.ts";
import { StorageError } from "../storage/storage-error.ts";
import type { TopicImage } from "./image.ts";
import type { Refusal } from "./refusal.ts";
import type { SharedLogs } from "./shared-logs.ts";

export interface NewLogsOptions {
  /** `undefined`: the leaders make them, afterwards. */
  readonly logs: SharedLogs | undefined;
  readonly logger: Logger;
  /** Whether the metadata has the partition by now: a commit that failed may have reached it. */
  readonly isKnown: (topicId: string, index: number) => boolean;
}

type NewPartitions = Pick<TopicImage, "name" | "id" | "partitions">;

export class NewLogs {
  readonly #options: NewLogsOptions;
  /** In the turn that is running. */
  #made: LogSpec[] = [];

  constructor(options: NewLogsOptions) {
    this.#options = options;
  }

  /** `action` makes logs and commits, or undoes what it made. Where the metadata cannot be stored, every wish is refused. */
  makeThenCommit<Outcome>(wishes: readonly unknown[], action: (made: this) => Promise<Outcome[]>): Promise<(Outcome | Refusal)[]> {
    const { logs, logger } = this.#options;
    const run = async () => {
      this.#made = [];
      try {
        return await action(this);
      } catch (error) {
        const refusal = refusalOf(error);
        logger.error({ err: error }, "could not store new topics or partitions");
        return wishes.map(() => refusal);
      }
    };
    return logs === undefined ? run() : logs.inTurn(run);
  }

  /** All of them or none; gives why they could not be made. @param first the index of the first of them */
  make({ name, id, partitions }: NewPartitions, first: number, settings: TopicSettings): Refusal | undefined {
    const { logs, logger } = this.#options;
    const specs = partitions.map((_, index): LogSpec => ({ topic: name, partition: first + index, topicId: id, settings }));
    try {
      logs?.make(specs);
    } catch (error) {
      const refusal = refusalOf(error);
      logger.error({ topic: name, err: error }, "could not make the logs of new partitions");
      return refusal;
    }
    this.#made.push(...specs);
    return undefined;
  }

  undo(): void {
    const unknown = this.#made.filter(({ topicId, partition }) => !this.#options.isKnown(topicId, partition));
    this.#made = [];
    this.#options.logs?.unmake(unknown);
  }
}

/** Throws what is no fault of the storage. */
function refusalOf(error: unknown): Refusal {
  if (!(error instanceof StorageError)) throw error;
  return { error: Errors.KAFKA_STORAGE_ERROR, message: error.message };
}
