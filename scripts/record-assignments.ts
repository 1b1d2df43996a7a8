// Records what Kafka's own assignors make of every case of test/assignors, and keeps it in test/facts/assignments.json.
//
//   node scripts/record-assignments.ts [--out FILE] [--check]
//
// Needs Kafka's jars (KAFKA_REFERENCE) and a JDK. With --check nothing is written: chains that differ from what is kept are named.

import { parseArgs } from "node:util";
import { ASSIGNORS, askKafka, FACTS_PATH, readFacts, writeFacts } from "../test/assignors/facts.ts";
import { KafkaAssignors } from "../test/assignors/kafka.ts";
import { hasKafkaReference, KAFKA_REFERENCE } from "./kafka-reference.ts";

const { values } = parseArgs({ options: { out: { type: "string", default: FACTS_PATH }, check: { type: "boolean", default: false } } });
if (!hasKafkaReference()) throw new Error(`no Kafka reference at ${KAFKA_REFERENCE} (set KAFKA_REFERENCE)`);
const kafka = new KafkaAssignors();
const facts = await askKafka(kafka).finally(() => kafka.close());
const chains = ASSIGNORS.flatMap((assignor) => Object.entries(facts[assignor]).map(([name, cases]) => ({ assignor, name, cases })));
if (values.check) {
  const kept = readFacts();
  const different = chains.filter(({ assignor, name, cases }) => `${kept[assignor][name]}` !== `${cases}`);
  for (const { assignor, name } of different) console.log(`${assignor}: ${name}`);
  console.log(`${different.length} of ${chains.length} chains differ`);
  process.exitCode = different.length === 0 ? 0 : 1;
} else {
  writeFacts(facts, values.out);
  console.log(`${chains.reduce((sum, { cases }) => sum + cases.length, 0)} cases in ${values.out}`);
}
