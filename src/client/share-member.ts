// A member of a share group (KIP-932): the client's side of ShareGroupHeartbeat, in which it joins, learns which partitions it shares with
// others, and leaves. Nothing is handed over between members: what it is told holds at once.

import { Errors, isRetriable } from "../../protocol/errors.ts";
import { shareGroupHeartbeat } from "../../protocol/messages/76-share-group-heartbeat.ts";
import { systemRandom } from "../base/random.ts";
import type { Brokers } from "./brokers.ts";
import { ClientError, Disconnected } from "./client-error.ts";
import { CoordinatorLink } from "./coordinator-link.ts";
import { Refusal } from "./refusal.ts";

const JOINING = 0;
const LEAVING = -1;
const RETRY_MS = 100;
/** Whoever joins a group first is told its partitions once their state is set up. */
const PATIENT_BEATS = 2;
const SOON_MS = 200;

/** A partition by the id of its topic. */
export interface SharedPartition {
  readonly topicId: string;
  readonly partition: number;
}

export class ShareMember {
  readonly id = systemRandom.uuid();
  readonly #link: CoordinatorLink;
  readonly #groupId: string;
  readonly #topics: readonly string[];
  #epoch = JOINING;
  #assigned: readonly SharedPartition[] = [];
  #idleBeats = 0;
  #nextBeat: NodeJS.Timeout | undefined;
  #beating: Promise<void> | undefined;
  #isLeaving = false;
  #failure: unknown;

  constructor(brokers: Brokers, { groupId, topics }: { readonly groupId: string; readonly topics: readonly string[] }) {
    this.#link = new CoordinatorLink(brokers, groupId);
    this.#groupId = groupId;
    this.#topics = topics;
  }

  /** Raises what ended the membership for good. */
  get assigned(): readonly SharedPartition[] {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#assigned;
  }

  /** It has partitions, or knows that there are none for it. */
  get isSettled(): boolean {
    return this.#assigned.length > 0 || this.#idleBeats > PATIENT_BEATS;
  }

  /** Joins, where it has not; heartbeats go on by themselves. Settles when it has been answered. */
  join(): Promise<void> {
    this.#beating ??= this.#beat();
    return this.#beating;
  }

  async leave(): Promise<void> {
    this.#isLeaving = true;
    clearTimeout(this.#nextBeat);
    await this.#beating;
    try {
      if (this.#epoch !== JOINING && this.#failure === undefined)
        await this.#link.send(shareGroupHeartbeat, 1, { groupId: this.#groupId, memberId: this.id, memberEpoch: LEAVING });
    } catch (error) {
      // Who cannot say goodbye is missed when its session ends.
      if (!(error instanceof ClientError)) throw error;
    }
    await this.#link.close();
  }

  /** What goes wrong is kept. */
  async #beat(): Promise<void> {
    if (this.#isLeaving) return;
    const afterMs = await this.#beatOnce().catch((error: unknown) => {
      this.#failure = error;
      return undefined;
    });
    if (afterMs === undefined || this.#isLeaving) return;
    this.#nextBeat = setTimeout(() => {
      this.#beating = this.#beat();
    }, afterMs);
  }

  /** Gives when the next is due. */
  async #beatOnce(): Promise<number> {
    const isJoining = this.#epoch === JOINING;
    try {
      const answer = await this.#link.send(shareGroupHeartbeat, 1, {
        groupId: this.#groupId,
        memberId: this.id,
        memberEpoch: this.#epoch,
        subscribedTopicNames: isJoining ? [...this.#topics] : null,
      });
      if (answer.errorCode === Errors.NONE) {
        this.#epoch = answer.memberEpoch;
        this.#take(answer.assignment?.topicPartitions);
        return this.isSettled ? answer.heartbeatIntervalMs : SOON_MS;
      }
      const isFenced = answer.errorCode === Errors.UNKNOWN_MEMBER_ID || answer.errorCode === Errors.FENCED_MEMBER_EPOCH;
      if (isFenced && !isJoining) {
        this.#epoch = JOINING;
        this.#assigned = [];
        return 0;
      }
      if (!isRetriable(answer.errorCode)) throw new Refusal(answer.errorCode, `group ${this.#groupId}`, answer.errorMessage);
    } catch (error) {
      if (!(error instanceof Disconnected)) throw error;
    }
    await this.#link.away();
    return RETRY_MS;
  }

  #take(topics: readonly { readonly topicId: string; readonly partitions: readonly number[] }[] | undefined): void {
    if (topics !== undefined)
      this.#assigned = topics.flatMap(({ topicId, partitions }) => partitions.map((partition) => ({ topicId, partition })));
    this.#idleBeats = this.#assigned.length === 0 ? this.#idleBeats + 1 : 0;
  }
}
