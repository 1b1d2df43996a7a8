// For vitest: one broker for the whole run. In the configuration `globalSetup: ["odradek/vitest/global-setup"]`; in a test
// `inject("kafka").bootstrapServers`, or the environment's KAFKA_BROKERS.

import type { TestProject } from "vitest/node";
import { startBroker } from "../index.ts";

export interface ProvidedKafka {
  readonly bootstrapServers: string;
  readonly brokers: readonly string[];
}

/** Clients that are told of their brokers by the environment find it there: tests and the processes that they start. */
const VARIABLES = ["KAFKA_BROKERS", "KAFKA_BOOTSTRAP_SERVERS"];

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const broker = await startBroker();
  project.provide("kafka", { bootstrapServers: broker.bootstrapServers, brokers: broker.bootstrapServers.split(",") });
  const before = VARIABLES.map((name) => [name, process.env[name]] as const);
  for (const name of VARIABLES) process.env[name] = broker.bootstrapServers;
  return async () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await broker.stop();
  };
}

declare module "vitest" {
  interface ProvidedContext {
    kafka: ProvidedKafka;
  }
}
