// Odradek and Apache Kafka side by side on this machine, in alternation in one run:
//
//   npm run bench                         every scenario, three rounds
//   npm run bench -- start replay         only these; also: throughput, kafkajs
//   npm run bench -- --rounds 5 --json
//
// Figures are medians over the rounds, with the ratio Odradek / Kafka. Both brokers run with their defaults on an empty folder; the
// load comes from replayed frames, from Kafka's own perf tools and from a kafkajs program, which share the machine's cores with the broker. CPU seconds are
// the broker process's own, from the operating system. Without a reference Kafka (kafka-reference.ts) only
// Odradek is measured.

import { parseArgs } from "node:util";
import { type Figure, printTable, summarize } from "./bench/figures.ts";
import { measureKafkajs } from "./bench/kafkajs.ts";
import { measurePerfTools } from "./bench/perf-tools.ts";
import { measureReplay } from "./bench/replay.ts";
import { measureStart } from "./bench/start.ts";
import { measureEmbedded } from "./bench/start-in-process.ts";
import { hasKafkaReference } from "./kafka-reference.ts";

const scenarios = {
  start: measureStart,
  embedded: measureEmbedded,
  replay: measureReplay,
  throughput: measurePerfTools,
  kafkajs: measureKafkajs,
};
type ScenarioName = keyof typeof scenarios;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "3" }, json: { type: "boolean", default: false } },
});
const names = positionals.length > 0 ? positionals : Object.keys(scenarios);
const unknown = names.find((name) => !Object.hasOwn(scenarios, name));
if (unknown !== undefined) {
  console.error(`bench: no scenario "${unknown}"; there are ${Object.keys(scenarios).join(", ")}`);
  process.exit(2);
}
const contenders = hasKafkaReference() ? (["odradek", "kafka"] as const) : (["odradek"] as const);
if (contenders.length === 1) console.error("bench: no reference Kafka found (KAFKA_REFERENCE); only Odradek is measured");

const figures: Figure[] = [];
for (const name of names as ScenarioName[]) {
  for (let round = 1; round <= Number(options.rounds); round++) {
    for (const contender of name === "replay" ? ([...contenders, "sink"] as const) : contenders) {
      console.error(`bench: ${name}, round ${round}, ${contender}`);
      figures.push(...(await scenarios[name](contender)));
    }
  }
}
const rows = summarize(figures);
if (options.json) console.log(JSON.stringify(rows, null, 2));
else printTable(rows);
