// Kafka's own share-consumer-perf-test, on records of 1 KB that its producer-perf-test has sent before in batches of 16 KB: one share consumer,
// and four that share one partition. What the broker costs is its CPU seconds for each GB; the rates also depend on the Java client, which
// shares the cores. The tool's clock begins when its consumers subscribe, so that a second or so of joining the group is in it.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Errors, errorName } from "../../protocol/errors.ts";
import { incrementalAlterConfigs } from "../../protocol/messages/44-incremental-alter-configs.ts";
import { RawClient } from "../../test/support/raw-client.ts";
import { hasKafkaReference, KAFKA_REFERENCE } from "../kafka-reference.ts";
import type { Contender } from "./contender.ts";
import { BROKERS, type Run, type Scenario } from "./scenario.ts";

const RECORD_BYTES = 1024;
const RECORDS = 1_000_000;
const WARM_UP_RECORDS = 150_000;
/** Of the whole, as the tool takes it. */
const TIMEOUT_MS = 300_000;
const GROUP_RESOURCE = 32;
const SET = 0;

const CASES = [
  { label: "one share consumer", consumers: 1 },
  { label: "4 share consumers of one partition", consumers: 4 },
] as const;

const runProgram = promisify(execFile);

export const share: Scenario = {
  name: "share",
  about: "Kafka's share-consumer-perf-test",
  contenders: hasKafkaReference() ? BROKERS : [],
  async measure(run) {
    const contender = await run.launch({
      // Of Kafka on its own; its defaults are for three brokers.
      settings: { "share.coordinator.state.topic.replication.factor": "1", "share.coordinator.state.topic.min.isr": "1" },
    });
    const warmUps = run.scaled(WARM_UP_RECORDS, 1000);
    const warmUp = await filledTopic(contender, "warm-up", warmUps);
    await consume(contender, { topic: warmUp, records: warmUps, consumers: 2 });
    const records = run.scaled(RECORDS, 1000);
    const topic = await filledTopic(contender, "share", records);
    for (const each of CASES) {
      await run.attempt(`share-consumer-perf-test, ${each.label}`, () => measureCase(run, contender, { topic, records, ...each }));
    }
    run.add("peak memory under share-consumer-perf-test", "MB", contender.memoryMb()?.peak);
  },
};

interface Consumption {
  readonly topic: string;
  readonly records: number;
  readonly consumers: number;
}

async function measureCase(run: Run, contender: Contender, { label, ...what }: Consumption & { readonly label: string }): Promise<void> {
  const before = contender.cpuSeconds();
  run.add(`share-consumer-perf-test, ${label}`, "MB/s", await consume(contender, what));
  const after = contender.cpuSeconds();
  const gb = (what.records * RECORD_BYTES) / 1e9;
  const cpuForGb = before === undefined || after === undefined ? undefined : (after - before) / gb;
  run.add(`broker CPU for a GB of share-consumer-perf-test, ${label}`, "s", cpuForGb);
}

async function filledTopic(contender: Contender, name: string, records: number): Promise<string> {
  const topic = await contender.createTopic(name);
  const sizes = ["--num-records", String(records), "--record-size", String(RECORD_BYTES), "--throughput", "-1"];
  const where = ["--bootstrap-server", contender.bootstrap, "--topic", topic];
  await runProgram(KAFKA_REFERENCE, ["tool", "producer-perf-test", ...where, ...sizes], { maxBuffer: 64 * 1024 * 1024 });
  return topic;
}

/** By a group of its own. Gives MB/s. */
async function consume(contender: Contender, { topic, records, consumers }: Consumption): Promise<number> {
  const group = `${topic}-${consumers}`;
  await readFromStart(contender, group);
  const { stdout } = await runProgram(KAFKA_REFERENCE, [
    ...["tool", "share-consumer-perf-test", "--bootstrap-server", contender.bootstrap, "--topic", topic, "--group", group],
    ...["--num-records", String(records), "--threads", String(consumers), "--timeout", String(TIMEOUT_MS), "--hide-header"],
  ]);
  // start.time, end.time, data.consumed.in.MB, MB.sec, nMsg.sec, data.consumed.in.nMsg, fetch.time.ms
  const figures = stdout.trim().split("\n").at(-1)?.split(",") ?? [];
  return Number(figures[3]);
}

/** A share group begins at the end of a topic unless it is told otherwise. */
async function readFromStart({ host, port }: Contender, group: string): Promise<void> {
  const client = await RawClient.connect(port, host);
  const configs = [{ name: "share.auto.offset.reset", configOperation: SET, value: "earliest" }];
  const resources = [{ resourceType: GROUP_RESOURCE, resourceName: group, configs }];
  const answer = await client.call(incrementalAlterConfigs, 1, { resources, validateOnly: false });
  client.close();
  const { errorCode = Errors.UNKNOWN_SERVER_ERROR } = answer?.responses[0] ?? {};
  if (errorCode !== 0) throw new Error(`${group} cannot be told where to begin: ${errorName(errorCode)}`);
}
