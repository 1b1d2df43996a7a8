// For jest, and for whatever else has its globals: a broker for each test file, and matchers.
//
//   const { useBroker } = require("odradek/jest");
//   const kafka = useBroker({ topics: ["orders"] });
//   test("…", async () => { … new Kafka(kafka.broker.connection.kafkajs()) … expect(kafka.broker).toHaveRecord(…) … });

import { assertions, type ClusterOptions, type RunningBroker, type StartOptions, startBroker, startCluster } from "../index.ts";
import { type BrokerMatchers, brokerMatchers, type Matcher } from "./matchers.ts";

export type { BrokerMatchers };

interface Globals {
  readonly beforeAll?: (run: () => Promise<void>) => void;
  readonly afterAll?: (run: () => Promise<void>) => void;
  readonly expect?: { extend(matchers: Record<string, Matcher>): void };
}

export interface BrokerHandle {
  /** There from the first beforeAll on. */
  readonly broker: RunningBroker;
}

/** Starts a broker before the tests of the file or the describe block, and stops it after them. */
export function useBroker(options: StartOptions = {}): BrokerHandle {
  return use(() => startBroker(options));
}

/** The same with a cluster. */
export function useCluster(options: ClusterOptions = {}): BrokerHandle {
  return use(() => startCluster(options));
}

function use(start: () => Promise<RunningBroker>): BrokerHandle {
  const { beforeAll, afterAll, expect } = globalThis as Globals;
  if (beforeAll === undefined || afterAll === undefined || expect === undefined) {
    throw new Error("odradek/jest needs jest's globals beforeAll, afterAll and expect");
  }
  expect.extend(brokerMatchers(assertions));
  let broker: RunningBroker | undefined;
  beforeAll(async () => {
    broker = await start();
  });
  afterAll(async () => broker?.stop());
  return {
    get broker() {
      if (broker === undefined) throw new Error("the broker starts in beforeAll: use it in a test or in a later hook");
      return broker;
    },
  };
}
