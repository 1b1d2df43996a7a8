// What came of each client: one file of JSON each in results/, written by a run of all of the matrix (MATRIX=all). What was observed of Apache
// Kafka is what Odradek is held to in shorter runs. The table in the README is made of these files.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ClientProgram } from "../client-programs.ts";
import type { Observation } from "../compare.ts";
import { runOrThrow } from "../processes.ts";
import type { Opened } from "./rows.ts";

const FOLDER = join(import.meta.dirname, "results");
const README = join(import.meta.dirname, "../README.md");
const BIOME = join(import.meta.dirname, "../../../node_modules/@biomejs/biome/bin/biome");
const [BEGIN, END] = ["<!-- the matrix: begin -->\n", "<!-- the matrix: end -->"];

export interface Result {
  readonly client: string;
  readonly language: ClientProgram["language"];
  /** Why it could not be had. */
  readonly missing?: string;
  readonly version?: string;
  readonly lacks?: Opened["lacks"];
  /** By scenario: what Apache Kafka showed, and whether Odradek showed the same; or why there was no point in it. */
  readonly seen: Readonly<Record<string, { readonly kafka: Observation; readonly isSame: boolean } | { readonly cannot: string }>>;
}

export function readResult(client: string): Result | undefined {
  const path = pathOf(client);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Result) : undefined;
}

/** As `npm run check` wants it, so that what is seen again changes nothing. */
export async function writeResult(result: Result): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(pathOf(result.client), JSON.stringify(result, null, 1));
  await runOrThrow(process.execPath, [BIOME, "format", "--write", pathOf(result.client)]);
}

function pathOf(client: string): string {
  return join(FOLDER, `${client.replace("@", "").replaceAll("/", "-")}.json`);
}

/** @returns the README as it is, and as it is to be by the results */
export function readmeByResults(): { readonly path: string; readonly text: string; readonly wanted: string } {
  const text = readFileSync(README, "utf8");
  const [before, rest = ""] = text.split(BEGIN);
  return { path: README, text, wanted: `${before}${BEGIN}${table(allResults())}${END}${rest.split(END)[1] ?? ""}` };
}

function allResults(): Result[] {
  const files = (existsSync(FOLDER) ? readdirSync(FOLDER) : []).filter((file) => file.endsWith(".json"));
  const results = files.map((file) => JSON.parse(readFileSync(join(FOLDER, file), "utf8")) as Result);
  return results.toSorted((a, b) => compareTexts(a.language, b.language) || compareTexts(a.client, b.client));
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function table(results: readonly Result[]): string {
  if (results.length === 0) return "";
  const titles = [...new Set(results.flatMap(({ seen }) => Object.keys(seen)))];
  const isShared = (title: string): boolean => results.filter(({ seen }) => title in seen).length > 1;
  const columns = titles.filter(isShared);
  const rows = results.filter(({ seen }) => columns.some((title) => title in seen));
  const cell = (result: Result, title: string): string => {
    const seen = result.seen[title];
    if (seen === undefined) return "";
    if ("cannot" in seen) return "–";
    return seen.isSame ? "✓" : "differs";
  };
  const lines = [
    `| client | ${columns.join(" | ")} |`,
    `|---|${"---|".repeat(columns.length)}`,
    ...rows.map((result) => `| ${nameOf(result)} | ${columns.map((title) => cell(result, title)).join(" | ")} |`),
    "",
    ...results.filter((result) => !rows.includes(result)).map(ownScenarios),
    ...results.flatMap(lackings),
    "",
  ];
  return lines.join("\n");
}

function nameOf({ client, language, version = "" }: Result): string {
  return `${language}: ${client} ${version}`;
}

function ownScenarios(result: Result): string {
  if (result.missing !== undefined) return `- ${nameOf(result)} cannot be had: ${result.missing}`;
  const seen = Object.entries(result.seen).map(([title, outcome]) =>
    "isSame" in outcome && !outcome.isSame ? `${title} (differs)` : title,
  );
  return `- ${nameOf(result)}: ${seen.join("; ")}`;
}

/** What of the scenarios a client cannot do. */
function lackings(result: Result): string[] {
  const lacks = Object.entries(result.lacks ?? {}).map(([what, why]) => `${what} (${why})`);
  return lacks.length === 0 ? [] : [`- ${nameOf(result)} does not have: ${lacks.join(", ")}`];
}
