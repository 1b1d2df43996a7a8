// The group coordinator of a broker: the groups whose partition of __consumer_offsets it leads, and their committed offsets.
//
// One method for each API, in decoded messages of any version; what differs between versions is settled in requests/. A method
// answers at once when it can and gives a promise only where something must be waited for: a round of the group, or the disk.

import { type ErrorCode, Errors } from "../../../protocol/errors.ts";
import type { offsetCommit } from "../../../protocol/messages/08-offset-commit.ts";
import type { offsetFetch } from "../../../protocol/messages/09-offset-fetch.ts";
import type { joinGroup } from "../../../protocol/messages/11-join-group.ts";
import type { heartbeat } from "../../../protocol/messages/12-heartbeat.ts";
import type { leaveGroup } from "../../../protocol/messages/13-leave-group.ts";
import type { syncGroup } from "../../../protocol/messages/14-sync-group.ts";
import type { describeGroups } from "../../../protocol/messages/15-describe-groups.ts";
import type { listGroups } from "../../../protocol/messages/16-list-groups.ts";
import type { txnOffsetCommit } from "../../../protocol/messages/28-txn-offset-commit.ts";
import type { deleteGroups } from "../../../protocol/messages/42-delete-groups.ts";
import type { offsetDelete } from "../../../protocol/messages/47-offset-delete.ts";
import type { EndTransactionMarker } from "../../../protocol/records/control-batch.ts";
import type { Shape } from "../../../protocol/schema/field.ts";
import type { Api, DecodedMessage, EncodableMessage } from "../../../protocol/schema/message.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Random } from "../../base/random.ts";
import type { Partition } from "../../partition/partition.ts";
import { answer } from "../decision.ts";
import { partitionFor } from "../partition-for.ts";
import { CoordinatorRuntime } from "../runtime.ts";
import { rebalance } from "./classic/rebalance.ts";
import type { GroupRecord } from "./group-record.ts";
import { groupRecordCodec } from "./group-record-codec.ts";
import type { GroupSettings } from "./group-settings.ts";
import { GroupState } from "./group-state.ts";
import type { GroupRequestContext } from "./request-context.ts";
import { handleDeleteGroups } from "./requests/delete-groups.ts";
import { handleDescribeGroups } from "./requests/describe-groups.ts";
import { handleHeartbeat } from "./requests/heartbeat.ts";
import { handleJoinGroup } from "./requests/join-group.ts";
import { handleLeaveGroup } from "./requests/leave-group.ts";
import { handleListGroups } from "./requests/list-groups.ts";
import { handleOffsetCommit } from "./requests/offset-commit.ts";
import { handleOffsetDelete } from "./requests/offset-delete.ts";
import { handleOffsetFetch } from "./requests/offset-fetch.ts";
import type { RequestParts } from "./requests/request-parts.ts";
import { handleSyncGroup } from "./requests/sync-group.ts";
import { handleTxnOffsetCommit, namesExistingPartitions, refuseTxnOffsetCommit } from "./requests/txn-offset-commit.ts";
import type { TopicsView } from "./topics-view.ts";

export interface GroupCoordinatorOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly config: GroupSettings;
  readonly logger: Logger;
  readonly topics: TopicsView;
}

type Request<A extends Api<Shape, Shape>> = DecodedMessage<A["request"]>;
type Response<A extends Api<Shape, Shape>> = EncodableMessage<A["response"]>;
type Later<A extends Api<Shape, Shape>> = Response<A> | Promise<Response<A>>;

export class GroupCoordinator {
  readonly #runtime: CoordinatorRuntime<GroupState, GroupRecord>;
  readonly #parts: RequestParts;
  readonly #partitionCount: number;

  constructor({ clock, random, config, logger, topics }: GroupCoordinatorOptions) {
    const environment = { clock, random, logger, settings: config };
    this.#partitionCount = config["offsets.topic.num.partitions"];
    this.#runtime = new CoordinatorRuntime<GroupState, GroupRecord>({
      clock,
      logger,
      codec: groupRecordCodec,
      newState: (shard) => new GroupState(shard, environment),
      commitTimeoutMs: config["offsets.commit.timeout.ms"],
    });
    this.#parts = { runtime: this.#runtime, clock, settings: config, topics, partitionFor: (groupId) => this.partitionFor(groupId) };
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

  /** Their offsets go with them. */
  topicsDeleted(names: readonly string[]): void {
    const topics = new Set(names);
    for (const { state } of this.#runtime.shards()) state?.deleteOffsetsOf(topics);
  }

  /** The members of a group must join again, as if one had come or gone; nothing happens to a group without members. */
  rebalance(groupId: string): ErrorCode | Promise<ErrorCode> {
    return this.#runtime.write<ErrorCode>(
      this.partitionFor(groupId),
      (state) => {
        const group = state.classicGroup(groupId);
        if (group === undefined || group.members.size === 0) return answer(group === undefined ? Errors.GROUP_ID_NOT_FOUND : Errors.NONE);
        const applied = () => {
          rebalance(state.environment, group, "it was asked for");
          return Errors.NONE;
        };
        return { records: [], applied };
      },
      (error) => error,
    );
  }

  /** Whoever waits is answered NOT_COORDINATOR. */
  close(): void {
    this.#runtime.close();
  }

  joinGroup(context: GroupRequestContext, request: Request<typeof joinGroup>): Later<typeof joinGroup> {
    return handleJoinGroup(this.#parts, context, request);
  }

  syncGroup(context: GroupRequestContext, request: Request<typeof syncGroup>): Later<typeof syncGroup> {
    return handleSyncGroup(this.#parts, context, request);
  }

  heartbeat(context: GroupRequestContext, request: Request<typeof heartbeat>): Response<typeof heartbeat> {
    return handleHeartbeat(this.#parts, context, request);
  }

  leaveGroup(context: GroupRequestContext, request: Request<typeof leaveGroup>): Later<typeof leaveGroup> {
    return handleLeaveGroup(this.#parts, context, request);
  }

  offsetCommit(context: GroupRequestContext, request: Request<typeof offsetCommit>): Later<typeof offsetCommit> {
    return handleOffsetCommit(this.#parts, context, request);
  }

  txnOffsetCommit(context: GroupRequestContext, request: Request<typeof txnOffsetCommit>): Later<typeof txnOffsetCommit> {
    return handleTxnOffsetCommit(this.#parts, context, request);
  }

  /** What to answer without asking the group, when there is an error or no partition that exists. */
  refuseTxnOffsetCommit(
    context: GroupRequestContext,
    request: Request<typeof txnOffsetCommit>,
    error: ErrorCode,
  ): Response<typeof txnOffsetCommit> {
    return refuseTxnOffsetCommit(this.#parts, context, request, error);
  }

  namesExistingPartitions(request: Request<typeof txnOffsetCommit>): boolean {
    return namesExistingPartitions(this.#parts, request);
  }

  /** Ends a producer's transaction in a partition of __consumer_offsets: its pending offsets are committed or dropped. */
  endTransaction(partitionIndex: number, marker: EndTransactionMarker, transactionVersion: number): ErrorCode | Promise<ErrorCode> {
    return this.#runtime.shard(partitionIndex)?.endTransaction(marker, transactionVersion) ?? Errors.NOT_COORDINATOR;
  }

  offsetFetch(context: GroupRequestContext, request: Request<typeof offsetFetch>): Later<typeof offsetFetch> {
    return handleOffsetFetch(this.#parts, context, request);
  }

  offsetDelete(_context: GroupRequestContext, request: Request<typeof offsetDelete>): Later<typeof offsetDelete> {
    return handleOffsetDelete(this.#parts, request);
  }

  describeGroups(context: GroupRequestContext, request: Request<typeof describeGroups>): Response<typeof describeGroups> {
    return handleDescribeGroups(this.#parts, context, request);
  }

  listGroups(_context: GroupRequestContext, request: Request<typeof listGroups>): Response<typeof listGroups> {
    return handleListGroups(this.#parts, request);
  }

  deleteGroups(_context: GroupRequestContext, request: Request<typeof deleteGroups>): Later<typeof deleteGroups> {
    return handleDeleteGroups(this.#parts, request);
  }
}
