// Kafka's own tools, many of them in one JVM (java/ToolRunner.java, compiled here), so that a long transcript is a matter of seconds.

import { type ChildProcessByStdio, spawn } from "node:child_process";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { CACHE, KAFKA_REFERENCE, ROOT } from "./broker-under-test.ts";
import { madeOnce } from "./made-once.ts";
import { type Outcome, runOrThrow, stopChild } from "./processes.ts";

const SOURCE = join(ROOT, "test/interop/java/ToolRunner.java");
const CLASSES = join(CACHE, "java");
const ANSWER = "@@";
const DEADLINE_MS = 90_000;

const TOOLS: { readonly [name: string]: string } = {
  topics: "org.apache.kafka.tools.TopicCommand",
  configs: "kafka.admin.ConfigCommand",
  acls: "org.apache.kafka.tools.AclCommand",
  "consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
  "share-groups": "org.apache.kafka.tools.consumer.group.ShareGroupCommand",
  "streams-groups": "org.apache.kafka.tools.streams.StreamsGroupCommand",
  "delegation-tokens": "org.apache.kafka.tools.DelegationTokenCommand",
  groups: "org.apache.kafka.tools.GroupsCommand",
  "log-dirs": "org.apache.kafka.tools.LogDirsCommand",
  "get-offsets": "org.apache.kafka.tools.GetOffsetShell",
  "delete-records": "org.apache.kafka.tools.DeleteRecordsCommand",
  "leader-election": "org.apache.kafka.tools.LeaderElectionCommand",
  "reassign-partitions": "org.apache.kafka.tools.reassign.ReassignPartitionsCommand",
  features: "org.apache.kafka.tools.FeatureCommand",
  "metadata-quorum": "org.apache.kafka.tools.MetadataQuorumCommand",
  cluster: "org.apache.kafka.tools.ClusterTool",
  "client-metrics": "org.apache.kafka.tools.ClientMetricsCommand",
  "broker-api-versions": "org.apache.kafka.tools.BrokerApiVersionsCommand",
  transactions: "org.apache.kafka.tools.TransactionsCommand",
  "console-producer": "org.apache.kafka.tools.ConsoleProducer",
  "console-consumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
  "console-share-consumer": "org.apache.kafka.tools.consumer.ConsoleShareConsumer",
  storage: "kafka.tools.StorageTool",
  "producer-perf-test": "org.apache.kafka.tools.ProducerPerformance",
  "consumer-perf-test": "org.apache.kafka.tools.ConsumerPerformance",
  "share-consumer-perf-test": "org.apache.kafka.tools.ShareConsumerPerformance",
  "e2e-latency": "org.apache.kafka.tools.EndToEndLatency",
  "verifiable-producer": "org.apache.kafka.tools.VerifiableProducer",
  "verifiable-consumer": "org.apache.kafka.tools.VerifiableConsumer",
  "verifiable-share-consumer": "org.apache.kafka.tools.VerifiableShareConsumer",
};

interface Jvm {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly lines: AsyncIterator<string>;
}

export class ToolRunner {
  /** Started, and at work for nobody. */
  readonly #idle: Jvm[] = [];
  #isStopped = false;

  /** Of several at once each has a JVM of its own. */
  async run(tool: string, args: readonly string[], stdin = ""): Promise<Outcome> {
    const jvm = this.#idle.pop() ?? (await start());
    const { child, lines } = jvm;
    child.stdin.write(`${JSON.stringify({ class: TOOLS[tool], args, stdin })}\n`);
    const timer = setTimeout(() => child.kill("SIGKILL"), DEADLINE_MS);
    try {
      for (;;) {
        const line = await lines.next();
        if (line.done === true) throw new Error(`the JVM ended at ${tool} ${args.join(" ")}`);
        if (!line.value.startsWith(ANSWER)) continue;
        const answer = JSON.parse(line.value.slice(ANSWER.length)) as Omit<Outcome, "exitCode"> & { exitCode?: number };
        // Without a code the tool has called System.exit.
        const { exitCode = await codeOf(child) } = answer;
        if (answer.exitCode !== undefined) await this.#giveBack(jvm);
        return { ...answer, exitCode };
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#idle.map(({ child }) => stopChild(child)));
  }

  async #giveBack(jvm: Jvm): Promise<void> {
    if (this.#isStopped) await stopChild(jvm.child);
    else this.#idle.push(jvm);
  }
}

async function codeOf(child: Jvm["child"]): Promise<number> {
  if (child.exitCode !== null) return child.exitCode;
  return new Promise((resolve) => child.once("exit", (code) => resolve(code ?? -1)));
}

async function start(): Promise<Jvm> {
  const classPath = (await runOrThrow(KAFKA_REFERENCE, ["classpath"], {})).trim();
  await compile(classPath);
  const args = ["-Xmx512m", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=off", "-Dlog4j2.level=OFF"];
  const child = spawn("java", [...args, "-cp", `${CLASSES}:${classPath}`, "ToolRunner"], { stdio: ["pipe", "pipe", "ignore"] });
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

const compile = madeOnce(async (classPath: string): Promise<void> => {
  const main = join(CLASSES, "ToolRunner.class");
  if (existsSync(main) && statSync(main).mtimeMs > statSync(SOURCE).mtimeMs) return;
  mkdirSync(CLASSES, { recursive: true });
  await runOrThrow("javac", ["-cp", classPath, "-d", CLASSES, SOURCE], { deadlineMs: 120_000 });
});
