// A member of a group as clients are built. It is heard of at the interval that it is told, and says what it owns when that changes, or all
// that there is to say after an answer was lost. What it is to give up it gives up after a while; only then it takes what is new, and says so.
//
// Two things it does not do, though nothing but time keeps clients from them, and the protocol has no answer to them, in Apache Kafka neither:
// while a heartbeat is unanswered that says what it owns, it takes nothing; and of two requests that state the same epoch the older one
// never arrives after the newer one.

import { type ErrorCode, Errors, errorName } from "../../../protocol/errors.ts";
import { ZERO_UUID } from "../../../protocol/schema/support.ts";
import { consumerGroupHeartbeatRequest } from "../../../src/coordinator/group/requests/consumer-group-heartbeat.ts";
import { offsetCommitRequest } from "../../../src/coordinator/group/requests/offset-commit.ts";
import { offsetFetchRequest } from "../../../src/coordinator/group/requests/offset-fetch.ts";
import { type GroupsWorld, type Link, NoAnswer } from "./groups-world.ts";
import type { Ledger, Owner } from "./ledger.ts";

export interface Subscription {
  readonly names: readonly string[] | null;
  readonly regex: string | null;
}

export interface MemberOptions {
  readonly world: GroupsWorld;
  readonly ledger: Ledger;
  readonly groupId: string;
  readonly name: string;
  readonly instanceId: string | null;
  readonly subscription: Subscription;
  readonly assignor: string | null;
  readonly rebalanceTimeoutMs: number;
  /** How long it takes to give up partitions, at most. */
  readonly revocationMs: number;
  /** Says at once that it has given up partitions, before it takes others. */
  readonly saysEarly: boolean;
  readonly commits: boolean;
}

/** Tries again, at the coordinator that there is by then. */
const RETRIABLE: ReadonlySet<ErrorCode> = new Set([
  Errors.COORDINATOR_LOAD_IN_PROGRESS,
  Errors.COORDINATOR_NOT_AVAILABLE,
  Errors.NOT_COORDINATOR,
  Errors.UNKNOWN_SERVER_ERROR,
]);

/** Nobody is put out within this time after it was heard. */
const ANSWER_MS = 500;

export class SimulatedMember implements Owner {
  readonly groupId: string;
  readonly name: string;
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly rebalanceTimeoutMs: number;
  readonly owned = new Set<string>();
  hasLeft = false;
  unanswered = 0;
  heardAtMs: number;
  heardOn: Link | undefined;
  unrevokedSinceMs: number | undefined;
  unrevoked: Owner["unrevoked"];
  epoch = 0;
  /** Nothing is heard of it any more. */
  isOver = false;
  /** Until when it neither speaks nor listens. */
  frozenUntilMs = 0;
  subscription: Subscription;
  readonly #options: MemberOptions;
  #link: Link | undefined;
  #intervalMs = 1000;
  #told: ReadonlySet<string> | undefined;
  #isReconciling = false;
  #isFullDue = true;
  /** It has said what it owns, and not been answered, or cannot be sure that it is still a member. */
  #isInDoubt = false;
  /** Rises when it takes or gives up. */
  #ownedVersion = 0;
  #lastStated = -1;
  /** Rises when it loses all. */
  #incarnation = 0;
  #wake: () => void = () => undefined;
  readonly #positions = new Map<string, number>();

  constructor(options: MemberOptions) {
    this.#options = options;
    const { groupId, name, instanceId, rebalanceTimeoutMs, subscription, world } = options;
    this.groupId = groupId;
    this.name = name;
    this.memberId = `${name}-${world.nextSerial()}`;
    this.instanceId = instanceId;
    this.rebalanceTimeoutMs = rebalanceTimeoutMs;
    this.subscription = subscription;
    this.heardAtMs = world.nowMs;
  }

  async run(): Promise<void> {
    const { scheduler } = this.#options.world.options;
    const committing = this.#options.commits ? this.#commitNowAndThen() : undefined;
    while (!this.isOver) {
      const waitMs = Math.max(await this.#beat(), this.frozenUntilMs - this.#options.world.nowMs);
      if (this.isOver) break;
      await Promise.race([scheduler.sleep(waitMs), new Promise<void>((resolve) => (this.#wake = resolve))]);
    }
    this.#loseAll();
    await committing;
  }

  subscribe(subscription: Subscription): void {
    this.subscription = subscription;
    this.#isFullDue = true;
    this.#wake();
  }

  /** As when a process is killed: nobody is told. Its connection is closed, unless the whole machine is gone. */
  die(isConnectionClosed: boolean): void {
    this.isOver = true;
    this.#loseAll();
    // Nobody is there who could mind.
    this.hasLeft = true;
    if (isConnectionClosed && this.#link !== undefined) this.#options.world.close(this.#link);
    this.#wake();
  }

  /** Neither speaks nor listens for so long. */
  freeze(durationMs: number): void {
    this.frozenUntilMs = this.#options.world.nowMs + durationMs;
    this.#isInDoubt = true;
  }

  loseConnection(): void {
    this.#isInDoubt = true;
    if (this.#link !== undefined) this.#options.world.close(this.#link);
  }

  /** Gives all up, and says so until it is heard, or not any longer. */
  async leave(isForAWhile: boolean): Promise<void> {
    const { world } = this.#options;
    this.isOver = true;
    this.#wake();
    this.#loseAll();
    this.hasLeft = true;
    for (let attempt = 0; attempt < 3; attempt++) {
      try {
        const body = this.#body({ memberEpoch: isForAWhile ? -2 : -1 });
        const sent = { request: consumerGroupHeartbeatRequest, version: 1, body };
        const { errorCode } = await world.call(this.#linkNow(), sent);
        if (!RETRIABLE.has(errorCode as ErrorCode)) return;
        this.loseConnection();
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
      }
      await world.options.scheduler.sleep(50);
    }
  }

  // ---- heartbeats

  /** Gives how long to wait before the next one. */
  async #beat(): Promise<number> {
    const { world, ledger } = this.#options;
    const { dice } = world.options;
    const isJoining = this.epoch === 0;
    const stated = this.#ownedVersion;
    const isFull = isJoining || this.#isFullDue;
    const statesOwned = isFull || (stated !== this.#lastStated && (!this.#isReconciling || this.#options.saysEarly));
    if (statesOwned) this.#isInDoubt = true;
    const saidMs = world.nowMs;
    const memberEpoch = this.epoch;
    const body = this.#body({
      memberEpoch,
      ...(isFull ? this.#all() : {}),
      topicPartitions: statesOwned ? (isJoining ? [] : toTopicPartitions(this.owned)) : null,
    });
    this.unanswered++;
    this.#isFullDue = false;
    try {
      world.note(() => `${this.name} says ${JSON.stringify(body)}`);
      const link = this.#linkNow();
      const answer = await world.call(link, {
        request: consumerGroupHeartbeatRequest,
        version: 1,
        body,
        decided: () => ledger.decided(this),
        handled: ({ errorCode }, on) => errorCode === Errors.NONE && ledger.heard(this, on),
        mayBeLate: () => this.#isOfAnEarlierEpoch(memberEpoch),
      });
      if (this.isOver) return 0;
      if (this.frozenUntilMs > world.nowMs) throw new NoAnswer();
      const error = answer.errorCode as ErrorCode;
      world.note(() => `${this.name} is told ${JSON.stringify(answer)}`);
      if (error !== Errors.NONE) return this.#refused(error, answer.errorMessage);
      this.unanswered = 0;
      this.epoch = answer.memberEpoch;
      this.#intervalMs = answer.heartbeatIntervalMs;
      if (statesOwned) this.#lastStated = stated;
      // An answer that was long on its way tells of what was.
      if (world.nowMs - saidMs < ANSWER_MS) this.#isInDoubt = false;
      if (answer.assignment !== null) this.#told = new Set(fromTopicPartitions(answer.assignment.topicPartitions));
      this.#reconcileIfNeeded();
      return this.#intervalMs;
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      world.note(() => `${this.name} hears nothing`);
      this.#isFullDue = true;
      this.#isInDoubt = true;
      return dice.between(20, 200);
    }
  }

  /** A request that comes late is only let through when it is of no use any more. */
  #isOfAnEarlierEpoch(epoch: number): boolean {
    const member = this.#options.world.groupOf(this.groupId)?.members.get(this.memberId);
    if (epoch === 0) return false;
    return member === undefined || (epoch !== member.progress.epoch && epoch !== member.progress.previousEpoch);
  }

  #refused(error: ErrorCode, message: string | null): number {
    const { world, ledger } = this.#options;
    const { dice } = world.options;
    this.#isFullDue = true;
    if (RETRIABLE.has(error)) {
      this.loseConnection();
      return dice.between(20, 200);
    }
    switch (error) {
      case Errors.UNKNOWN_MEMBER_ID:
      case Errors.GROUP_ID_NOT_FOUND:
        ledger.expelled(this);
        this.#loseAll();
        return dice.between(0, 100);
      case Errors.FENCED_MEMBER_EPOCH:
        ledger.fenced(this);
        this.#loseAll();
        return dice.between(0, 100);
      case Errors.UNRELEASED_INSTANCE_ID:
        return 500;
      case Errors.FENCED_INSTANCE_ID:
        this.isOver = true;
        ledger.expelled(this);
        return 0;
      default:
        throw new Error(`${this.name} is refused with ${errorName(error)}: ${message}`);
    }
  }

  #loseAll(): void {
    this.#incarnation++;
    this.#options.ledger.giveUp(this, this.owned);
    this.#positions.clear();
    this.#told = undefined;
    this.#isReconciling = false;
    this.epoch = 0;
    this.unrevokedSinceMs = undefined;
    this.#isFullDue = true;
    this.#lastStated = -1;
  }

  #body<Said extends { readonly memberEpoch: number }>(said: Said) {
    const { memberId, groupId, instanceId } = this;
    return { groupId, memberId, instanceId, ...said };
  }

  #all() {
    const { subscription, rebalanceTimeoutMs } = this;
    const { names, regex } = subscription;
    return {
      rebalanceTimeoutMs,
      // What it had before and has no longer must be said.
      subscribedTopicNames: [...(names ?? [])],
      subscribedTopicRegex: regex ?? "",
      serverAssignor: this.#options.assignor,
    };
  }

  #linkNow(): Link {
    if (this.#link === undefined || this.#link.closedAtMs !== undefined) this.#link = this.#options.world.connect(this.groupId);
    return this.#link;
  }

  // ---- what it owns

  #reconcileIfNeeded(): void {
    if (this.#isReconciling || this.#told === undefined || isSame(this.#told, this.owned)) return;
    this.#isReconciling = true;
    this.#options.world.supervise(this.#reconcile(this.#incarnation));
  }

  /** Gives up what it must, then takes what is new. Ends early when it has lost all. */
  async #reconcile(incarnation: number): Promise<void> {
    const { world, ledger, revocationMs } = this.#options;
    const { dice, scheduler } = world.options;
    const startedMs = world.nowMs;
    const isGone = () => this.isOver || this.#incarnation !== incarnation;
    for (;;) {
      const told = this.#told ?? new Set();
      const lost = [...this.owned].filter((partition) => !told.has(partition));
      if (lost.length > 0) {
        await scheduler.sleep(dice.between(0, revocationMs));
        if (!isGone() && this.#options.commits && dice.chance(0.7)) await this.#commit(lost);
        if (isGone()) return;
        if (world.nowMs - startedMs > this.rebalanceTimeoutMs / 2) this.#isInDoubt = true;
        ledger.giveUp(this, lost);
        this.#ownedVersion++;
        for (const partition of lost) this.#positions.delete(partition);
        if (this.#options.saysEarly) this.#wake();
      } else await scheduler.sleep(dice.between(0, 20));
      while (!isGone() && this.#isInDoubt) await scheduler.sleep(5);
      if (isGone()) return;
      if (this.#told !== told) continue;
      ledger.take(
        this,
        [...told].filter((partition) => !this.owned.has(partition)),
      );
      this.#ownedVersion++;
      this.#isReconciling = false;
      this.#wake();
      return;
    }
  }

  // ---- offsets

  async #commitNowAndThen(): Promise<void> {
    const { scheduler, dice } = this.#options.world.options;
    while (!this.isOver) {
      await scheduler.sleep(dice.between(100, 3000));
      if (!this.isOver && this.epoch > 0 && this.frozenUntilMs <= this.#options.world.nowMs)
        await this.#commit([...this.owned].slice(0, 4));
    }
  }

  /** Reads on from where the group is, and says how far it has come. */
  async #commit(partitions: readonly string[]): Promise<void> {
    const { world, ledger } = this.#options;
    const { epoch } = this;
    try {
      const unknown = partitions.filter((partition) => !this.#positions.has(partition));
      if (unknown.length > 0) await this.#fetch(unknown);
      const ready = partitions.filter((partition) => this.owned.has(partition) && this.#positions.has(partition));
      if (ready.length === 0 || this.epoch === 0) return;
      const said = `${this.memberId}/${world.nextSerial()}`;
      const tenures = new Map<string, number>();
      for (const partition of ready) {
        this.#positions.set(partition, (this.#positions.get(partition) ?? 0) + 1);
        tenures.set(partition, ledger.tenureOf(this, partition) ?? 0);
      }
      await world.call(world.connect(this.groupId), {
        request: offsetCommitRequest,
        version: 10,
        body: {
          groupId: this.groupId,
          generationIdOrMemberEpoch: Math.max(1, epoch),
          memberId: this.memberId,
          groupInstanceId: this.instanceId,
          topics: toTopicPartitions(ready).map(({ topicId, partitions: indexes }) => ({
            topicId,
            partitions: indexes.map((partitionIndex) => ({
              partitionIndex,
              committedOffset: this.#positions.get(`${topicId}:${partitionIndex}`) ?? 0,
              committedMetadata: said,
            })),
          })),
        },
        arrived: () => ledger.commitArrives(said),
        handled: ({ topics }) => {
          for (const { topicId, partitions: results } of topics) {
            for (const { partitionIndex, errorCode } of results) {
              const partition = `${topicId}:${partitionIndex}`;
              if (errorCode === Errors.NONE) ledger.commitTaken(this, partition, { said, tenure: tenures.get(partition) ?? 0 });
              else ledger.counts.refusedCommits++;
            }
          }
        },
        mayBeLate: () => true,
        lossFactor: 4,
      });
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
    }
  }

  async #fetch(partitions: readonly string[]): Promise<void> {
    const { world, ledger } = this.#options;
    const { epoch, memberId, groupId } = this;
    if (epoch === 0) return;
    const least = new Map<string, number>();
    const answer = await world.call(world.connect(groupId), {
      request: offsetFetchRequest,
      version: 10,
      body: {
        groups: [
          {
            groupId,
            memberId,
            memberEpoch: epoch,
            topics: toTopicPartitions(partitions).map(({ topicId, partitions: partitionIndexes }) => ({ topicId, partitionIndexes })),
          },
        ],
        requireStable: true,
      },
      arrived: () => {
        for (const partition of partitions) least.set(partition, ledger.leastOrder(groupId, partition));
      },
    });
    for (const { errorCode, topics } of answer.groups) {
      if (errorCode !== Errors.NONE) return;
      for (const { topicId, partitions: results } of topics) {
        for (const { partitionIndex, errorCode: error, committedOffset, metadata } of results) {
          const partition = `${topicId}:${partitionIndex}`;
          if (error !== Errors.NONE || topicId === ZERO_UUID) continue;
          ledger.fetched(groupId, partition, {
            said: committedOffset < 0 ? undefined : (metadata ?? ""),
            least: least.get(partition) ?? 0,
          });
          if (this.owned.has(partition)) this.#positions.set(partition, Math.max(0, committedOffset));
        }
      }
    }
  }
}

export function toTopicPartitions(partitions: Iterable<string>): { topicId: string; partitions: number[] }[] {
  const byTopic = new Map<string, number[]>();
  for (const partition of partitions) {
    const [topicId = "", index] = partition.split(":");
    const indexes = byTopic.get(topicId) ?? [];
    indexes.push(Number(index));
    byTopic.set(topicId, indexes);
  }
  return [...byTopic].map(([topicId, indexes]) => ({ topicId, partitions: indexes }));
}

function fromTopicPartitions(topics: readonly { readonly topicId: string; readonly partitions: readonly number[] }[]): string[] {
  return topics.flatMap(({ topicId, partitions }) => partitions.map((partition) => `${topicId}:${partition}`));
}

function isSame(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((each) => b.has(each));
}
