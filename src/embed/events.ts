// Events of a broker or a cluster that a test can listen to.

import type { TopicPartitions } from "../coordinator/group/group-summary.ts";

/** What listeners are given, by the name of the event. */
export interface BrokerEvents {
  /** A request has come; `broker` is the id of the one that was asked. */
  readonly request: { readonly broker: number; readonly api: string; readonly version: number; readonly clientId: string };
  /** A batch was stored and acknowledged; without an offset when the client wants no acknowledgement. */
  readonly produce: {
    readonly topic: string;
    readonly partition: number;
    readonly baseOffset: number | undefined;
    readonly clientId: string;
  };
  /** A group has committed an offset. */
  readonly commit: { readonly group: string; readonly topic: string; readonly partition: number; readonly offset: number };
  /** A member is in a new generation of its group, or has come to another epoch of it. */
  readonly join: { readonly group: string; readonly memberId: string; readonly clientId: string; readonly generation: number };
  /** These have left, also those who say that they will be back. */
  readonly leave: { readonly group: string; readonly members: readonly string[] };
  /** A member was told what it has from now on; one that speaks the newer protocol gives up what it has no longer. */
  readonly assignment: {
    readonly group: string;
    readonly memberId: string;
    readonly clientId: string;
    readonly generation: number;
    readonly assignment: readonly TopicPartitions[];
  };
  /** A member was told that it is none any more, or not at this epoch: UNKNOWN_MEMBER_ID, FENCED_MEMBER_EPOCH, … */
  readonly fenced: { readonly group: string; readonly memberId: string; readonly clientId: string; readonly error: string };
  /** A group has a new generation, or another target assignment for an epoch; its members are these. */
  readonly rebalance: { readonly group: string; readonly generation: number; readonly members: readonly string[] };
  /** A member of a share group was given records for a while. */
  readonly acquired: SharedRecords;
  /** A member of a share group is done with them, and that is stored. */
  readonly accepted: SharedRecords;
  /** Records of a share group go to whoever comes next: a member gave them back, or left, or kept them for too long. */
  readonly released: SharedRecords;
  /** Records that no member of a share group is given any more: rejected, delivered as often as may be, or not there. */
  readonly archived: SharedRecords;
  readonly topicCreated: { readonly topic: string; readonly partitions: number };
  readonly topicDeleted: { readonly topic: string };
  /** -1: nobody leads. */
  readonly leaderChanged: { readonly topic: string; readonly partition: number; readonly leader: number; readonly leaderEpoch: number };
  readonly brokerStarted: { readonly broker: number };
  readonly brokerStopped: { readonly broker: number };
}

export interface SharedRecords {
  readonly group: string;
  /** `undefined`: the time was over for which a member had them. */
  readonly memberId: string | undefined;
  readonly topic: string;
  readonly partition: number;
  readonly firstOffset: number;
  /** Inclusive. */
  readonly lastOffset: number;
  /** How often they were delivered. */
  readonly deliveryCount: number;
}

export type EventListener<Name extends keyof BrokerEvents> = (event: BrokerEvents[Name]) => void;

export class Emitter {
  readonly #listeners = new Map<keyof BrokerEvents, Set<(event: never) => void>>();

  /** Gives a function that ends the listening. */
  on<Name extends keyof BrokerEvents>(name: Name, listener: EventListener<Name>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  isHeard(name: keyof BrokerEvents): boolean {
    return (this.#listeners.get(name)?.size ?? 0) > 0;
  }

  emit<Name extends keyof BrokerEvents>(name: Name, event: BrokerEvents[Name]): void {
    const listeners = this.#listeners.get(name) as Set<EventListener<Name>> | undefined;
    if (listeners !== undefined) for (const listener of listeners) listener(event);
  }
}
