// A member of a classic consumer group: the client's side of JoinGroup, SyncGroup, Heartbeat and LeaveGroup.
//
//   outside ──join()──► joining ──► member ──heartbeat: the group rebalances──► must join ──join()──► …
//                                     └──leave()──► outside
//
// Before each round it gives up all that it reads (eager rebalancing), whatever the assignor. Its connection to the coordinator is its
// own, since a JoinGroup holds back what follows it until the round is complete.

import { Errors, isRetriable } from "../../protocol/errors.ts";
import { joinGroup } from "../../protocol/messages/11-join-group.ts";
import { heartbeat } from "../../protocol/messages/12-heartbeat.ts";
import { leaveGroup } from "../../protocol/messages/13-leave-group.ts";
import { syncGroup } from "../../protocol/messages/14-sync-group.ts";
import type { DecodedMessage } from "../../protocol/schema/message.ts";
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from "../../protocol/state/consumer-protocol.ts";
import type { Brokers } from "./brokers.ts";
import { ClientError, Disconnected } from "./client-error.ts";
import { CoordinatorLink } from "./coordinator-link.ts";
import { ASSIGNORS, isAssignorName, type Subscriber } from "./group-assignors.ts";
import { type StoredBy, storedOffsets, storeOffsets } from "./member-offsets.ts";
import type { GiveUp, Membership, MembershipOptions, Subscription } from "./membership.ts";
import type { Position } from "./partition-fetch.ts";
import { failOn, present, Refusal } from "./refusal.ts";
import type { TopicPartition } from "./topic-partition.ts";

const PROTOCOL_TYPE = "consumer";
const SUBSCRIPTION_VERSION = 3;
const NO_GENERATION = -1;
/** A round may take as long as the slowest member; the answer comes some time after that. */
const JOIN_GRACE_MS = 10_000;

export interface ClassicOptions extends MembershipOptions {
  /** The numbers of partitions of those of the topics that exist; the leader of the group asks for them. */
  readonly countPartitions: (topics: readonly string[]) => Promise<ReadonlyMap<string, number>>;
}

type Joined = DecodedMessage<typeof joinGroup.response>;

export class ClassicMember implements Membership {
  readonly #link: CoordinatorLink;
  readonly #options: ClassicOptions;
  #topics: readonly string[] = [];
  #owned: readonly TopicPartition[] = [];
  #memberId = "";
  #generationId = NO_GENERATION;
  #heartbeats: NodeJS.Timeout | undefined;
  #polledMs = Date.now();
  #mustJoin = true;
  /** The group counts it among its members no more, and may have given to others what it has. */
  #isForgotten = false;
  #isLeaving = false;
  #failure: unknown;

  constructor(brokers: Brokers, options: ClassicOptions) {
    this.#link = new CoordinatorLink(brokers, options.groupId);
    this.#options = options;
  }

  get isToRebalance(): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#mustJoin;
  }

  get isSettled(): boolean {
    return !this.#mustJoin;
  }

  polled(): void {
    this.#polledMs = Date.now();
  }

  /** What there is to share out the leader of the group looks up in a round. */
  subscribe({ topics }: Subscription): void {
    this.#topics = topics;
    this.#mustJoin = true;
  }

  /** Takes part in rounds until one is complete. */
  async rebalance(giveUp: GiveUp): Promise<readonly TopicPartition[]> {
    await giveUp(this.#owned, { isLost: this.#isForgotten });
    this.#owned = [];
    this.#stopHeartbeats();
    while (!this.#isLeaving) {
      try {
        const assigned = await this.#joinOnce(this.#topics);
        if (assigned === undefined) continue;
        this.#owned = assigned;
        this.#mustJoin = false;
        this.#isForgotten = false;
        this.#startHeartbeats();
        break;
      } catch (error) {
        if (this.#isLeaving) break;
        if (!(error instanceof Disconnected)) throw error;
        await this.#link.away();
      }
    }
    return this.#owned;
  }

  async commit(positions: readonly Position[]): Promise<boolean> {
    if (positions.length === 0 || this.#generationId === NO_GENERATION) return false;
    return this.#link.asked(async () => {
      const errorCode = await storeOffsets(this.#link, this.#storedBy, positions);
      if (endsRound(errorCode)) this.#mustRejoin(errorCode);
      else failOn(errorCode, `group ${this.#options.groupId}`);
      return errorCode === Errors.NONE;
    });
  }

  async committed(partitions: readonly TopicPartition[]): Promise<Position[]> {
    if (partitions.length === 0) return [];
    return this.#link.asked(() => storedOffsets(this.#link, { ...this.#storedBy, memberId: null }, partitions));
  }

  async leave(): Promise<void> {
    const isJoining = this.#mustJoin && !this.#isLeaving;
    this.#isLeaving = true;
    this.#stopHeartbeats();
    // A JoinGroup that waits would hold the farewell back.
    if (isJoining) await this.#link.close();
    await this.#sayGoodbye("the consumer is being closed");
    await this.#link.close();
  }

  async #sayGoodbye(reason: string): Promise<void> {
    const memberId = this.#memberId;
    if (memberId === "" || this.#options.instanceId !== null) return;
    try {
      await this.#link.send(leaveGroup, 5, { groupId: this.#options.groupId, members: [{ memberId, reason }] });
    } catch (error) {
      // Who cannot say goodbye is missed when its session ends.
      if (!(error instanceof ClientError)) throw error;
    }
  }

  /** undefined: this round came to nothing, and another try may do better. */
  async #joinOnce(topics: readonly string[]): Promise<TopicPartition[] | undefined> {
    const { groupId, instanceId, sessionTimeoutMs, rebalanceTimeoutMs, assignors } = this.#options;
    const metadata = encodeSubscription(SUBSCRIPTION_VERSION, { topics: [...topics], ownedPartitions: [] });
    const order = {
      groupId,
      sessionTimeoutMs,
      rebalanceTimeoutMs,
      memberId: this.#memberId,
      groupInstanceId: instanceId,
      protocolType: PROTOCOL_TYPE,
      protocols: assignors.map((name) => ({ name, metadata })),
    };
    const joined = await this.#link.send(joinGroup, 9, order, rebalanceTimeoutMs + JOIN_GRACE_MS);
    if (joined.errorCode === Errors.MEMBER_ID_REQUIRED) {
      this.#memberId = joined.memberId;
      return undefined;
    }
    if (joined.errorCode !== Errors.NONE) return this.#another(joined.errorCode);
    this.#memberId = joined.memberId;
    this.#generationId = joined.generationId;
    const isLeader = joined.leader === joined.memberId && !joined.skipAssignment;
    return this.#sync(joined, isLeader ? await this.#assignments(joined) : []);
  }

  async #sync(
    { protocolName, generationId, memberId }: Joined,
    assignments: { memberId: string; assignment: Buffer }[],
  ): Promise<TopicPartition[] | undefined> {
    const { groupId, instanceId: groupInstanceId } = this.#options;
    const order = { groupId, generationId, memberId, groupInstanceId, protocolType: PROTOCOL_TYPE, protocolName, assignments };
    const synced = await this.#link.send(syncGroup, 5, order);
    if (synced.errorCode !== Errors.NONE) return this.#another(synced.errorCode);
    if (synced.assignment.length === 0) return [];
    const { assignment } = decodeAssignment(synced.assignment);
    return assignment.assignedPartitions.flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
  }

  async #assignments({ protocolName, members }: Joined): Promise<{ memberId: string; assignment: Buffer }[]> {
    const assignor = present(protocolName !== null && isAssignorName(protocolName) ? ASSIGNORS[protocolName] : undefined, "the assignor");
    const subscribers = members.map(({ memberId, groupInstanceId, metadata }): Subscriber => {
      const { topics, ownedPartitions } = decodeSubscription(metadata).subscription;
      const owned = (ownedPartitions ?? []).flatMap(({ topic, partitions }) => partitions.map((partition) => ({ topic, partition })));
      return { memberId, instanceId: groupInstanceId, topics, owned };
    });
    const partitionCounts = await this.#options.countPartitions([...new Set(subscribers.flatMap(({ topics }) => topics))]);
    return [...assignor({ subscribers, partitionCounts })].map(([memberId, partitions]) => {
      const byTopic = [...Map.groupBy(partitions, ({ topic }) => topic)];
      const assignedPartitions = byTopic.map(([topic, list]) => ({ topic, partitions: list.map(({ partition }) => partition) }));
      return { memberId, assignment: encodeAssignment(SUBSCRIPTION_VERSION, { assignedPartitions }) };
    });
  }

  /** What an error in a round means for the next. Raises Refusal for what no other try would change. */
  async #another(errorCode: number): Promise<undefined> {
    if (errorCode === Errors.REBALANCE_IN_PROGRESS) return undefined;
    if (errorCode === Errors.UNKNOWN_MEMBER_ID) this.#memberId = "";
    if (errorCode === Errors.UNKNOWN_MEMBER_ID || errorCode === Errors.ILLEGAL_GENERATION) {
      this.#generationId = NO_GENERATION;
      return undefined;
    }
    if (!isRetriable(errorCode)) throw new Refusal(errorCode, `group ${this.#options.groupId}`, null);
    await this.#link.away();
    return undefined;
  }

  #startHeartbeats(): void {
    const beat = async () => {
      if (Date.now() - this.#polledMs > this.#options.rebalanceTimeoutMs) return this.#standDown();
      try {
        const { groupId, instanceId: groupInstanceId } = this.#options;
        const membership = { memberId: this.#memberId, generationId: this.#generationId, groupInstanceId };
        const { errorCode } = await this.#link.send(heartbeat, 4, { groupId, ...membership });
        if (errorCode === Errors.UNKNOWN_MEMBER_ID) this.#memberId = "";
        if (endsRound(errorCode)) return this.#mustRejoin(errorCode);
        if (isRetriable(errorCode)) await this.#link.away();
        else failOn(errorCode, `group ${this.#options.groupId}`);
      } catch (error) {
        if (error instanceof Disconnected) await this.#link.away();
        else this.#failure = error;
      }
      if (this.#heartbeats !== undefined && !this.#isLeaving) this.#heartbeats = setTimeout(beat, this.#options.heartbeatIntervalMs);
    };
    this.#heartbeats = setTimeout(beat, this.#options.heartbeatIntervalMs);
  }

  /** Until records are asked for again. */
  async #standDown(): Promise<void> {
    const leaving = this.#sayGoodbye("no records are asked for");
    this.#mustJoin = true;
    this.#isForgotten = true;
    this.#memberId = "";
    this.#generationId = NO_GENERATION;
    await leaving;
  }

  #mustRejoin(errorCode: number): void {
    this.#mustJoin = true;
    this.#isForgotten ||= errorCode !== Errors.REBALANCE_IN_PROGRESS;
  }

  #stopHeartbeats(): void {
    clearTimeout(this.#heartbeats);
    this.#heartbeats = undefined;
  }

  get #storedBy(): StoredBy {
    const { groupId, instanceId } = this.#options;
    return { groupId, memberId: this.#memberId, generationIdOrMemberEpoch: this.#generationId, instanceId };
  }
}

/** What this member reads is to be shared anew, or may be another's by now. */
function endsRound(errorCode: number): boolean {
  return errorCode === Errors.REBALANCE_IN_PROGRESS || errorCode === Errors.ILLEGAL_GENERATION || errorCode === Errors.UNKNOWN_MEMBER_ID;
}
