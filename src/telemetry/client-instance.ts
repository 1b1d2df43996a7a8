// One client that asks what to push and pushes it, and when it may do so. The rules are Kafka's: it waits for the push interval between
// two requests of a kind, may push at once after it has asked, and may ask again at once after an error that only asking can heal.
//
// An instance is made anew when the subscriptions change, so that the client hears of it without waiting.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { type ClientAttributes, type Subscription, subscriptionIdOf, type WantedMetrics, wantedMetrics } from "./subscriptions.ts";

const NEVER = Number.NEGATIVE_INFINITY;

export interface Push {
  readonly subscriptionId: number;
  readonly isTerminating: boolean;
  readonly isCompressionKnown: boolean;
  readonly sizeBytes: number;
}

export class ClientInstance {
  readonly attributes: ClientAttributes;
  readonly wanted: WantedMetrics;
  readonly subscriptionId: number;
  /** Those that it was made with. */
  readonly subscriptions: readonly Subscription[];
  /** The last outcome of a push. */
  lastError: ErrorCode = Errors.NONE;
  #lastGetMs = NEVER;
  #lastPushMs = NEVER;
  #isTerminating = false;

  constructor(attributes: ClientAttributes, subscriptions: readonly Subscription[]) {
    this.attributes = attributes;
    this.subscriptions = subscriptions;
    this.wanted = wantedMetrics(subscriptions, attributes);
    this.subscriptionId = subscriptionIdOf(this.wanted, attributes.client_instance_id);
  }

  /** Whether the client may be told its subscription. */
  get(nowMs: number): ErrorCode {
    const isInTime = nowMs - Math.max(this.#lastGetMs, this.#lastPushMs) >= this.wanted.pushIntervalMs;
    if (isInTime) this.#lastGetMs = nowMs;
    const mayAskAgain = this.lastError === Errors.UNKNOWN_SUBSCRIPTION_ID || this.lastError === Errors.UNSUPPORTED_COMPRESSION_TYPE;
    if (!isInTime && !mayAskAgain) return Errors.THROTTLING_QUOTA_EXCEEDED;
    this.lastError = Errors.NONE;
    return Errors.NONE;
  }

  /** Whether the push may be taken. */
  push(push: Push, nowMs: number, maxBytes: number): ErrorCode {
    const error = this.#pushFault(push, nowMs, maxBytes);
    this.#isTerminating = push.isTerminating;
    this.lastError = error;
    return error;
  }

  #pushFault({ subscriptionId, isTerminating, isCompressionKnown, sizeBytes }: Push, nowMs: number, maxBytes: number): ErrorCode {
    if (this.#isTerminating) return Errors.INVALID_REQUEST;
    const isInTime = this.#lastGetMs > this.#lastPushMs || nowMs - this.#lastPushMs >= this.wanted.pushIntervalMs;
    if (isInTime) this.#lastPushMs = nowMs;
    else if (!isTerminating) return Errors.THROTTLING_QUOTA_EXCEEDED;
    if (subscriptionId !== this.subscriptionId) return Errors.UNKNOWN_SUBSCRIPTION_ID;
    if (!isCompressionKnown) return Errors.UNSUPPORTED_COMPRESSION_TYPE;
    return sizeBytes > maxBytes ? Errors.TELEMETRY_TOO_LARGE : Errors.NONE;
  }
}
