// A member of a classic consumer group: the client's side of JoinGroup, SyncGroup, Heartbeat and LeaveGroup.
//
//   outside ──join()──► joining ──► member ──heartbeat: the group rebalances──► must join ──join()──► …
//                                     └──leave()──► outside
//
// Before each round it gives up all that it reads (eager rebalancing), whatever the assignor. Its connection to the coordinator is its
// own, since a JoinGroup holds back what follows it until the round is complete.

import { Errors, isRetriable } from "../../protocol/errors.ts";
import { offsetCommit } from "../../protocol/messages/08-offset-commit.ts";
import { offsetFetch } from "../../protocol/messages/09-offset-fetch.ts";
import { joinGroup } from "../../protocol/messages/11-join-group.ts";
import { heartbeat } from "../../protocol/messages/12-heartbeat.ts";
import { leaveGroup } from "../../protocol/messages/13-leave-group.ts";
import { syncGroup } from "../../protocol/messages/14-sync-group.ts";
import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api, DecodedMessage } from "../../protocol/schema/message.ts";
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from "../../protocol/state/consumer-protocol.ts";
import type { Brokers } from "./brokers.ts";
import { ClientError, Disconnected } from "./client-error.ts";
import type { Connection } from "./connection.ts";
import { ASSIGNORS, type AssignorName, isAssignorName, type Subscriber } from "./group-assignors.ts";
import type { Position } from "./partition-fetch.ts";
import { failOn, present, Refusal } from "./refusal.ts";
import type { TopicPartition } from "./topic-partition.ts";

const PROTOCOL_TYPE = "consumer";
const SUBSCRIPTION_VERSION = 3;
const NO_GENERATION = -1;
const RETRY_MS = 100;
const RETRIES = 50;
/** A round may take as long as the slowest member; the answer comes some time after that. */
const JOIN_GRACE_MS = 10_000;

export interface MemberOptions {
  readonly groupId: string;
  /** Of a static member. */
  readonly instanceId: string | null;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** Those that it can take part in, the preferred one first. */
  readonly assignors: readonly AssignorName[];
  /** The numbers of partitions of those of the topics that exist; the leader of the group asks for them. */
  readonly countPartitions: (topics: readonly string[]) => Promise<ReadonlyMap<string, number>>;
}

type Joined = DecodedMessage<typeof joinGroup.response>;

export class GroupMember {
  readonly #brokers: Brokers;
  readonly #options: MemberOptions;
  #connection: Promise<Connection> | undefined;
  #memberId = "";
  #generationId = NO_GENERATION;
  #heartbeats: NodeJS.Timeout | undefined;
  #mustJoin = true;
  #isLeaving = false;
  #failure: unknown;

  constructor(brokers: Brokers, options: MemberOptions) {
    this.#brokers = brokers;
    this.#options = options;
  }

  /** The group rebalances, or has forgotten this member: what it reads is no longer its own. Raises what ended the membership for good. */
  get mustJoin(): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#mustJoin;
  }

  /** What it wants to read has changed. */
  requestJoin(): void {
    this.#mustJoin = true;
  }

  /** Takes part in rounds until one is complete; gives the partitions that are its own from then on. Raises Refusal. */
  async join(topics: readonly string[]): Promise<TopicPartition[]> {
    this.#stopHeartbeats();
    while (!this.#isLeaving) {
      try {
        const assigned = await this.#joinOnce(topics);
        if (assigned === undefined) continue;
        this.#mustJoin = false;
        this.#startHeartbeats();
        return assigned;
      } catch (error) {
        if (this.#isLeaving) break;
        if (!(error instanceof Disconnected)) throw error;
        await this.#away();
      }
    }
    return [];
  }

  /** Stores how far it has come; gives whether the group took it. It does not take what comes from an earlier generation. */
  async commit(positions: readonly Position[]): Promise<boolean> {
    if (positions.length === 0 || this.#generationId === NO_GENERATION) return false;
    const topics = [...Map.groupBy(positions, ({ topic }) => topic)].map(([name, ofTopic]) => ({
      name,
      partitions: ofTopic.map(({ partition, offset }) => ({ partitionIndex: partition, committedOffset: offset, committedMetadata: "" })),
    }));
    return this.#asked(async () => {
      const { groupId, instanceId: groupInstanceId } = this.#options;
      const membership = { memberId: this.#memberId, generationIdOrMemberEpoch: this.#generationId, groupInstanceId };
      const answer = await this.#send(offsetCommit, 9, { groupId, ...membership, topics });
      const codes = answer.topics.flatMap(({ partitions }) => partitions.map(({ errorCode }) => errorCode));
      const failed = codes.find((code) => code !== Errors.NONE);
      if (failed === undefined) return true;
      if (endsMembership(failed)) {
        this.#mustJoin = true;
        return false;
      }
      throw new Refusal(failed, `group ${groupId}`, null);
    });
  }

  /** What the group has stored of these; partitions without are missing. */
  async committed(partitions: readonly TopicPartition[]): Promise<Position[]> {
    if (partitions.length === 0) return [];
    const { groupId } = this.#options;
    const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([name, ofTopic]) => ({
      name,
      partitionIndexes: ofTopic.map(({ partition }) => partition),
    }));
    return this.#asked(async () => {
      const answer = await this.#send(offsetFetch, 7, { groupId, topics, requireStable: true });
      failOn(answer.errorCode, `group ${groupId}`);
      return answer.topics.flatMap(({ name, partitions: stored }) =>
        stored.flatMap(({ partitionIndex, committedOffset, errorCode }) => {
          failOn(errorCode, `group ${groupId}`);
          return committedOffset < 0 ? [] : [{ topic: name, partition: partitionIndex, offset: committedOffset }];
        }),
      );
    });
  }

  /** Makes room for the others at once; a static member stays until its session ends, as Kafka has it. */
  async leave(): Promise<void> {
    const isJoining = this.#mustJoin && !this.#isLeaving;
    this.#isLeaving = true;
    this.#stopHeartbeats();
    // A JoinGroup that waits would hold the farewell back.
    if (isJoining) await this.#disconnect();
    const memberId = this.#memberId;
    try {
      if (memberId === "" || this.#options.instanceId !== null) return;
      const members = [{ memberId, reason: "the consumer is being closed" }];
      await this.#send(leaveGroup, 5, { groupId: this.#options.groupId, members });
    } catch (error) {
      // Who cannot say goodbye is missed when its session ends.
      if (!(error instanceof ClientError)) throw error;
    } finally {
      await this.#disconnect();
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
    const joined = await this.#send(joinGroup, 9, order, rebalanceTimeoutMs + JOIN_GRACE_MS);
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
    const synced = await this.#send(syncGroup, 5, order);
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
    await this.#away();
    return undefined;
  }

  #startHeartbeats(): void {
    const beat = async () => {
      try {
        const { groupId, instanceId: groupInstanceId } = this.#options;
        const membership = { memberId: this.#memberId, generationId: this.#generationId, groupInstanceId };
        const { errorCode } = await this.#send(heartbeat, 4, { groupId, ...membership });
        if (errorCode === Errors.UNKNOWN_MEMBER_ID) this.#memberId = "";
        if (endsMembership(errorCode)) {
          this.#mustJoin = true;
          return;
        }
        if (isRetriable(errorCode)) await this.#away();
        else failOn(errorCode, `group ${this.#options.groupId}`);
      } catch (error) {
        if (error instanceof Disconnected) await this.#away();
        else this.#failure = error;
      }
      if (this.#heartbeats !== undefined && !this.#isLeaving) this.#heartbeats = setTimeout(beat, this.#options.heartbeatIntervalMs);
    };
    this.#heartbeats = setTimeout(beat, this.#options.heartbeatIntervalMs);
  }

  #stopHeartbeats(): void {
    clearTimeout(this.#heartbeats);
    this.#heartbeats = undefined;
  }

  /** Asks again while the coordinator is away or moves. */
  async #asked<Result>(ask: () => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries++) {
      try {
        return await ask();
      } catch (error) {
        const isWorthIt = error instanceof Disconnected || (error instanceof Refusal && isRetriable(error.errorCode));
        if (!isWorthIt || tries >= RETRIES) throw error;
        await this.#away();
      }
    }
  }

  async #send<Q extends Shape, R extends Shape>(
    api: Api<Q, R>,
    newest: number,
    body: Encodable<Q>,
    timeoutMs?: number,
  ): Promise<Decoded<R>> {
    this.#connection ??= this.#brokers.coordinatorBroker(this.#options.groupId).then((coordinator) => this.#brokers.another(coordinator));
    const connection = await this.#connection;
    return connection.send(api, newest, body, timeoutMs === undefined ? {} : { timeoutMs });
  }

  /** The coordinator is away or elsewhere: it is looked for again after a moment. */
  async #away(): Promise<void> {
    await this.#disconnect();
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }

  async #disconnect(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    (await connection?.catch(() => undefined))?.close();
  }
}

/** What this member reads may be another's by now. */
function endsMembership(errorCode: number): boolean {
  return errorCode === Errors.REBALANCE_IN_PROGRESS || errorCode === Errors.ILLEGAL_GENERATION || errorCode === Errors.UNKNOWN_MEMBER_ID;
}
