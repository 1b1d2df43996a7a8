// Kafka's own command line tools as clients: run one, and keep of what it prints only what must be the same each time.

import { type BrokerUnderTest, KAFKA_REFERENCE } from "./broker-under-test.ts";
import type { Observation } from "./compare.ts";
import { type Outcome, run } from "./processes.ts";

export interface ToolOptions {
  readonly stdin?: string;
  readonly deadlineMs?: number;
  /** For output whose order says nothing. */
  readonly isSorted?: boolean;
  /** System properties of the JVM, as on its command line. */
  readonly jvm?: string;
}

/** Short-lived JVMs: a small heap and the quick compiler halve their time. */
const JVM = { KAFKA_HEAP_OPTS: "-Xmx256m -XX:TieredStopAtLevel=1 -Xshare:auto", KAFKA_LOG_LEVEL: "ERROR" };

/** Runs a tool against a broker. The observation has the exit code and the lines of both streams, normalised. */
export async function tool(
  broker: BrokerUnderTest,
  name: string,
  args: readonly string[],
  options: ToolOptions = {},
): Promise<Observation> {
  const { exitCode, stdout, stderr } = await runTool([name, "--bootstrap-server", broker.bootstrap, ...args], options);
  const lines = normalise(`${stdout}\n${stderr}`);
  return { exitCode, lines: options.isSorted ? lines.toSorted() : lines };
}

export function runTool(args: readonly string[], options: ToolOptions = {}): Promise<Outcome> {
  const { stdin = "", deadlineMs = 60_000, jvm = "" } = options;
  return run(KAFKA_REFERENCE, ["tool", ...args], { stdin, deadlineMs, env: { ...JVM, KAFKA_OPTS: jvm } });
}

/** Takes out ids, ports, hosts, times and column widths, and the lines of stack traces and of logs. */
export function normalise(text: string): string[] {
  return text
    .split("\n")
    .map((line) =>
      line
        .replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "<uuid>")
        .replace(/(TopicId: )\S{22}/g, "$1<topic id>")
        .replace(/\/?127\.0\.0\.1:\d+/g, "<address>")
        .replace(/\/127\.0\.0\.1/g, "<host>")
        .replace(/^\d\d:\d\d:\d\d\.\d{3} /, "")
        .replace(/(console-consumer-)\d+/g, "$1<number>")
        .replace(/\s+/g, " ")
        .trim(),
    )
    .filter((line) => line !== "" && !/^(at |Caused by:|ERROR |WARN |\.\.\. \d+ more)/.test(line) && !/deprecated|KIP-848/.test(line));
}
