// `odradek produce TOPIC`: every line of stdin becomes a record. Keyless records go round the partitions; a key always goes to the
// same partition, the one that Kafka's own clients choose for it.

import type { NewRecord } from "../../protocol/records/batch-builder.ts";
import { Brokers } from "../client/brokers.ts";
import { PRODUCER_DEFAULTS, Producer } from "../client/producer.ts";
import { ExitCode, usageError } from "./command-error.ts";
import { Progress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

/** As commander gives them. */
export interface ProduceArguments {
  readonly bootstrapServer: string;
  readonly commandConfig?: string;
  /** Separates key and value; true is the default one. */
  readonly key?: string | true;
  readonly json?: boolean;
  readonly partition?: string;
}

const DEFAULT_SEPARATOR = ":";

export async function produceLines(topic: string, given: ProduceArguments, terminal: Terminal): Promise<ExitCode> {
  const only = given.partition === undefined ? undefined : wholeNumber("--partition", given.partition);
  const access = given.commandConfig === undefined ? undefined : (await import("./command-access.ts")).commandAccess(given.commandConfig);
  const brokers = new Brokers(given.bootstrapServer, { access });
  const failures: unknown[] = [];
  const producer = new Producer(brokers, topic, { ...PRODUCER_DEFAULTS, only, failed: (_, error) => failures.push(error) });
  const failOnFailure = () => {
    if (failures.length > 0) throw failures[0];
  };
  try {
    // Before anything is typed: that there is a broker, and the topic.
    await producer.open();
    if (terminal.isTyped) terminal.error(`Each line is a record of ${topic}; end with Ctrl-D.\n`);
    // Loaded here, since "odradek start" does without it.
    const { createInterface } = await import("node:readline");
    const progress = new Progress(terminal, { what: "records sent", isQuiet: terminal.isTyped });
    try {
      for await (const line of createInterface({ input: terminal.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
        await producer.add(parseLine(line, given));
        failOnFailure();
        progress.at(producer.count);
      }
      await producer.flush();
    } finally {
      progress.end();
    }
    failOnFailure();
    if (terminal.isTyped) terminal.error(`${producer.count} record${producer.count === 1 ? "" : "s"} produced to ${topic}.\n`);
    return ExitCode.OK;
  } finally {
    await brokers.close();
  }
}

function parseLine(line: string, { key, json }: ProduceArguments): NewRecord {
  if (json) return parseJsonLine(line);
  if (key === undefined) return { key: null, value: Buffer.from(line) };
  const separator = key === true ? DEFAULT_SEPARATOR : key;
  const at = line.indexOf(separator);
  if (at < 0) throw usageError(`A line has no key, which must end with "${separator}": ${line}`);
  return { key: Buffer.from(line.slice(0, at)), value: Buffer.from(line.slice(at + separator.length)) };
}

/** As `consume --json` prints it: key, value and headers; a value that is not a string is written as JSON. */
function parseJsonLine(line: string): NewRecord {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    throw usageError(`A line is not JSON: ${line}`);
  }
  if (typeof parsed !== "object" || parsed === null || !("value" in parsed)) throw usageError(`A line has no "value": ${line}`);
  const key = "key" in parsed ? bytesOf(parsed.key) : null;
  const headers =
    "headers" in parsed && typeof parsed.headers === "object" && parsed.headers !== null ? Object.entries(parsed.headers) : [];
  return { key, value: bytesOf(parsed.value), headers: headers.map(([name, value]) => ({ key: name, value: bytesOf(value) })) };
}

function bytesOf(value: unknown): Buffer | null {
  if (value === null || value === undefined) return null;
  return Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
}

export function wholeNumber(option: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw usageError(`${option} ${text}: a whole number is needed`);
}
