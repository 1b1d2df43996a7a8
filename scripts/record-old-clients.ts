// Records what Apache Kafka 3.9 answers in every scenario of test/old-clients, and keeps it in test/facts/old-clients.json.
//
//   node scripts/record-old-clients.ts [--port 19430] [--check]
//
// Starts that Kafka (KAFKA_REFERENCE, with a JDK). With --check nothing is written: what differs from the facts that are kept is printed.

import { parseArgs } from "node:util";
import { askKafka, readFacts, writeFacts } from "../test/old-clients/facts.ts";
import { hasKafkaReference, KAFKA_REFERENCE } from "./kafka-reference.ts";

const { values } = parseArgs({ options: { port: { type: "string", default: "19430" }, check: { type: "boolean", default: false } } });
if (!hasKafkaReference()) throw new Error(`no Kafka reference at ${KAFKA_REFERENCE} (set KAFKA_REFERENCE)`);
const facts = await askKafka(Number(values.port));
const unfinished = Object.entries(facts).flatMap(([name, lines]) =>
  lines.filter((line) => line.startsWith("failed")).map((line) => `${name}: ${line}`),
);
for (const line of unfinished) console.log(line);
if (unfinished.length > 0) process.exitCode = 1;
else if (!values.check) writeFacts(facts);
else {
  const kept = readFacts();
  for (const [name, lines] of Object.entries(facts)) {
    const at = lines.findIndex((line, index) => line !== kept[name]?.[index]);
    if (at === -1) continue;
    console.log(`${name}\n  kept ${kept[name]?.[at] ?? "nothing"}\n  now  ${lines[at]}`);
    process.exitCode = 1;
  }
}
