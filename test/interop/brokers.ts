// Started by vitest before the first scenario: the brokers that all scenarios share, fresh, on ports of their own.
// INTEROP_ONLY=kafka or INTEROP_ONLY=odradek starts one of them only (see compare.ts for what is compared then). INTEROP_ENGINE=diskless has
// Odradek's over PostgreSQL and an object store (diskless-storage.ts).

import { rmSync } from "node:fs";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { hasObjectStoreReference, OBJECT_STORE_REFERENCE } from "../../scripts/object-store-reference.ts";
import { hasPostgresReference, POSTGRES_REFERENCE } from "../../scripts/postgres-reference.ts";
import {
  type BrokerName,
  type BrokerUnderTest,
  CACHE,
  hasKafkaReference,
  KAFKA_REFERENCE,
  type RunningBroker,
  startBroker,
} from "./broker-under-test.ts";
import { isDisklessRun, stopDisklessServices } from "./diskless-storage.ts";
import { port } from "./port.ts";
import { runOrThrow } from "./processes.ts";

declare module "vitest" {
  interface ProvidedContext {
    brokers: readonly BrokerUnderTest[];
  }
}

const TRIAL_PORT = port(19590);
const INSTALLATION_MS = 900_000;
/** `isMissing`: the variable that names another tool, for the processes of the tests. */
const SERVICES = [
  { name: "PostgreSQL", tool: POSTGRES_REFERENCE, isThere: hasPostgresReference, isMissing: "POSTGRES_REFERENCE" },
  { name: "the object store", tool: OBJECT_STORE_REFERENCE, isThere: hasObjectStoreReference, isMissing: "OBJECT_STORE_REFERENCE" },
] as const;

const PORTS: Readonly<Record<BrokerName, number>> = { kafka: port(19392), odradek: port(19492) };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await tryServices();
  const names = wantedBrokers();
  const started: RunningBroker[] = [];
  for (const name of names) {
    const dataFolder = join(CACHE, "data", name);
    rmSync(dataFolder, { recursive: true, force: true });
    started.push(await startBroker(name, { port: PORTS[name], dataFolder }));
  }
  project.provide(
    "brokers",
    started.map(({ name, bootstrap, isDiskless, dataFolder }) => ({ name, bootstrap, isDiskless, dataFolder })),
  );
  return async () => {
    for (const broker of started) await broker.stop();
    if (isDisklessRun()) await stopDisklessServices();
  };
}

/** The first start installs them. Where that is not possible, what needs them is skipped, and this says why. */
async function tryServices(): Promise<void> {
  for (const { name, tool, isThere, isMissing } of SERVICES) {
    if (!isThere()) continue;
    try {
      await runOrThrow(tool, ["start", "--port", `${TRIAL_PORT}`], { deadlineMs: INSTALLATION_MS });
      await runOrThrow(tool, ["stop", "--port", `${TRIAL_PORT}`], { deadlineMs: INSTALLATION_MS });
    } catch (error) {
      console.warn(`interop: skipped, ${name} cannot be started here: ${error instanceof Error ? error.message : error}`);
      process.env[isMissing] = "/nowhere";
    }
  }
}

function wantedBrokers(): BrokerName[] {
  const only = process.env["INTEROP_ONLY"];
  if (only === "kafka" || only === "odradek") return [only];
  if (only !== undefined && only !== "") throw new Error(`INTEROP_ONLY is kafka or odradek, not ${only}`);
  if (hasKafkaReference()) return ["kafka", "odradek"];
  console.warn(`interop: skipped, no Kafka reference at ${KAFKA_REFERENCE} (set KAFKA_REFERENCE)`);
  return [];
}
