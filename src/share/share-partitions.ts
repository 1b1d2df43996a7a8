// The share partitions of the partitions that this broker leads: one for each group that fetches one, from its first fetch on.

import { Errors } from "../../protocol/errors.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { LeadershipListener } from "../cluster/local-partitions.ts";
import type { Refusal } from "../cluster/refusal.ts";
import type { GroupSettings } from "../config/group-settings.ts";
import type { ShareStatePersister } from "../coordinator/share/share-state-persister.ts";
import type { Partition } from "../partition/partition.ts";
import { LedSharePartition, type ShareEvent } from "./led-share-partition.ts";

export interface SharePartitionsOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly persister: ShareStatePersister;
  readonly settingsOf: (groupId: string) => GroupSettings;
}

const NOT_LEADER: Refusal = { error: Errors.NOT_LEADER_OR_FOLLOWER, message: "" };

export class SharePartitions implements LeadershipListener {
  readonly #options: SharePartitionsOptions;
  readonly #groups = new Map<string, Map<string, LedSharePartition>>();
  /** By group and partition: what is still being stored of those that were dropped. */
  readonly #leaving = new Map<string, Promise<void>>();

  #listener: ((event: ShareEvent) => void) | undefined;

  constructor(options: SharePartitionsOptions) {
    this.#options = options;
  }

  /** At most one hears what becomes of records. */
  listen(listener: (event: ShareEvent) => void): void {
    this.#listener = listener;
  }

  get(groupId: string, topicId: string, partition: number): LedSharePartition | undefined {
    return this.#groups.get(groupId)?.get(partitionName(topicId, partition));
  }

  /** Those of a group. */
  of(groupId: string): readonly LedSharePartition[] {
    return [...(this.#groups.get(groupId)?.values() ?? [])];
  }

  /** Loaded if it is not there: what it gives may be loading, and tells its watchers what comes of it. */
  open(groupId: string, partition: Partition): LedSharePartition {
    const { topicId, index } = partition;
    const known = this.get(groupId, topicId, index);
    if (known !== undefined) return known;
    const { clock, logger, persister, settingsOf } = this.#options;
    const name = partitionName(topicId, index);
    const partitions = this.#groups.get(groupId) ?? new Map<string, LedSharePartition>();
    const onEvent = (event: ShareEvent): void => this.#listener?.(event);
    const onDropped = (): void => {
      partitions.delete(name);
      if (partitions.size === 0 && this.#groups.get(groupId) === partitions) this.#groups.delete(groupId);
      this.#leave(groupId, name, opened);
    };
    const options = { clock, logger, persister, settings: () => settingsOf(groupId), onEvent, onDropped };
    const key = { groupId, topicId, partition: index };
    const opened = new LedSharePartition(key, partition, options, this.#leaving.get(`${groupId} ${name}`));
    partitions.set(name, opened);
    this.#groups.set(groupId, partitions);
    return opened;
  }

  elected(): void {
    // Share partitions are loaded when somebody fetches them.
  }

  resigned({ topicId, index }: Partition): void {
    const name = partitionName(topicId, index);
    for (const partitions of [...this.#groups.values()]) partitions.get(name)?.drop(NOT_LEADER);
  }

  /** Nobody of the group is there any more: what is fetched next is loaded anew. */
  dropGroup(groupId: string): void {
    for (const partition of this.of(groupId)) partition.drop(NOT_LEADER);
  }

  /** What it still stores comes before its successor is loaded. */
  #leave(groupId: string, name: string, { stored }: LedSharePartition): void {
    if (stored === undefined) return;
    const key = `${groupId} ${name}`;
    this.#leaving.set(key, stored);
    void stored.then(() => {
      if (this.#leaving.get(key) === stored) this.#leaving.delete(key);
    });
  }

  close(): void {
    for (const groupId of [...this.#groups.keys()]) this.dropGroup(groupId);
  }
}

function partitionName(topicId: string, partition: number): string {
  return `${topicId} ${partition}`;
}
