// Every client with the same scenarios (matrix/): on Odradek it sees what it was seen to see on Apache Kafka.
//
// MATRIX=all has all clients, also those that take minutes to build or to run, asks both brokers, and keeps the results (matrix/results) and the
// table in the README. Otherwise Odradek is held to the kept ones, and of each client one scenario is asked of Kafka again: MATRIX_SAMPLE, 0
// to 8, chooses which. MATRIX_CLIENTS=kafkajs,rskafka chooses clients.

import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { BrokerUnderTest } from "./broker-under-test.ts";
import { CLIENT_PROGRAMS, type ClientName } from "./client-programs.ts";
import type { Observation } from "./compare.ts";
import { APPLICATIONS } from "./matrix/applications.ts";
import { type Result, readmeByResults, readResult, writeResult } from "./matrix/results.ts";
import { type Cell, clientRows, type Opened, type Row } from "./matrix/rows.ts";
import { warm } from "./matrix/warm.ts";

/** Of each client. */
const SCENARIOS = 9;
/** What was asked of Kafka again most often. */
const USUAL_SAMPLE = 6;
const isAll = process.env["MATRIX"] === "all";
const chosen = process.env["MATRIX_CLIENTS"]?.split(",");
const sample = Number(process.env["MATRIX_SAMPLE"] ?? USUAL_SAMPLE);
const brokers = inject("brokers");
const kafka = brokers.find(({ name }) => name === "kafka");
const odradek = brokers.find(({ name }) => name === "odradek");

const isWanted = ({ client, isReady }: Pick<Row, "client" | "isReady">): boolean =>
  chosen?.includes(client) ?? (isAll || isReady === undefined || isReady());
const names = Object.keys(CLIENT_PROGRAMS) as ClientName[];
const wantedNames = names.filter((client) => isWanted({ client, ...CLIENT_PROGRAMS[client] }));
const { rows, stop } = clientRows(wantedNames, brokers[0]?.bootstrap ?? "");

beforeAll(() => Promise.all(brokers.map(({ bootstrap }) => warm(bootstrap))));
afterAll(stop);

/** Of each client the cells that were run, and on how many brokers in all. */
const tried = { clients: new Set<string>(), cells: 0, runs: 0 };
afterAll(() =>
  console.log(`the matrix: ${tried.clients.size} clients, ${tried.cells} scenarios of theirs, ${tried.runs} runs on a broker`),
);

for (const row of brokers.length === 0 ? [] : [...rows, ...APPLICATIONS.filter(isWanted)]) {
  describe(row.client, { concurrent: true }, () => {
    const kept = readResult(row.client);
    const seen: Record<string, Result["seen"][string]> = {};

    for (const [index, cell] of row.cells.entries()) {
      test(`${row.client}: ${cell.title}`, async ({ skip }) => {
        const opened = await row.open().catch((error: Error) => skip(`it cannot be had here: ${error.message.slice(-500)}`));
        const why = cell.cannot?.(opened);
        if (why !== undefined) {
          seen[cell.title] = { cannot: why };
          skip(why);
        }
        const isAsked = odradek === undefined || (index + row.client.length + sample) % SCENARIOS === 0;
        const expected = expectedOf(kept, opened, cell);
        if (!isAll && expected === undefined) skip("nothing is kept of it: MATRIX=all keeps it");
        tried.clients.add(row.client);
        tried.cells++;
        if (expected === undefined || isAll) await both(cell, seen);
        else await held(cell, expected, isAsked);
      });
    }

    afterAll(async () => {
      if (isAll && kafka !== undefined && odradek !== undefined) await keep(row, await row.open().catch((error: Error) => error), seen);
    });
  });
}

async function run(cell: Cell, broker: BrokerUnderTest): Promise<Observation> {
  tried.runs++;
  try {
    return await cell.run(broker);
  } catch (error) {
    throw new Error(`on ${broker.name}: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

/** Asks both brokers, and notes what came of it. */
async function both(cell: Cell, seen: Record<string, Result["seen"][string]>): Promise<void> {
  if (kafka === undefined || odradek === undefined) throw new Error("MATRIX=all needs both brokers");
  const expected = await run(cell, kafka);
  seen[cell.title] = { kafka: expected, isSame: false };
  expect(await run(cell, odradek), "as on Apache Kafka").toEqual(expected);
  seen[cell.title] = { kafka: expected, isSame: true };
}

/** Holds Odradek, and Kafka where it is asked again, to what is kept. */
async function held(cell: Cell, expected: Observation, isAsked: boolean): Promise<void> {
  if (odradek !== undefined) expect(await run(cell, odradek), "as kept of Apache Kafka").toEqual(expected);
  if (kafka !== undefined && isAsked) expect(await run(cell, kafka), "Apache Kafka as kept of it").toEqual(expected);
}

/** What is kept of Kafka, if it is of this version of the client. */
function expectedOf(kept: Result | undefined, { version }: Opened, { title }: Cell): Observation | undefined {
  const seen = kept?.seen[title];
  return kept?.version !== version || seen === undefined || "cannot" in seen ? undefined : seen.kafka;
}

/** Adds what was seen to what is kept of this version of the client. */
async function keep({ client, language, cells }: Row, opened: Opened | Error, seen: Result["seen"]): Promise<void> {
  const kept = readResult(client);
  const all = kept !== undefined && !(opened instanceof Error) && kept.version === opened.version ? { ...kept.seen, ...seen } : seen;
  const ordered = Object.fromEntries(cells.flatMap(({ title }) => (all[title] === undefined ? [] : [[title, all[title]]])));
  if (opened instanceof Error) await writeResult({ client, language, missing: opened.message.slice(-300), seen: {} });
  else await writeResult({ client, language, version: opened.version, lacks: opened.lacks, seen: ordered });
  const { path, wanted } = readmeByResults();
  writeFileSync(path, wanted);
}
