// What Apache Kafka answered in each cell of the matrix, as it is kept in test/facts/access-rules.json: every different answer once, and for
// each cell which of them it was.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cell } from "./matrix.ts";
import type { Fact } from "./normalise.ts";

export const FACTS_PATH = join(import.meta.dirname, "../facts/access-rules.json");

/** By probe, version and situation: which of the answers its requests got. */
type Cells = Record<string, Record<string, Record<string, number[]>>>;

interface Stored {
  readonly answers: readonly Fact[];
  readonly cells: Cells;
}

export function readFacts(): readonly Cell[] {
  const { answers, cells } = JSON.parse(readFileSync(FACTS_PATH, "utf8")) as Stored;
  return Object.entries(cells).flatMap(([probe, versions]) =>
    Object.entries(versions).flatMap(([version, situations]) =>
      Object.entries(situations).map(([situation, indexes]) => ({
        probe,
        version: Number(version),
        situation,
        answers: indexes.map((index) => answers[index] ?? null),
      })),
    ),
  );
}

/** One answer a line, and one version of a probe a line. */
export function writeFacts(facts: readonly Cell[], path = FACTS_PATH): void {
  const indexes = new Map<string, number>();
  const indexOf = (answer: Fact): number => {
    const text = JSON.stringify(answer);
    const known = indexes.get(text) ?? indexes.size;
    indexes.set(text, known);
    return known;
  };
  const cells: Cells = {};
  for (const { probe, version, situation, answers } of facts) {
    const versions = cells[probe] ?? {};
    const situations = versions[version] ?? {};
    cells[probe] = { ...versions, [version]: { ...situations, [situation]: answers.map(indexOf) } };
  }
  const lines = Object.entries(cells).map(([probe, versions]) => {
    const ofVersions = Object.entries(versions).map(
      ([version, situations]) => `  ${JSON.stringify(version)}: ${JSON.stringify(situations)}`,
    );
    return `${JSON.stringify(probe)}: {\n${ofVersions.join(",\n")}\n }`;
  });
  writeFileSync(path, `{"answers": [\n ${[...indexes.keys()].join(",\n ")}\n],\n"cells": {\n ${lines.join(",\n ")}\n}}\n`);
}

/** As a title of a test, and a key. */
export function nameOf({ probe, version, situation }: Cell): string {
  return `${probe} v${version}: ${situation}`;
}
