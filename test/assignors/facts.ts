// What Kafka's assignors made of each case of the table, as it is kept in test/facts/assignments.json: by chain, a line for each change.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CHAINS, type Chain } from "./chains.ts";
import { type Group, type Parts, readBack, withParts, writtenDown } from "./group.ts";
import type { KafkaAssignors } from "./kafka.ts";

export const FACTS_PATH = join(import.meta.dirname, "../facts/assignments.json");

export const ASSIGNORS = ["uniform", "range"] as const;
type AssignorName = (typeof ASSIGNORS)[number];

/** By assignor and name of the chain: who has what after each change. */
export type Facts = Readonly<Record<AssignorName, Readonly<Record<string, readonly string[]>>>>;

export interface Case {
  readonly name: string;
  /** What is to be assigned anew. */
  readonly group: Group;
  /** What Kafka gave to each. */
  readonly parts: Parts;
}

export function readFacts(): Facts {
  return JSON.parse(readFileSync(FACTS_PATH, "utf8")) as Facts;
}

export function writeFacts(facts: Facts, path: string): void {
  const lines = Object.entries(facts).map(([assignor, chains]) => {
    const ofChains = Object.entries(chains).map(([name, cases]) => `  ${JSON.stringify(name)}: ${JSON.stringify(cases)}`);
    return ` ${JSON.stringify(assignor)}: {\n${ofChains.join(",\n")}\n }`;
  });
  writeFileSync(path, `{\n${lines.join(",\n")}\n}\n`);
}

export async function askKafka(kafka: KafkaAssignors, chains: readonly Chain[] = CHAINS): Promise<Facts> {
  const facts: Record<AssignorName, Record<string, string[]>> = { uniform: {}, range: {} };
  for (const assignor of ASSIGNORS) {
    for (const { name, start, changes } of chains) {
      const cases: string[] = [];
      let group = start();
      for (const change of changes) {
        const changed = change.apply(group);
        const parts = await kafka.assign(assignor, changed);
        cases.push(writtenDown(changed, parts));
        group = withParts(changed, parts);
      }
      facts[assignor][name] = cases;
    }
  }
  return facts;
}

/** The cases of a chain as they were recorded: each with what Kafka had assigned before. */
export function casesOf(assignor: AssignorName, chain: Chain, facts: Facts): Case[] {
  const recorded = facts[assignor][chain.name] ?? [];
  let group = chain.start();
  return chain.changes.map((change, index) => {
    const changed = change.apply(group);
    const parts = readBack(changed, recorded[index] ?? "");
    group = withParts(changed, parts);
    return { name: `${chain.name}, ${index}: ${change.name}`, group: changed, parts };
  });
}
