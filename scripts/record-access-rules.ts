// Records what Apache Kafka answers to every request in every situation of test/access-rules, and keeps it in test/facts/access-rules.json.
//
//   node scripts/record-access-rules.ts [--port 19400] [--out FILE] [--check] [--only NAME[,NAME]] [--old]
//
// Starts Kafka (KAFKA_REFERENCE, with a JDK) twice, once for each policy, and Kafka 3.9 as often for versions that only it has. With --check nothing is written: what differs from the facts that
// are kept is printed. Recording again changes nothing, for no answer depends on what was asked before. With --only those probes alone are sent, to Kafka 4, whose name begins so, and what is
// known of others is kept; with --old they are sent to Kafka 3.9, in the versions that only it has.

import { parseArgs } from "node:util";
import { FACTS_PATH, nameOf, readFacts, writeFacts } from "../test/access-rules/facts.ts";
import { askBothKafkas, askKafka, OLD_VERSION } from "../test/access-rules/kafka.ts";
import { type Cell, OLD_PROBES, PROBES } from "../test/access-rules/matrix.ts";
import { hasKafkaReference, KAFKA_REFERENCE } from "./kafka-reference.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "19400" },
    out: { type: "string", default: FACTS_PATH },
    check: { type: "boolean", default: false },
    only: { type: "string", default: "" },
    old: { type: "boolean", default: false },
  },
});
if (!hasKafkaReference()) throw new Error(`no Kafka reference at ${KAFKA_REFERENCE} (set KAFKA_REFERENCE)`);
const cells = values.only === "" ? await askBothKafkas(Number(values.port)) : await askSome(values.only.split(","));
if (values.check) {
  const kept = new Map(readFacts().map((cell) => [nameOf(cell), JSON.stringify(cell.answers)]));
  const different = cells.filter((cell) => kept.get(nameOf(cell)) !== JSON.stringify(cell.answers));
  for (const cell of different) console.log(`${nameOf(cell)}\n  kept ${kept.get(nameOf(cell))}\n  now  ${JSON.stringify(cell.answers)}`);
  console.log(`${different.length} of ${cells.length} cells differ`);
  process.exitCode = different.length === 0 ? 0 : 1;
} else {
  writeFacts(cells, values.out);
  console.log(`${cells.length} cells in ${values.out}`);
}

async function askSome(names: readonly string[]): Promise<readonly Cell[]> {
  const probes = (values.old ? OLD_PROBES : PROBES).filter((probe) => names.some((name) => probe.name.startsWith(name)));
  const asked = await askKafka(Number(values.port), probes, values.old ? OLD_VERSION : undefined);
  const rowOf = ({ probe, version }: Cell) => `${probe} ${version}`;
  const rows = new Set(asked.map(rowOf));
  return [...readFacts().filter((cell) => !rows.has(rowOf(cell))), ...asked];
}
