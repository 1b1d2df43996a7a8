// For vitest: a broker as a fixture, and matchers.
//
//   import { test } from "odradek/vitest";
//   test("…", async ({ broker }) => { … expect(broker).toHaveRecord("orders", { key: "42" }) … });
//
// One broker serves all tests of a file; `brokerOptions` says how it starts.

import { test as base, expect as vitestExpect } from "vitest";
import { assertions, type RunningBroker, type StartOptions, startBroker } from "../index.ts";
import { type BrokerMatchers, brokerMatchers } from "./matchers.ts";

vitestExpect.extend(brokerMatchers(assertions));

export interface BrokerFixtures {
  /** How the broker of the file starts: `test.override("brokerOptions", { topics: ["orders"] })`. */
  readonly brokerOptions: StartOptions;
  /** One for each test file, stopped after it. */
  readonly broker: RunningBroker;
}

export const test = base.extend<BrokerFixtures>({
  brokerOptions: [{}, { scope: "file" }],
  broker: [
    async ({ brokerOptions }: { brokerOptions: StartOptions }, use: (broker: RunningBroker) => Promise<void>) => {
      await using broker = await startBroker(brokerOptions);
      await use(broker);
    },
    { scope: "file" },
  ],
});

/** vitest's own, which takes a broker too: `await expect(broker).toHaveRecord("orders", { key: "42" })`. */
export const expect = vitestExpect as BrokerExpect;

export type BrokerExpect = ((broker: RunningBroker, message?: string) => BrokerMatchers & { readonly not: BrokerMatchers }) &
  typeof vitestExpect;
