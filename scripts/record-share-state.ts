// Records what the share coordinator of Apache Kafka answers and writes to the requests of test/share-state-answers, and keeps it in
// test/facts/share-state-answers.json.
//
//   node scripts/record-share-state.ts [--port 19400] [--check]
//
// Starts Kafka (KAFKA_REFERENCE, with a JDK). With --check nothing is written: what differs from the facts that are kept is printed.

import { parseArgs } from "node:util";
import { runOrThrow } from "../test/interop/processes.ts";
import { readFacts, writeFacts } from "../test/share-state-answers/facts.ts";
import { play } from "../test/share-state-answers/play.ts";
import { SETTINGS } from "../test/share-state-answers/requests.ts";
import { hasKafkaReference, KAFKA_REFERENCE } from "./kafka-reference.ts";

const DEADLINE_MS = 120_000;
const { values } = parseArgs({ options: { port: { type: "string", default: "19400" }, check: { type: "boolean", default: false } } });
if (!hasKafkaReference()) throw new Error(`no Kafka reference at ${KAFKA_REFERENCE} (set KAFKA_REFERENCE)`);
const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ["--set", `${name}=${value}`]);
await runOrThrow(KAFKA_REFERENCE, ["start", "--port", values.port, ...settings], { deadlineMs: DEADLINE_MS });
try {
  const lines = await play(Number(values.port));
  if (values.check) {
    const kept = readFacts();
    const different = lines.filter((line, index) => line !== kept[index]);
    for (const line of different) console.log(line);
    if (different.length > 0 || kept.length !== lines.length) process.exitCode = 1;
  } else writeFacts(lines);
  console.log(`${lines.length} lines`);
} finally {
  await runOrThrow(KAFKA_REFERENCE, ["stop", "--port", values.port], { deadlineMs: DEADLINE_MS });
}
