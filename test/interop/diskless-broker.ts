// A broker over PostgreSQL and an object store, for the scenarios of a file that also run on one (compare.ts): started for the first that asks.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { type BrokerUnderTest, CACHE, type RunningBroker, startBroker } from "./broker-under-test.ts";
import { stopDisklessServices } from "./diskless-storage.ts";
import { port } from "./port.ts";

const PORT = port(19482);

let running: Promise<RunningBroker> | undefined;

export function disklessBroker(): Promise<BrokerUnderTest> {
  running ??= start();
  return running;
}

/** With the services below it. */
export async function stopDisklessBroker(): Promise<void> {
  const broker = await running;
  if (broker === undefined) return;
  running = undefined;
  await broker.stop();
  await stopDisklessServices();
}

function start(): Promise<RunningBroker> {
  const dataFolder = join(CACHE, "data", "odradek-diskless");
  rmSync(dataFolder, { recursive: true, force: true });
  return startBroker("odradek", { port: PORT, dataFolder, isDiskless: true });
}
