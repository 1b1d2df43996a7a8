// A fault, as data: which requests it befalls, and what happens to them. Rules are plain JSON, so that they can come from code, a file or
// the network.

export interface FaultRule {
  /** Kafka's name of an API, "Fetch"; "*" means every one. */
  readonly api: string;
  readonly where?: FaultFilter;
  readonly action: FaultAction;
  /** How often it strikes; without limit unless given. */
  readonly times?: number;
  /** So many matching requests pass first. */
  readonly after?: number;
  /** From 0 to 1: how likely it is to strike. */
  readonly probability?: number;
  /** Of the sequence of chances, so that a run can be repeated; 1 unless given. */
  readonly seed?: number;
}

/** All that is given must hold. */
export interface FaultFilter {
  readonly topic?: string;
  readonly partition?: number;
  readonly clientId?: string;
  readonly group?: string;
  /** Id of the member of a group that asks, or is asked for. */
  readonly member?: string;
  readonly transactionalId?: string;
  /** Id of the broker that is asked. */
  readonly broker?: number;
}

/** Before the effect: the broker never does what it was asked. After it: it did, and the client does not learn of it. */
export type FaultMoment = "before" | "after";

export type FaultAction =
  /** The request fails with an error, by Kafka's name of it. */
  | { readonly type: "error"; readonly error: string }
  /** The request waits for so long before the broker looks at it. */
  | { readonly type: "delay"; readonly ms: number }
  /** No answer comes. The connection stays open, and later requests on it are answered unless they are dropped too. */
  | { readonly type: "drop"; readonly moment: FaultMoment }
  /** The connection ends in place of an answer. */
  | { readonly type: "disconnect"; readonly moment: FaultMoment }
  /** The answer asks the client to hold back for so long, and its connection is not heard for that time (KIP-124, KIP-219). */
  | { readonly type: "throttle"; readonly ms: number }
  /** The request waits until it is let go. */
  | { readonly type: "hold" };

export class FaultError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "FaultError";
  }
}
