// Records what Apache Kafka answers and writes in every scenario of test/consumer-group-answers, and keeps it in
// test/facts/consumer-group-answers.json.
//
//   node scripts/record-consumer-groups.ts [--port 19400] [--out FILE] [--check] [--only WORDS]
//
// Starts Kafka (KAFKA_REFERENCE, with a JDK) once for each profile. With --check nothing is written: what differs from the facts that are kept
// is printed. With --only, scenarios whose names have these words are recorded, and the other facts stay.

import { parseArgs } from "node:util";
import { FACTS_PATH, readFacts, writeFacts } from "../test/consumer-group-answers/facts.ts";
import { askKafka } from "../test/consumer-group-answers/kafka.ts";
import { SCENARIOS } from "../test/consumer-group-answers/scenarios.ts";
import { hasKafkaReference, KAFKA_REFERENCE } from "./kafka-reference.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "19400" },
    out: { type: "string", default: FACTS_PATH },
    check: { type: "boolean", default: false },
    only: { type: "string", default: "" },
  },
});
if (!hasKafkaReference()) throw new Error(`no Kafka reference at ${KAFKA_REFERENCE} (set KAFKA_REFERENCE)`);
const facts = await askKafka(
  Number(values.port),
  SCENARIOS.filter(({ name }) => name.includes(values.only)),
);
const unfinished = Object.entries(facts).flatMap(([name, { lines }]) =>
  lines.filter((line) => /^(failed|not within)/.test(line)).map((line) => `${name}: ${line}`),
);
for (const line of unfinished) console.log(line);
if (unfinished.length > 0) process.exitCode = 1;
if (values.check) {
  const kept = readFacts();
  const different = Object.keys(facts).filter((name) => JSON.stringify(kept[name]) !== JSON.stringify(facts[name]));
  for (const name of different) printDifference(name, kept[name] ?? { lines: [], records: [] }, facts[name] ?? { lines: [], records: [] });
  console.log(`${different.length} of ${Object.keys(facts).length} scenarios differ`);
  if (different.length > 0) process.exitCode = 1;
} else if (unfinished.length === 0) {
  const kept = values.only === "" ? {} : readFacts();
  writeFacts(
    Object.fromEntries(SCENARIOS.flatMap(({ name }) => [[name, facts[name] ?? kept[name]]]).filter(([, course]) => course !== undefined)),
    values.out,
  );
  console.log(`${Object.keys(facts).length} scenarios in ${values.out}`);
}

function printDifference(name: string, kept: (typeof facts)[string], now: (typeof facts)[string]): void {
  console.log(name);
  for (const part of ["lines", "records"] as const) {
    const index = now[part].findIndex((line, at) => line !== kept[part][at]);
    if (index === -1 && now[part].length === kept[part].length) continue;
    console.log(`  kept ${kept[part].at(index) ?? "nothing"}\n  now  ${now[part].at(index) ?? "nothing"}`);
  }
}
