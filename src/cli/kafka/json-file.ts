// The JSON files that some of Kafka's tools take.

import { readFileSync } from "node:fs";
import { CommandError } from "../command-error.ts";

export function readJsonFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    throw new CommandError(`Unable to read file ${path}`);
  }
}

/** Raises `complaint` for what is no JSON object. */
export function parseJsonObject(text: string, complaint: string): { readonly [name: string]: unknown } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new CommandError(complaint);
  }
  if (typeof parsed !== "object" || parsed === null) throw new CommandError(complaint);
  return Object.fromEntries(Object.entries(parsed));
}

export function isWholeNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value);
}
