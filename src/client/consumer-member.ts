// A member of a consumer group (KIP-848): the client's side of ConsumerGroupHeartbeat, in which it joins, learns what it shall read, says
// what it reads, and leaves.
//
//   outside ──epoch 0──► member ──it is told other partitions──► gives up, takes over, says so ──► member ──► …
//      ▲                   │  └──leave(): epoch -1, a static member -2──► outside
//      └──rebalance()── fenced: what it read is lost
//
// Heartbeats go on by the coordinator's interval whatever else it does. A field that is as the coordinator knows it is left out; who has
// joined anew, or does not know what has arrived, sends them all.

import { Errors, isRetriable } from "../../protocol/errors.ts";
import { consumerGroupHeartbeat } from "../../protocol/messages/68-consumer-group-heartbeat.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import { systemRandom } from "../base/random.ts";
import type { Brokers } from "./brokers.ts";
import { ClientError, Disconnected, NoConsumerProtocol } from "./client-error.ts";
import { CoordinatorLink } from "./coordinator-link.ts";
import { type StoredBy, storedOffsets, storeOffsets } from "./member-offsets.ts";
import type { GiveUp, Membership, MembershipOptions, Subscription } from "./membership.ts";
import type { Position } from "./partition-fetch.ts";
import { failOn, Refusal } from "./refusal.ts";
import { TopicNames } from "./topic-names.ts";
import { nameOf, type TopicPartition } from "./topic-partition.ts";

const WITH_REGEX = 1;
const JOINING = 0;
const LEAVING = -1;
/** A static member comes back: what it has is kept for it until its session ends. */
const LEAVING_FOR_A_WHILE = -2;
const RETRY_MS = 100;
/** How soon a topic of which the brokers do not know the name yet is asked for again. */
const UNKNOWN_TOPIC_MS = 1000;
const STALE_TRIES = 10;
/** So many heartbeats without a partition mean that there is none for it: whoever has to give one up hears of it by his next heartbeat. */
const PATIENT_BEATS = 3;
const FENCING: ReadonlySet<number> = new Set([Errors.FENCED_MEMBER_EPOCH, Errors.UNKNOWN_MEMBER_ID, Errors.GROUP_ID_NOT_FOUND]);

type HeartbeatRequest = EncodableMessage<typeof consumerGroupHeartbeat.request>;
type HeartbeatAnswer = DecodedMessage<typeof consumerGroupHeartbeat.response>;
type Assignment = NonNullable<HeartbeatAnswer["assignment"]>["topicPartitions"];

interface OwnedPartition extends TopicPartition {
  readonly topicId: string;
}

/** What may be left out while it is as it was. */
interface Told {
  readonly subscription: Subscription;
  readonly owned: readonly OwnedPartition[];
}

export class ConsumerMember implements Membership {
  readonly #link: CoordinatorLink;
  readonly #options: MembershipOptions;
  readonly #names: TopicNames;
  #memberId = systemRandom.uuid();
  #epoch = JOINING;
  #subscription: Subscription = { topics: [], regex: undefined };
  #owned: readonly OwnedPartition[] = [];
  /** What it shall own, until it does. */
  #target: Assignment | undefined;
  #targetFromMs = 0;
  /** What the coordinator knows; undefined: all has to be said. */
  #told: Told | undefined;
  #intervalMs = RETRY_MS;
  #idleBeats = 0;
  #nextBeat: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();
  #polledMs = Date.now();
  #hasAsked = false;
  #isFenced = false;
  #isLeaving = false;
  #failure: unknown;

  constructor(brokers: Brokers, options: MembershipOptions) {
    this.#link = new CoordinatorLink(brokers, options.groupId);
    this.#options = options;
    this.#names = new TopicNames(brokers);
  }

  get isToRebalance(): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#isFenced || this.#epoch === JOINING || (this.#target !== undefined && Date.now() >= this.#targetFromMs);
  }

  get isSettled(): boolean {
    return this.#owned.length > 0 || this.#idleBeats >= PATIENT_BEATS;
  }

  polled(): void {
    this.#polledMs = Date.now();
  }

  subscribe(subscription: Subscription): void {
    const isKnown = isSameSubscription(subscription, this.#subscription);
    this.#subscription = subscription;
    if (!isKnown && this.#epoch !== JOINING) this.#beat();
  }

  async rebalance(giveUp: GiveUp): Promise<readonly TopicPartition[]> {
    if (this.#isFenced) await this.#beginAnew(giveUp);
    while (this.#epoch === JOINING && !this.#isLeaving && !this.#isFenced) {
      await this.#beat();
      if (this.#failure !== undefined) throw this.#failure;
    }
    const target = this.#target;
    if (target === undefined || this.#isLeaving) return this.#owned;
    const wanted = await this.#resolved(target);
    const given = without(this.#owned, wanted);
    if (given.length > 0) await giveUp(given, { isLost: false });
    this.#owned = without(this.#owned, given);
    // What it would take over may be somebody else's by now.
    if (this.#isFenced || this.#isLeaving) return this.#owned;
    this.#owned = wanted;
    if (wanted.length < countOf(target)) this.#targetFromMs = Date.now() + UNKNOWN_TOPIC_MS;
    else if (this.#target === target) this.#target = undefined;
    await this.#beat();
    return wanted;
  }

  async commit(positions: readonly Position[]): Promise<boolean> {
    if (positions.length === 0 || this.#epoch === JOINING || this.#isFenced) return false;
    const errorCode = await this.#asMember(async () => {
      const stored = await storeOffsets(this.#link, this.#storedBy, positions);
      if (isRetriable(stored)) failOn(stored, this.#name);
      return stored;
    });
    if (isFencing(errorCode)) this.#isFenced = true;
    else if (errorCode !== Errors.STALE_MEMBER_EPOCH) failOn(errorCode, this.#name);
    return errorCode === Errors.NONE;
  }

  async committed(partitions: readonly TopicPartition[]): Promise<Position[]> {
    if (partitions.length === 0) return [];
    let found: Position[] = [];
    const errorCode = await this.#asMember(async () => {
      try {
        found = await storedOffsets(this.#link, this.#storedBy, partitions);
        return Errors.NONE;
      } catch (error) {
        if (error instanceof Refusal && (isFencing(error.errorCode) || error.errorCode === Errors.STALE_MEMBER_EPOCH))
          return error.errorCode;
        throw error;
      }
    });
    if (isFencing(errorCode)) this.#isFenced = true;
    failOn(errorCode, this.#name);
    return found;
  }

  async leave(): Promise<void> {
    this.#isLeaving = true;
    clearTimeout(this.#nextBeat);
    if (this.#hasAsked && !this.#isFenced && this.#failure === undefined) await this.#sayGoodbye();
    await this.#link.close();
  }

  async #sayGoodbye(): Promise<void> {
    const memberEpoch = this.#options.instanceId === null ? LEAVING : LEAVING_FOR_A_WHILE;
    try {
      await this.#link.send(consumerGroupHeartbeat, 1, { ...this.#identity, memberEpoch, rebalanceTimeoutMs: -1 });
    } catch (error) {
      // Who cannot say goodbye is missed when its session ends.
      if (!(error instanceof ClientError)) throw error;
    }
  }

  /** Others may read what it had. */
  async #beginAnew(giveUp: GiveUp): Promise<void> {
    const lost = this.#owned;
    this.#owned = [];
    this.#target = undefined;
    this.#told = undefined;
    await giveUp(lost, { isLost: true });
    this.#epoch = JOINING;
    this.#isFenced = false;
  }

  /** Leaves out topics whose names the brokers do not know yet. */
  async #resolved(target: Assignment): Promise<OwnedPartition[]> {
    const names = await this.#names.of(target.map(({ topicId }) => topicId));
    return target.flatMap(({ topicId, partitions }) => {
      const topic = names.get(topicId);
      return topic === undefined ? [] : partitions.map((partition) => ({ topicId, topic, partition }));
    });
  }

  /** Sends a heartbeat once the one before is answered, and the next when it is time. What goes wrong is kept in the state. */
  #beat(): Promise<void> {
    this.#beating = this.#beating.then(async () => {
      clearTimeout(this.#nextBeat);
      if (this.#isLeaving || this.#isFenced || this.#failure !== undefined) return;
      if (this.#epoch !== JOINING && Date.now() - this.#polledMs > this.#options.rebalanceTimeoutMs) return this.#standDown();
      const afterMs = await this.#beatOnce().catch((error: unknown) => {
        this.#failure = error;
        return undefined;
      });
      if (afterMs === undefined || this.#isLeaving) return;
      this.#nextBeat = setTimeout(() => this.#beat(), afterMs);
    });
    return this.#beating;
  }

  /** Until records are asked for again. */
  async #standDown(): Promise<void> {
    this.#isFenced = true;
    await this.#sayGoodbye();
  }

  /** Gives when the next is due; undefined: there is nothing more to say until it rejoins. Raises what ends the membership for good. */
  async #beatOnce(): Promise<number | undefined> {
    const told: Told = { subscription: this.#subscription, owned: this.#owned };
    try {
      const newest = await this.#link.newestOf(consumerGroupHeartbeat);
      if (newest < 0) throw new NoConsumerProtocol();
      if (newest < WITH_REGEX && told.subscription.regex !== undefined)
        throw new ClientError("The brokers are too old to resolve the regular expressions of a consumer group; name the topics.");
      this.#hasAsked = true;
      const answer = await this.#link.send(consumerGroupHeartbeat, 1, this.#request(told));
      if (answer.errorCode === Errors.NONE) {
        this.#take(answer);
        this.#told = told;
        return this.#intervalMs;
      }
      this.#told = undefined;
      if (isFencing(answer.errorCode) && this.#epoch !== JOINING) {
        this.#isFenced = true;
        return undefined;
      }
      if (answer.errorCode === Errors.UNSUPPORTED_VERSION) throw new NoConsumerProtocol();
      if (!isRetriable(answer.errorCode)) throw new Refusal(answer.errorCode, this.#name, answer.errorMessage);
    } catch (error) {
      this.#told = undefined;
      if (!(error instanceof Disconnected)) throw error;
    }
    await this.#link.away();
    return 0;
  }

  #take({ memberId, memberEpoch, heartbeatIntervalMs, assignment }: HeartbeatAnswer): void {
    const isFirst = this.#epoch === JOINING;
    this.#memberId = memberId ?? this.#memberId;
    this.#epoch = memberEpoch;
    this.#intervalMs = heartbeatIntervalMs;
    this.#idleBeats = this.#owned.length === 0 && !isFirst ? this.#idleBeats + 1 : 0;
    if (assignment === null) return;
    const isAsItIs = isOwned(assignment.topicPartitions, this.#owned);
    this.#target = isAsItIs && !isFirst ? undefined : assignment.topicPartitions;
    this.#targetFromMs = 0;
  }

  #request({ subscription, owned }: Told): HeartbeatRequest {
    const { rebalanceTimeoutMs, rackId = null, remoteAssignor = null } = this.#options;
    const told = this.#told;
    const request = { ...this.#identity, memberEpoch: this.#epoch };
    const isToldOwned = told !== undefined && told.owned === owned;
    const isToldSubscription = told !== undefined && isSameSubscription(told.subscription, subscription);
    return {
      ...request,
      rebalanceTimeoutMs: told === undefined ? rebalanceTimeoutMs : -1,
      rackId: told === undefined ? rackId : null,
      serverAssignor: told === undefined ? remoteAssignor : null,
      subscribedTopicNames: isToldSubscription ? null : subscription.topics,
      subscribedTopicRegex: isToldSubscription ? null : (subscription.regex ?? null),
      topicPartitions: isToldOwned ? null : byTopicId(owned),
    };
  }

  /** An epoch that is no longer the newest is worth a heartbeat, by which the member learns it, and another try. */
  async #asMember(ask: () => Promise<number>): Promise<number> {
    for (let tries = 1; ; tries++) {
      const errorCode = await this.#link.asked(ask);
      if (errorCode !== Errors.STALE_MEMBER_EPOCH || tries >= STALE_TRIES || this.#isFenced) return errorCode;
      await this.#beat();
    }
  }

  get #identity() {
    const { groupId, instanceId } = this.#options;
    return { groupId, memberId: this.#memberId, instanceId };
  }

  get #storedBy(): StoredBy {
    const topicIds = new Map(this.#owned.map(({ topic, topicId }) => [topic, topicId]));
    return { ...this.#identity, generationIdOrMemberEpoch: this.#epoch, topicIds };
  }

  get #name(): string {
    return `group ${this.#options.groupId}`;
  }
}

/** The group goes on without this member, or has been forgotten itself; it may join again. */
function isFencing(errorCode: number): boolean {
  return FENCING.has(errorCode);
}

function isSameSubscription(one: Subscription, other: Subscription): boolean {
  const text = ({ topics, regex }: Subscription) => JSON.stringify([regex, topics.toSorted()]);
  return text(one) === text(other);
}

function isOwned(assignment: Assignment, owned: readonly OwnedPartition[]): boolean {
  const names = new Set(owned.map(keyOf));
  const assigned = assignment.flatMap(({ topicId, partitions }) => partitions.map((partition) => keyOf({ topicId, partition })));
  return assigned.length === names.size && assigned.every((key) => names.has(key));
}

function without(partitions: readonly OwnedPartition[], others: readonly OwnedPartition[]): OwnedPartition[] {
  const keys = new Set(others.map(keyOf));
  return partitions.filter((partition) => !keys.has(keyOf(partition)));
}

/** A topic that was made anew under its name is another one. */
function keyOf({ topicId, partition }: Pick<OwnedPartition, "topicId" | "partition">): string {
  return nameOf({ topic: topicId, partition });
}

function countOf(assignment: Assignment): number {
  return assignment.reduce((sum, { partitions }) => sum + partitions.length, 0);
}

function byTopicId(partitions: readonly OwnedPartition[]): Assignment {
  return [...Map.groupBy(partitions, ({ topicId }) => topicId)].map(([topicId, ofTopic]) => ({
    topicId,
    partitions: ofTopic.map(({ partition }) => partition),
  }));
}
