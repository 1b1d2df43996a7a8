// What the scripts have in common that record what Apache Kafka answers in courses of requests, by name, and keep it as facts of the tests.

import { parseArgs } from "node:util";
import { hasKafkaReference, KAFKA_REFERENCE } from "./kafka-reference.ts";

type Courses = Readonly<Record<string, readonly string[]>>;

interface Recording {
  readonly usualPort: string;
  readonly askKafka: (port: number) => Promise<Courses>;
  readonly readFacts: () => Courses;
  readonly writeFacts: (facts: Courses) => void;
}

/** With --check nothing is written: what differs from the facts that are kept is printed, and the process fails. --port chooses Kafka's. */
export async function record({ usualPort, askKafka, readFacts, writeFacts }: Recording): Promise<void> {
  const { values } = parseArgs({ options: { port: { type: "string", default: usualPort }, check: { type: "boolean", default: false } } });
  if (!hasKafkaReference()) throw new Error(`no Kafka reference at ${KAFKA_REFERENCE} (set KAFKA_REFERENCE)`);
  const facts = await askKafka(Number(values.port));
  const unfinished = Object.entries(facts).flatMap(([name, lines]) =>
    lines.filter((line) => line.startsWith("failed")).map((line) => `${name}: ${line}`),
  );
  const complaints = unfinished.length === 0 && values.check ? differences(facts, readFacts()) : unfinished;
  for (const line of complaints) console.log(line);
  if (complaints.length > 0) process.exitCode = 1;
  else if (!values.check) writeFacts(facts);
}

/** The first of each course. */
function differences(facts: Courses, kept: Courses): string[] {
  return Object.entries(facts).flatMap(([name, lines]) => {
    const at = lines.findIndex((line, index) => line !== kept[name]?.[index]);
    return at === -1 ? [] : [`${name}\n  kept ${kept[name]?.[at] ?? "nothing"}\n  now  ${lines[at]}`];
  });
}
