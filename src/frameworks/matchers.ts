// Matchers for `expect`, as vitest and jest take them alike. All but toHaveTopic wait until they hold: await them.

import type { Assertion, assertions as Assertions, RunningBroker } from "../index.ts";

type Claims = typeof Assertions;
type Claimed<Name extends keyof Claims> = Claims[Name] extends (broker: RunningBroker, ...given: infer Given) => Promise<Assertion>
  ? Given
  : never;

/** `await expect(broker).toHaveRecord("orders", { key: "42" })` and so on. */
export type BrokerMatchers = { [Name in keyof Claims]: (...given: Claimed<Name>) => Promise<void> };

interface MatcherState {
  readonly isNot?: boolean;
}

export type Matcher = (this: MatcherState, broker: unknown, ...given: unknown[]) => Promise<{ pass: boolean; message: () => string }>;

/** How many arguments come before the options of a matcher. */
const ARGUMENTS: { readonly [Name in keyof Claims]: number } = {
  toHaveRecord: 2,
  toHaveRecords: 2,
  toHaveLag: 2,
  toHaveConsumed: 2,
  toHaveMembers: 2,
  toHaveTopic: 2,
};

export function brokerMatchers(assertions: Claims): Record<keyof Claims, Matcher> {
  const names = Object.keys(ARGUMENTS) as (keyof Claims)[];
  return Object.fromEntries(names.map((name) => [name, matcher(assertions, name)])) as Record<keyof Claims, Matcher>;
}

function matcher(assertions: Claims, name: keyof Claims): Matcher {
  return async function (this: MatcherState, broker, ...given) {
    const own = given.slice(0, ARGUMENTS[name]);
    while (own.length < ARGUMENTS[name]) own.push(undefined);
    const options = { ...(given[ARGUMENTS[name]] ?? {}), isNegated: this.isNot === true };
    const claim = assertions[name] as (broker: unknown, ...given: unknown[]) => Promise<Assertion>;
    const { holds, message } = await claim.call(assertions, broker, ...own, options);
    return { pass: holds, message: () => message };
  };
}
