// For vitest: one broker for the whole run. In the configuration `globalSetup: ["odradek/vitest/global-setup"]`; in a test
// `inject("kafka").bootstrapServers`. Child processes find it as KAFKA_BROKERS.

import type { TestProject } from "vitest/node";
import { startBroker } from "../index.ts";

export interface ProvidedKafka {
  readonly bootstrapServers: string;
  readonly brokers: readonly string[];
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const broker = await startBroker();
  project.provide("kafka", { bootstrapServers: broker.bootstrapServers, brokers: broker.bootstrapServers.split(",") });
  return () => broker.stop();
}

declare module "vitest" {
  interface ProvidedContext {
    kafka: ProvidedKafka;
  }
}
