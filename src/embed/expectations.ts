// What a test claims of a broker, in the shape that vitest's and jest's `expect.extend` take and that assertions for node:test are made of.
// Each waits until it holds; negated, it looks once whether it does not.

import type { GroupView } from "./group-kit.ts";
import type { ReadRecord } from "./records.ts";
import type { RunningBroker } from "./running-broker.ts";
import { type WaitOptions, WaitTimeout } from "./waits.ts";

export interface Assertion {
  readonly holds: boolean;
  /** Why it does not hold; or, when it does, what holds. */
  readonly message: string;
}

/** What is given must be equal; values that are objects are compared with the record's JSON, by the fields given. */
export interface RecordPattern {
  readonly key?: string | null;
  readonly value?: unknown;
  readonly partition?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface AssertionOptions extends WaitOptions {
  /** Look once instead of waiting. */
  readonly isNegated?: boolean;
}

export const assertions = {
  /** A record that fits is in the topic. */
  toHaveRecord(broker: RunningBroker, topic: string, pattern: RecordPattern, options: AssertionOptions = {}): Promise<Assertion> {
    return claim(
      () => broker.until.records(topic, (record) => fits(record, pattern), timeout(options)),
      `${topic} has a record like ${JSON.stringify(pattern)}`,
    );
  },
  /** Exactly so many records are in the topic. */
  toHaveRecords(broker: RunningBroker, topic: string, count: number, options: AssertionOptions = {}): Promise<Assertion> {
    const look = async () => {
      const records = await broker.until.records(topic, count, timeout(options));
      if (records.length !== count) throw new WaitTimeout(`${topic} has ${records.length} records, not ${count}.`);
    };
    return claim(look, `${topic} has ${count} records`);
  },
  /** The lag of the group over all of its partitions comes to that. */
  toHaveLag(broker: RunningBroker, group: string, lag: number, options: AssertionOptions = {}): Promise<Assertion> {
    const look = () => broker.groups.get(group);
    return claim(
      () => untilGroup(broker, group, (view) => view.state !== "Dead" && view.lag === lag, look, `a lag of ${lag}`, options),
      `group ${group} has a lag of ${lag}`,
    );
  },
  /** The group has committed all that is in the topic. */
  toHaveConsumed(broker: RunningBroker, group: string, topic: string, options: AssertionOptions = {}): Promise<Assertion> {
    return claim(() => broker.until.consumed({ group, topic, ...timeout(options) }), `group ${group} has consumed ${topic}`);
  },
  /** The group is stable and has so many members. */
  toHaveMembers(broker: RunningBroker, group: string, members: number, options: AssertionOptions = {}): Promise<Assertion> {
    return claim(() => broker.until.stable(group, { members, ...timeout(options) }), `group ${group} has ${members} members`);
  },
  /** The topic exists, with so many partitions if that is given. */
  async toHaveTopic(broker: RunningBroker, topic: string, partitions?: number): Promise<Assertion> {
    const count = broker.topics.get(topic)?.partitions.length;
    if (count === undefined)
      return { holds: false, message: `There is no topic ${topic}; there are ${broker.topics.list().join(", ") || "none"}.` };
    const holds = partitions === undefined || partitions === count;
    return { holds, message: `Topic ${topic} has ${count} partitions.` };
  },
};

async function claim(look: () => Promise<unknown>, what: string): Promise<Assertion> {
  try {
    await look();
    return { holds: true, message: `It was not expected that ${what}, and it is so.` };
  } catch (error) {
    if (!(error instanceof WaitTimeout)) throw error;
    return { holds: false, message: error.message };
  }
}

function timeout({ isNegated, timeoutMs }: AssertionOptions): WaitOptions {
  if (timeoutMs !== undefined) return { timeoutMs };
  return isNegated === true ? { timeoutMs: 0 } : {};
}

function untilGroup(
  broker: RunningBroker,
  group: string,
  isIt: (view: GroupView) => boolean,
  look: () => Promise<GroupView>,
  what: string,
  options: AssertionOptions,
): Promise<GroupView> {
  return broker.until.until({
    ...timeout(options),
    what: `group ${group} to have ${what}`,
    look: async () => {
      const view = await look();
      return isIt(view) ? view : undefined;
    },
    explain: async () => {
      const { state, lag, offsets } = await look();
      const each = offsets.map(({ topic, partition, committed, end }) => `${topic}-${partition}: ${committed ?? "none"} of ${end}`);
      return `It is ${state}, with a lag of ${lag} (${each.join(", ") || "no partitions"}).`;
    },
  });
}

function fits(record: ReadRecord, { key, value, partition, headers = {} }: RecordPattern): boolean {
  if (key !== undefined && record.key !== key) return false;
  if (partition !== undefined && record.partition !== partition) return false;
  if (Object.entries(headers).some(([name, content]) => record.headers[name] !== content)) return false;
  if (value === undefined) return true;
  if (typeof value !== "object" || value === null) return record.value === value;
  return record.value !== null && includes(parsed(record.value), value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function includes(actual: unknown, wanted: unknown): boolean {
  if (typeof wanted !== "object" || wanted === null) return Object.is(actual, wanted);
  if (typeof actual !== "object" || actual === null) return false;
  if (Array.isArray(wanted) && (!Array.isArray(actual) || actual.length !== wanted.length)) return false;
  return Object.entries(wanted).every(([name, value]) => includes(Object.entries(actual).find(([each]) => each === name)?.[1], value));
}
