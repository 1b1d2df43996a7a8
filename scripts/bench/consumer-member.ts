// A member of a consumer group (KIP-848) as Java's consumer is one, without the consumer: what it says next, and what it makes of the
// answer. It has no connection and no clock.
//
//   joining ── told its partitions ──> acknowledging ── answered ──> settled ── told other partitions ──> acknowledging
//      └─────── told that it has none ──────────────────────────────────┘
//
// It gives up and takes over partitions in no time, so that it acknowledges what it was told with a heartbeat at once. Every other
// heartbeat says nothing but that it lives, and is sent by the interval that the coordinator told.

import { randomBytes } from "node:crypto";
import { Errors } from "../../protocol/errors.ts";
import { decodeResponse, encodeResponse } from "../../protocol/headers.ts";
import { consumerGroupHeartbeat } from "../../protocol/messages/68-consumer-group-heartbeat.ts";
import { NOT_YET } from "./coordinator.ts";
import { checkCode, encodedRequest } from "./frame-socket.ts";

/** The first in which the client makes its member id. */
const VERSION = 1;
/** `max.poll.interval.ms`. */
const REBALANCE_TIMEOUT_MS = 300_000;
const LEAVING = -1;
/** Where the interval is in an answer without an assignment: four bytes, a byte for the assignment, one for tagged fields. */
const INTERVAL_FROM_END = 6;

/** Partition indexes by topic id. */
export type Partitions = readonly { readonly topicId: string; readonly partitions: readonly number[] }[];

/** One that says nothing, encoded beforehand. */
export interface Heartbeat {
  readonly request: Buffer;
  /** The frame, without its size, that answers it when there is nothing new; with 0 for the interval, which may be another each time. */
  readonly nothingNew: Buffer;
}

/** When the next heartbeat is due: at once, by the interval, or soon, because the coordinator was not there. */
export type Due = "at once" | "by the interval" | "soon";

export class ConsumerMember {
  readonly groupId: string;
  readonly memberId = randomBytes(16).toString("base64url");
  /** 0 until it has joined. */
  memberEpoch = 0;
  /** As told last. */
  heartbeatIntervalMs = 0;
  owned: Partitions = [];
  /** Joined, and has acknowledged what it was told. */
  isSettled = false;
  readonly #topics: readonly string[];
  #isAcknowledging = false;
  #heartbeat: Heartbeat | undefined;

  constructor(groupId: string, topics: readonly string[]) {
    this.groupId = groupId;
    this.#topics = topics;
  }

  get ownedCount(): number {
    return this.owned.reduce((sum, { partitions }) => sum + partitions.length, 0);
  }

  /** What to send when a heartbeat is due. */
  nextRequest(): Buffer {
    if (this.memberEpoch === 0) {
      const terms = { rebalanceTimeoutMs: REBALANCE_TIMEOUT_MS, subscribedTopicNames: this.#topics, topicPartitions: [] };
      return this.#encoded(terms);
    }
    return this.#isAcknowledging ? this.#encoded({ topicPartitions: this.owned }) : this.heartbeat().request;
  }

  /** The heartbeat that says nothing, and its answer. */
  heartbeat(): Heartbeat {
    const { memberId, memberEpoch } = this;
    const answer = { errorCode: Errors.NONE, memberId, memberEpoch, heartbeatIntervalMs: 0 };
    this.#heartbeat ??= {
      request: this.#encoded({}),
      nothingNew: Buffer.concat(encodeResponse(consumerGroupHeartbeat, VERSION, 1, answer)).subarray(4),
    };
    return this.#heartbeat;
  }

  leaveRequest(): Buffer {
    this.memberEpoch = LEAVING;
    return this.#encoded({});
  }

  /** Takes the answer to what was sent last. Throws when it is an error that no client waits out. */
  answered(frame: Buffer): Due {
    const intervalMs = this.#heartbeat === undefined ? undefined : intervalOfNothingNew(frame, this.#heartbeat);
    if (intervalMs !== undefined) {
      this.heartbeatIntervalMs = intervalMs;
      this.#isAcknowledging = false;
      this.isSettled = true;
      return "by the interval";
    }
    const { body } = decodeResponse(consumerGroupHeartbeat, VERSION, frame);
    if (NOT_YET.includes(body.errorCode)) return "soon";
    checkCode(`ConsumerGroupHeartbeat (${body.errorMessage})`, body.errorCode);
    if (this.memberEpoch === LEAVING) return "by the interval";
    if (body.memberEpoch !== this.memberEpoch) this.#heartbeat = undefined;
    this.memberEpoch = body.memberEpoch;
    this.heartbeatIntervalMs = body.heartbeatIntervalMs;
    const told = body.assignment?.topicPartitions;
    this.#isAcknowledging = told !== undefined && !areSame(told, this.owned);
    if (told !== undefined) this.owned = told.map(({ topicId, partitions }) => ({ topicId, partitions: [...partitions] }));
    this.isSettled = !this.#isAcknowledging;
    return this.#isAcknowledging ? "at once" : "by the interval";
  }

  #encoded(more: object): Buffer {
    const { groupId, memberId, memberEpoch } = this;
    return encodedRequest(consumerGroupHeartbeat, VERSION, { groupId, memberId, memberEpoch, ...more });
  }
}

/** The interval that an answer tells which says nothing else; `undefined` for every other. */
export function intervalOfNothingNew(frame: Buffer, { nothingNew }: Heartbeat): number | undefined {
  const at = nothingNew.length - INTERVAL_FROM_END;
  if (frame.length !== nothingNew.length || frame.compare(nothingNew, 0, at, 0, at) !== 0) return undefined;
  // No assignment, no tagged fields.
  return frame[frame.length - 2] === 0xff && frame[frame.length - 1] === 0 ? frame.readInt32BE(at) : undefined;
}

function areSame(one: Partitions, other: Partitions): boolean {
  const names = new Set(namesOf(one));
  const others = namesOf(other);
  return names.size === others.length && others.every((name) => names.has(name));
}

/** A name for each partition. */
export function namesOf(all: Partitions): string[] {
  return all.flatMap(({ topicId, partitions }) => partitions.map((partition) => `${topicId}:${partition}`));
}
