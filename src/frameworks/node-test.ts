// For node:test: a broker that is stopped when the test is over, and assertions.
//
//   test("…", async (t) => {
//     const broker = await brokerFor(t, { topics: ["orders"] });
//     await expectBroker(broker).toHaveRecord("orders", { key: "42" });
//   });

import { AssertionError } from "node:assert";
import {
  type Assertion,
  assertions,
  type ClusterOptions,
  type RunningBroker,
  type StartOptions,
  startBroker,
  startCluster,
} from "../index.ts";
import type { BrokerMatchers } from "./matchers.ts";

/** The part of node:test's context that is needed; `{ after }` of the module does as well, for a broker of the whole file. */
export interface HasAfter {
  after(run: () => Promise<void>): void;
}

export async function brokerFor(test: HasAfter, options: StartOptions = {}): Promise<RunningBroker> {
  const broker = await startBroker(options);
  test.after(() => broker.stop());
  return broker;
}

export async function clusterFor(test: HasAfter, options: ClusterOptions = {}): Promise<RunningBroker> {
  const cluster = await startCluster(options);
  test.after(() => cluster.stop());
  return cluster;
}

/** Assertions that wait until they hold, and throw AssertionError when they do not in time. */
export function expectBroker(broker: RunningBroker): BrokerMatchers & { readonly not: BrokerMatchers } {
  return { ...claims(broker, false), not: claims(broker, true) };
}

function claims(broker: RunningBroker, isNegated: boolean): BrokerMatchers {
  const names = Object.keys(assertions) as (keyof typeof assertions)[];
  const entries = names.map((name) => [
    name,
    async (first: unknown, second?: unknown, options: object = {}) => {
      const claim = assertions[name] as (broker: RunningBroker, ...given: unknown[]) => Promise<Assertion>;
      const { holds, message } = await claim.call(assertions, broker, first, second, { ...options, isNegated });
      if (holds === isNegated) throw new AssertionError({ message });
    },
  ]);
  return Object.fromEntries(entries);
}
