// The matrix on Apache Kafka: started with its authorizer, once for each policy, and stopped again.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KAFKA_REFERENCE } from "../../scripts/kafka-reference.ts";
import { runOrThrow } from "../interop/processes.ts";
import { type Cell, Matrix, OLD_PROBES, PROBES } from "./matrix.ts";
import type { Probe } from "./probe.ts";
import { authorizerSettings, type Policy } from "./situations.ts";

/** How long its parts may take until all of them know what one of them says. */
const SETTLE_MS = 25;
const POLICIES: readonly Policy[] = ["strict", "open"];
const START_DEADLINE_MS = 120_000;
const DEADLINE_MS = 60_000;
const RECEIVER = "TelemetryReceiver";

export const OLD_VERSION = "3.9.1";

/** All there is to ask: the reference's own version, and of an older one what it alone serves. */
export async function askBothKafkas(port: number): Promise<readonly Cell[]> {
  return [...(await askKafka(port, PROBES)), ...(await askKafka(port, OLD_PROBES, OLD_VERSION))];
}

/** Takes `port` and the two above. */
export async function askKafka(port: number, probes: readonly Probe[], version?: string): Promise<readonly Cell[]> {
  const folder = mkdtempSync(join(tmpdir(), "access-rules-"));
  try {
    const env = version === undefined ? {} : { KAFKA_REFERENCE_VERSION: version };
    const agent = await telemetryAgent(folder, env);
    const cells: Cell[] = [];
    for (const policy of POLICIES) {
      cells.push(...(await askUnder(policy, { port, env: { ...env, JDK_JAVA_OPTIONS: `-javaagent:${agent}` }, probes })));
    }
    return cells;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Asking {
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  readonly probes: readonly Probe[];
}

async function askUnder(policy: Policy, { port, env, probes }: Asking): Promise<readonly Cell[]> {
  const clients = `PLAINTEXT://127.0.0.1:${port},SASL_PLAINTEXT://127.0.0.1:${port + 2}`;
  const settings = {
    ...authorizerSettings(policy),
    listeners: `${clients},CONTROLLER://127.0.0.1:${port + 1}`,
    "advertised.listeners": clients,
    "inter.broker.listener.name": "PLAINTEXT",
    "metric.reporters": RECEIVER,
    "unstable.api.versions.enable": "true",
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
  await runOrThrow(KAFKA_REFERENCE, ["start", "--port", `${port}`, ...options], { deadlineMs: START_DEADLINE_MS, env });
  try {
    return await Matrix.run({ port: port + 2, policy, settleMs: SETTLE_MS }, probes);
  } finally {
    await runOrThrow(KAFKA_REFERENCE, ["stop", "--port", `${port}`], { deadlineMs: DEADLINE_MS });
  }
}

async function telemetryAgent(folder: string, env: Readonly<Record<string, string>>): Promise<string> {
  const source = join(folder, `${RECEIVER}.java`);
  const [manifest, jar] = [join(folder, "manifest"), join(folder, "receiver.jar")];
  writeFileSync(source, readFileSync(join(import.meta.dirname, `java/${RECEIVER}.java`)));
  writeFileSync(manifest, `Premain-Class: ${RECEIVER}\n`);
  const within = { deadlineMs: DEADLINE_MS };
  const classPath = (await runOrThrow(KAFKA_REFERENCE, ["classpath"], { ...within, env })).trim();
  await runOrThrow("javac", ["-cp", classPath, "-d", folder, source], within);
  await runOrThrow("jar", ["cfm", jar, manifest, "-C", folder, `${RECEIVER}.class`], within);
  return jar;
}
