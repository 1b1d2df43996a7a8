// What the members of a group subscribe to together: topics by name and by regular expression, each with how many ask for it.

import type { ResolvedRegex } from "./consumer/consumer-member.ts";

/** Of one member what it subscribes to. */
export interface Subscriber {
  readonly topicNames: readonly string[];
  /** "", or absent where the protocol knows of none: no expression. */
  readonly topicRegex?: string;
}

/** Of one member; `undefined` where there is none. */
export interface IdentityChange {
  readonly before: Subscriber | undefined;
  readonly after: Subscriber | undefined;
}

/** `undefined`: it stands for nothing. */
export interface RegexChange {
  readonly regex: string;
  readonly as: ResolvedRegex | undefined;
}

export class Subscriptions {
  readonly #names = new Map<string, number>();
  readonly #regexes = new Map<string, number>();
  readonly #resolved = new Map<string, ResolvedRegex>();
  /** Topics of resolved expressions, by how many of those name them. */
  readonly #resolvedNames = new Map<string, number>();

  /** Every topic that somebody subscribes to, sorted. */
  topicNames(): string[] {
    return [...this.names()].sort();
  }

  /** The same, in no order. */
  names(): Iterable<string> {
    if (this.#resolvedNames.size === 0) return this.#names.keys();
    return new Set([...this.#names.keys(), ...this.#resolvedNames.keys()]);
  }

  hasTopic(name: string): boolean {
    return this.#names.has(name) || this.#resolvedNames.has(name);
  }

  /** Looks through the smaller of the two. */
  hasAnyTopic(names: ReadonlySet<string>): boolean {
    const own = this.#names.size + this.#resolvedNames.size;
    if (names.size < own) return [...names].some((name) => this.hasTopic(name));
    return [...this.#names.keys(), ...this.#resolvedNames.keys()].some((name) => names.has(name));
  }

  /** Expressions that members have, by how many. */
  regexes(): ReadonlyMap<string, number> {
    return this.#regexes;
  }

  resolvedRegexes(): ReadonlyMap<string, ResolvedRegex> {
    return this.#resolved;
  }

  /** Topics of a member, by both its ways to subscribe. An expression that is not resolved yet stands for none. */
  topicsOf({ topicNames, topicRegex = "" }: Subscriber): readonly string[] {
    const matched = topicRegex === "" ? undefined : this.#resolved.get(topicRegex)?.topics;
    if (matched === undefined || matched.length === 0) return topicNames;
    return topicNames.length === 0 ? matched : [...new Set([...topicNames, ...matched])];
  }

  /** What `look` sees if these changes were made; they are not. */
  supposing<Seen>(members: readonly IdentityChange[], regexes: readonly RegexChange[], look: () => Seen): Seen {
    const former = regexes.map(({ regex }) => ({ regex, as: this.#resolved.get(regex) }));
    for (const { before, after } of members) this.replace(before, after);
    for (const { regex, as } of regexes) this.resolve(regex, as);
    try {
      return look();
    } finally {
      for (const { regex, as } of former) this.resolve(regex, as);
      for (const { before, after } of members) this.replace(after, before);
    }
  }

  replace(before: Subscriber | undefined, after: Subscriber | undefined): void {
    if (before?.topicNames !== after?.topicNames) {
      for (const name of before?.topicNames ?? []) count(this.#names, name, -1);
      for (const name of after?.topicNames ?? []) count(this.#names, name, 1);
    }
    for (const [subscriber, step] of [
      [before, -1],
      [after, 1],
    ] as const) {
      if (subscriber?.topicRegex !== undefined && subscriber.topicRegex !== "") count(this.#regexes, subscriber.topicRegex, step);
    }
  }

  /** `undefined`: it stands for nothing any more. */
  resolve(regex: string, resolved: ResolvedRegex | undefined): void {
    for (const name of this.#resolved.get(regex)?.topics ?? []) count(this.#resolvedNames, name, -1);
    for (const name of resolved?.topics ?? []) count(this.#resolvedNames, name, 1);
    if (resolved === undefined) this.#resolved.delete(regex);
    else this.#resolved.set(regex, resolved);
  }
}

function count(counts: Map<string, number>, key: string, step: 1 | -1): void {
  const next = (counts.get(key) ?? 0) + step;
  if (next <= 0) counts.delete(key);
  else counts.set(key, next);
}
