// The group coordinator of a broker: the groups whose partition of __consumer_offsets it leads, and their committed offsets.
//
// What clients ask of it is answered by requests/, one file each, with `parts`; what the rest of the broker asks of it are methods here.

import { type ErrorCode, Errors } from "../../../protocol/errors.ts";
import type { EndTransactionMarker } from "../../../protocol/records/control-batch.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Random } from "../../base/random.ts";
import type { CommitWait } from "../../partition/commit-waits.ts";
import type { Partition } from "../../partition/partition.ts";
import { answer, type Decision } from "../decision.ts";
import type { EndOffsets } from "../end-offsets.ts";
import { partitionFor } from "../partition-for.ts";
import { CoordinatorRuntime } from "../runtime.ts";
import type { ShareStatePersister } from "../share/share-state-persister.ts";
import type { Group } from "./group.ts";
import { expire, obstacles, rebalance, summarize } from "./group-operations.ts";
import type { GroupRecord } from "./group-record.ts";
import { groupRecordCodec } from "./group-record-codec.ts";
import type { RequestParts } from "./group-request.ts";
import type { GroupSettings, OwnGroupSettings } from "./group-settings.ts";
import { GroupState } from "./group-state.ts";
import type { GroupSummary } from "./group-summary.ts";
import { type Rebalance, RebalanceTimeline } from "./rebalance-timeline.ts";
import { InternalTopics, type MakeTopics } from "./streams/internal-topics.ts";
import { TopicHashes } from "./topic-hashes.ts";
import type { TopicsView } from "./topics-view.ts";

export interface GroupCoordinatorOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly config: GroupSettings;
  /** Asked for each time that they matter: they may be altered at any time. */
  readonly groupSettings: (groupId: string) => OwnGroupSettings;
  readonly logger: Logger;
  readonly topics: TopicsView;
  readonly servesConsumerProtocol: () => boolean;
  readonly servesStreamsProtocol: () => boolean;
  /** Internal topics of streams groups. */
  readonly makeTopics: MakeTopics;
  readonly servesShareGroups: () => boolean;
  readonly shareStates: ShareStatePersister;
  readonly endOffsets: EndOffsets;
}

/** A group in figures. */
export interface GroupFigures {
  readonly groupId: string;
  readonly kind: Group["kind"];
  readonly state: Group["state"];
  readonly memberCount: number;
  /** Of committed offsets. */
  readonly offsetCount: number;
  readonly offsets: () => Iterable<{ readonly topic: string; readonly partition: number; readonly offset: number }>;
}

export class GroupCoordinator {
  readonly #runtime: CoordinatorRuntime<GroupState, GroupRecord>;
  readonly parts: RequestParts;
  readonly #partitionCount: number;
  readonly #topicHashes: TopicHashes;
  readonly #timeline: RebalanceTimeline;

  constructor(options: GroupCoordinatorOptions) {
    const { clock, random, config, groupSettings, logger, topics, shareStates } = options;
    this.#topicHashes = new TopicHashes(topics);
    this.#timeline = new RebalanceTimeline(clock);
    const environment = {
      clock,
      random,
      logger,
      settings: config,
      groupSettings,
      topics,
      topicHashes: this.#topicHashes,
      shareStates,
      timeline: this.#timeline,
    };
    this.#partitionCount = config["offsets.topic.num.partitions"];
    this.#runtime = new CoordinatorRuntime<GroupState, GroupRecord>({
      clock,
      logger,
      codec: groupRecordCodec,
      newState: (shard) => new GroupState(shard, environment),
      commitTimeoutMs: config["offsets.commit.timeout.ms"],
    });
    this.parts = {
      runtime: this.#runtime,
      clock,
      settings: config,
      topics,
      servesConsumerProtocol: options.servesConsumerProtocol,
      servesStreamsProtocol: options.servesStreamsProtocol,
      internalTopics: new InternalTopics(clock, options.makeTopics),
      servesShareGroups: options.servesShareGroups,
      endOffsets: options.endOffsets,
      environment,
      partitionFor: (groupId) => this.partitionFor(groupId),
    };
  }

  /** The partition of __consumer_offsets whose leader coordinates the group. */
  partitionFor(groupId: string): number {
    return partitionFor(groupId, this.#partitionCount);
  }

  /** This broker leads the partition of __consumer_offsets from now on. */
  elected(_partitionIndex: number, partition: Partition): void {
    this.#runtime.elected(partition);
  }

  resigned(partitionIndex: number): void {
    this.#runtime.resigned(partitionIndex);
  }

  /** Topics have come, gone, or got partitions or other racks: groups that subscribe to them need another assignment. */
  topicsChanged(names: readonly string[]): void {
    this.#topicHashes.forget(names);
    const changed = new Set(names);
    for (const { state } of this.#runtime.shards()) state?.topicsChanged(changed);
  }

  /** Their offsets go with them, and what share groups have of them. */
  topicsDeleted(names: readonly string[]): void {
    const topics = new Set(names);
    for (const { state } of this.#runtime.shards()) state?.topicsDeleted(topics);
  }

  /** Who is to have what in a group is decided anew, as if a member had come or gone; nothing happens to a group without members. */
  rebalance(groupId: string): ErrorCode | Promise<ErrorCode> {
    return this.#operate(groupId, rebalance);
  }

  /** Members are removed as if nothing had been heard of them for their session timeout. */
  expire(groupId: string, memberIds: Iterable<string>): ErrorCode | Promise<ErrorCode> {
    return this.#operate(groupId, (state, group) => expire(state, group, memberIds));
  }

  summary(groupId: string): GroupSummary | ErrorCode {
    return this.#look<GroupSummary | ErrorCode>(groupId, summarize, (error) => error);
  }

  /** What has to happen before the group is stable, a sentence each. */
  obstacles(groupId: string): string[] {
    return this.#look(groupId, obstacles, () => []);
  }

  /** Its last rebalances, the newest first, as far as it was coordinated here. */
  rebalances(groupId: string): Rebalance[] {
    return this.#timeline.of(groupId);
  }

  /** Of those whose state is loaded, each as it is when it is given. */
  *figures(): Iterable<GroupFigures> {
    for (const { state } of this.#runtime.shards()) {
      for (const { groupId, kind, state: groupState, members } of state?.groups() ?? []) {
        const committed = state?.offsets.ofGroup(groupId) ?? new Map<string, ReadonlyMap<number, { readonly offset: number }>>();
        let offsetCount = 0;
        for (const partitions of committed.values()) offsetCount += partitions.size;
        yield { groupId, kind, state: groupState, memberCount: members.size, offsetCount, offsets: () => offsetsOf(committed) };
      }
    }
  }

  get isLoading(): boolean {
    for (const { status } of this.#runtime.shards()) if (status === "loading") return true;
    return false;
  }

  /** Whoever waits is answered NOT_COORDINATOR. */
  close(): void {
    this.#runtime.close();
  }

  /** Ends a producer's transaction in a partition of __consumer_offsets: its pending offsets are committed or dropped. */
  endTransaction(partitionIndex: number, marker: EndTransactionMarker, transactionVersion: number): ErrorCode | CommitWait {
    return this.#runtime.shard(partitionIndex)?.endTransaction(marker, transactionVersion) ?? Errors.NOT_COORDINATOR;
  }

  #operate(
    groupId: string,
    operation: (state: GroupState, group: Group) => Decision<GroupRecord, ErrorCode>,
  ): ErrorCode | Promise<ErrorCode> {
    return this.#runtime.write<ErrorCode>(
      this.partitionFor(groupId),
      (state) => {
        const group = state.group(groupId);
        return group === undefined ? answer(Errors.GROUP_ID_NOT_FOUND) : operation(state, group);
      },
      (error) => error,
    );
  }

  #look<Seen>(groupId: string, look: (state: GroupState, group: Group) => Seen, refuse: (error: ErrorCode) => Seen): Seen {
    return this.#runtime.read(
      this.partitionFor(groupId),
      (state) => {
        const group = state.group(groupId);
        return group === undefined ? refuse(Errors.GROUP_ID_NOT_FOUND) : look(state, group);
      },
      refuse,
    );
  }
}

function* offsetsOf(
  committed: ReadonlyMap<string, ReadonlyMap<number, { readonly offset: number }>>,
): Iterable<{ readonly topic: string; readonly partition: number; readonly offset: number }> {
  for (const [topic, partitions] of committed) for (const [partition, { offset }] of partitions) yield { topic, partition, offset };
}
