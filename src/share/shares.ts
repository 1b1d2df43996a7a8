// What this broker has of share groups: its share partitions, and the sessions of members that fetch them.

import type { GroupSettings } from "../config/group-settings.ts";
import { SharePartitions, type SharePartitionsOptions } from "./share-partitions.ts";
import { type ShareSession, ShareSessions } from "./share-sessions.ts";

export interface SharesOptions extends SharePartitionsOptions {
  /** The most sessions there may be. */
  readonly sessionLimit: () => number;
  /** Whether the cluster has share groups (share.version). */
  readonly isServed: () => boolean;
}

export class Shares {
  readonly partitions: SharePartitions;
  readonly sessions: ShareSessions;
  readonly #options: SharesOptions;

  constructor(options: SharesOptions) {
    this.#options = options;
    this.partitions = new SharePartitions(options);
    this.sessions = new ShareSessions({
      limit: options.sessionLimit,
      onEnd: (session) => this.#release(session),
      onGroupGone: (groupId) => this.partitions.dropGroup(groupId),
    });
  }

  get isServed(): boolean {
    return this.#options.isServed();
  }

  /** What holds for a group now. */
  settingsOf(groupId: string): GroupSettings {
    return this.#options.settingsOf(groupId);
  }

  /** The cluster has changed: where it has no share groups any more, nothing is known of them. */
  follow(): void {
    if (this.isServed) return;
    this.partitions.close();
    this.sessions.forgetAll();
  }

  close(): void {
    this.partitions.close();
  }

  #release({ groupId, memberId, partitions }: ShareSession): void {
    for (const { topicId, partition } of partitions.values()) void this.partitions.get(groupId, topicId, partition)?.release(memberId);
  }
}
