// The internal topics of streams groups, made by the broker when a member finds that they are missing (KIP-1071). Nobody waits for that: the member
// hears of it by a later heartbeat, when the topics are there, or why they could not be made. An error is remembered for a while, in which it
// is not tried again; what is being made is not asked for twice.

import type { Clock } from "../../../base/clock.ts";
import type { InternalTopicInfo } from "./topology.ts";

/** Makes topics; one outcome for each, in order: why it could not be made, or `undefined`. */
export type MakeTopics = (topics: readonly InternalTopicInfo[]) => Promise<readonly (string | undefined)[]>;

export interface RequiredBy {
  /** Whether who asks may have a topic of that name made. */
  readonly isPermitted: (name: string) => boolean;
  /** How long an error is remembered. */
  readonly rememberMs: number;
}

/** No more are named. */
const MOST_NAMED = 3;
/** Errors that are kept at a time; of more the oldest are forgotten. */
const MOST_REMEMBERED = 1000;

interface Failure {
  readonly why: string;
  readonly untilMs: number;
}

export class InternalTopics {
  readonly #clock: Clock;
  readonly #make: MakeTopics;
  readonly #inTheMaking = new Set<string>();
  readonly #failures = new Map<string, Failure>();

  constructor(clock: Clock, make: MakeTopics) {
    this.#clock = clock;
    this.#make = make;
  }

  /** Has them made; gives what is to be said of it, which goes behind a sentence about the topics. */
  require(topics: ReadonlyMap<string, InternalTopicInfo>, { isPermitted, rememberMs }: RequiredBy): string {
    if (topics.size === 0) return "";
    const names = [...topics.keys()];
    const forbidden = names.filter((name) => !isPermitted(name));
    if (forbidden.length > 0) return `; Unauthorized to CREATE on topics ${forbidden.join(", ")}.`;
    const failed = names.flatMap((name) => this.#failureOf(name) ?? []);
    const wanted = [...topics.values()].filter(({ name }) => !this.#inTheMaking.has(name) && this.#failures.get(name) === undefined);
    if (wanted.length > 0) void this.#fulfil(wanted, rememberMs);
    if (failed.length === 0) return "";
    const more = failed.length > MOST_NAMED ? ` and ${failed.length - MOST_NAMED} more` : "";
    return `; Creation failed: ${failed.slice(0, MOST_NAMED).join(", ")}${more}.`;
  }

  #failureOf(name: string): string | undefined {
    const failure = this.#failures.get(name);
    if (failure === undefined) return undefined;
    if (this.#clock.now() < failure.untilMs) return `${name} (${failure.why})`;
    this.#failures.delete(name);
    return undefined;
  }

  async #fulfil(topics: readonly InternalTopicInfo[], rememberMs: number): Promise<void> {
    for (const { name } of topics) this.#inTheMaking.add(name);
    const outcomes = await this.#make(topics).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : `${error}`;
      return topics.map(() => why);
    });
    for (const [index, { name }] of topics.entries()) {
      this.#inTheMaking.delete(name);
      const why = outcomes[index];
      if (why !== undefined) this.#failures.set(name, { why, untilMs: this.#clock.now() + rememberMs });
    }
    for (const name of this.#failures.keys()) {
      if (this.#failures.size <= MOST_REMEMBERED) break;
      this.#failures.delete(name);
    }
  }
}
