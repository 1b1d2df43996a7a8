// The state of one shard of __consumer_offsets: its groups and their committed offsets.

import { type ErrorCode, Errors } from "../../../protocol/errors.ts";
import type { CoordinatorState, RecordOrigin } from "../coordinator-state.ts";
import { Deadline } from "../deadline.ts";
import type { Decision } from "../decision.ts";
import type { Shard } from "../shard.ts";
import { alarmRefused, classicGroupAlarms } from "./classic/alarms.ts";
import { ClassicGroup, type GroupAlarms } from "./classic/classic-group.ts";
import { rebalance } from "./classic/rebalance.ts";
import { CommittedOffsets } from "./committed-offsets.ts";
import { ConsumerGroup } from "./consumer/consumer-group.ts";
import { ConsumerWork } from "./consumer/consumer-work.ts";
import type { Group } from "./group.ts";
import type { GroupEnvironment } from "./group-environment.ts";
import type { ConsumerRecord, GroupRecord, ShareRecord } from "./group-record.ts";
import { expireGroups } from "./offset-expiry.ts";
import { ShareGroup } from "./share/share-group.ts";
import { ShareWork } from "./share/share-work.ts";
import { StreamsGroup } from "./streams/streams-group.ts";
import { isTombstone as isStreamsTombstone, type StreamsRecord } from "./streams/streams-record.ts";
import { StreamsWork } from "./streams/streams-work.ts";

export class GroupState implements CoordinatorState<GroupRecord> {
  readonly environment: GroupEnvironment;
  readonly offsets = new CommittedOffsets();
  readonly consumerWork: ConsumerWork;
  readonly shareWork: ShareWork;
  readonly streamsWork: StreamsWork;
  readonly #groups = new Map<string, Group>();
  readonly #shard: Shard<GroupState, GroupRecord>;
  readonly #alarms: GroupAlarms;
  readonly #expiry: Deadline;

  constructor(shard: Shard<GroupState, GroupRecord>, environment: GroupEnvironment) {
    this.#shard = shard;
    this.environment = environment;
    this.#expiry = new Deadline(environment.clock, () => this.#expire());
    this.#alarms = classicGroupAlarms({
      environment,
      group: (groupId) => this.classicGroup(groupId),
      run: (operation) => this.run(operation),
    });
    const work = { environment, group: (groupId: string) => this.group(groupId), run: this.run.bind(this) };
    this.consumerWork = new ConsumerWork(work);
    this.shareWork = new ShareWork(work);
    this.streamsWork = new StreamsWork(work);
  }

  group(groupId: string): Group | undefined {
    return this.#groups.get(groupId);
  }

  groups(): Iterable<Group> {
    return this.#groups.values();
  }

  classicGroup(groupId: string): ClassicGroup | undefined {
    const group = this.#groups.get(groupId);
    return group?.kind === "classic" ? group : undefined;
  }

  consumerGroup(groupId: string): ConsumerGroup | undefined {
    const group = this.#groups.get(groupId);
    return group?.kind === "consumer" ? group : undefined;
  }

  streamsGroup(groupId: string): StreamsGroup | undefined {
    const group = this.#groups.get(groupId);
    return group?.kind === "streams" ? group : undefined;
  }

  shareGroup(groupId: string): ShareGroup | undefined {
    const group = this.#groups.get(groupId);
    return group?.kind === "share" ? group : undefined;
  }

  /** @param names of topics that have come, gone or changed */
  topicsChanged(names: ReadonlySet<string>): void {
    for (const group of this.#groups.values()) if (group.kind !== "classic") group.topicsChanged(names);
  }

  /** What groups know of them goes with them. */
  topicsDeleted(names: ReadonlySet<string>): void {
    this.#deleteOffsetsOf(names);
    for (const group of this.#groups.values()) if (group.kind === "share") this.shareWork.topicsDeleted(group, names);
  }

  #deleteOffsetsOf(topics: ReadonlySet<string>): void {
    const records: GroupRecord[] = [];
    for (const groupId of this.offsets.groupIds()) records.push(...this.offsets.tombstones(groupId, topics));
    this.#writeInParts(records);
  }

  // ---- CoordinatorState

  replay(record: GroupRecord, origin: RecordOrigin | undefined): void {
    switch (record.type) {
      case "offset":
        this.offsets.replay(record, origin);
        // Whoever commits without being a member makes a "simple" group.
        if (record.committed !== null && !this.#groups.has(record.groupId)) this.#addClassicGroup(record.groupId);
        return;
      case "classicGroup":
        if (record.snapshot === null) this.#removeGroup(record.groupId);
        else (this.classicGroup(record.groupId) ?? this.#addClassicGroup(record.groupId)).restore(record.snapshot);
        return;
      case "streamsGroup":
      case "streamsMember":
      case "streamsTarget":
      case "streamsMemberTarget":
      case "streamsMemberProgress":
      case "streamsTopology":
        this.#replayStreams(record);
        return;
      case "shareGroup":
      case "shareMember":
      case "shareTarget":
      case "shareMemberTarget":
      case "shareMemberProgress":
      case "sharePartitions":
        this.#replayShare(record);
        return;
      default:
        this.#replayConsumer(record);
        return;
    }
  }

  endTransaction(producerId: number, isCommit: boolean): void {
    this.offsets.endTransaction(producerId, isCommit);
  }

  loaded(): void {
    const { settings, logger } = this.environment;
    for (const group of this.#groups.values()) {
      if (group.members.size > 0)
        logger.info({ group: group.groupId, members: group.members.size }, "loaded a group; its members' sessions start anew");
      switch (group.kind) {
        case "consumer":
          this.consumerWork.loaded(group);
          break;
        case "streams":
          this.streamsWork.loaded(group);
          break;
        case "share":
          this.shareWork.loaded(group);
          break;
        case "classic":
          for (const member of group.members.values()) member.heard();
          if (group.members.size > settings["group.max.size"])
            rebalance(this.environment, group, { kind: "other", text: "the group is larger than group.max.size" });
      }
    }
    this.#expiry.set(settings["offsets.retention.check.interval.ms"]);
  }

  unloaded(error: ErrorCode): void {
    this.#expiry.clear();
    for (const group of this.#groups.values()) group.release(error);
  }

  /** The first record of a group makes it; a tombstone makes none. */
  #replayConsumer(record: ConsumerRecord): void {
    const { groupId } = record;
    if (record.type === "consumerGroup" && record.value === null) {
      if (this.consumerGroup(groupId) !== undefined) this.#removeGroup(groupId);
      return;
    }
    const group = this.consumerGroup(groupId) ?? (isTombstone(record) ? undefined : this.#addConsumerGroup(groupId));
    group?.replay(record);
  }

  #replayShare(record: ShareRecord): void {
    const { groupId } = record;
    if (record.type === "shareGroup" && record.value === null) {
      if (this.shareGroup(groupId) !== undefined) this.#removeGroup(groupId);
      return;
    }
    const group = this.shareGroup(groupId) ?? (isTombstone(record) ? undefined : this.#addShareGroup(groupId));
    group?.replay(record);
  }

  #addShareGroup(groupId: string): ShareGroup {
    const group = new ShareGroup(groupId, this.shareWork);
    this.#groups.set(groupId, group);
    return group;
  }

  /** The topology's tombstone is the last one that a group leaves. */
  #replayStreams(record: StreamsRecord): void {
    const { groupId } = record;
    if (record.type === "streamsGroup" && record.value === null) {
      if (this.streamsGroup(groupId) !== undefined) this.#removeGroup(groupId);
      return;
    }
    const group = this.streamsGroup(groupId) ?? (isStreamsTombstone(record) ? undefined : this.#addStreamsGroup(groupId));
    group?.replay(record);
  }

  #addStreamsGroup(groupId: string): StreamsGroup {
    const group = new StreamsGroup(groupId, this.streamsWork);
    this.#groups.set(groupId, group);
    return group;
  }

  #addConsumerGroup(groupId: string): ConsumerGroup {
    const group = new ConsumerGroup(groupId, this.consumerWork);
    this.#groups.set(groupId, group);
    return group;
  }

  #addClassicGroup(groupId: string): ClassicGroup {
    const group = new ClassicGroup(groupId, { clock: this.environment.clock, alarms: this.#alarms });
    this.#groups.set(groupId, group);
    return group;
  }

  #removeGroup(groupId: string): void {
    const group = this.#groups.get(groupId);
    this.#groups.delete(groupId);
    // Somebody waits only where the group goes over to another protocol.
    group?.release(Errors.REBALANCE_IN_PROGRESS);
  }

  #expire(): void {
    this.#expiry.set(this.environment.settings["offsets.retention.check.interval.ms"]);
    this.#writeInParts(expireGroups(this));
  }

  /** For records of which there may be any number. */
  #writeInParts(records: readonly GroupRecord[]): void {
    for (let start = 0; start < records.length; start += RECORDS_IN_PART) {
      const part = records.slice(start, start + RECORDS_IN_PART);
      this.run(() => ({ records: part, applied: () => undefined }));
    }
  }

  /** An operation that nobody waits for. */
  run(operation: () => Decision<GroupRecord, void>): void {
    void this.#shard.write<void>(operation, (error) => alarmRefused(this.environment, error));
  }
}

const RECORDS_IN_PART = 1000;

function isTombstone(record: ConsumerRecord | ShareRecord): boolean {
  switch (record.type) {
    case "consumerGroup":
    case "consumerTarget":
    case "consumerPartitionMetadata":
    case "shareGroup":
    case "shareTarget":
      return record.value === null;
    case "consumerMember":
    case "shareMember":
      return record.identity === null;
    case "consumerMemberTarget":
    case "shareMemberTarget":
      return record.target === null;
    case "consumerMemberProgress":
    case "shareMemberProgress":
      return record.progress === null;
    case "consumerRegex":
      return record.resolved === null;
    case "sharePartitions":
      return record.partitions === null;
  }
}
