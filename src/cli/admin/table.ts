// What the administrative commands print: a table for people, or JSON where `--json` was given.

import { painter, type Terminal } from "../terminal.ts";

export type Row = { readonly [column: string]: string | number | boolean | null | readonly (string | number)[] };

/** Rows of the same columns. Numbers stand right. */
export function printRows(
  terminal: Terminal,
  rows: readonly Row[],
  { isJson, nothing }: { readonly isJson: boolean; readonly nothing: string },
): void {
  if (isJson) {
    terminal.out(`${JSON.stringify(rows)}\n`);
    return;
  }
  const [first] = rows;
  if (first === undefined) {
    terminal.error(`${nothing}\n`);
    return;
  }
  const columns = Object.keys(first).map((name) => ({
    name,
    texts: rows.map((row) => textOf(row[name] ?? null)),
    isNumber: rows.every((row) => typeof row[name] === "number"),
  }));
  const widths = columns.map(({ name, texts }) => Math.max(name.length, ...texts.map((text) => text.length)));
  const paint = painter(terminal);
  const line = (texts: readonly string[]) =>
    texts
      .map((text, index) => (columns[index]?.isNumber ? text.padStart(widths[index] ?? 0) : text.padEnd(widths[index] ?? 0)))
      .join("  ")
      .trimEnd();
  terminal.out(`${paint("bold", line(columns.map(({ name }) => name)))}\n`);
  for (const index of rows.keys()) terminal.out(`${line(columns.map(({ texts }) => texts[index] ?? ""))}\n`);
}

function textOf(value: Row[string]): string {
  if (value === null) return "-";
  if (Array.isArray(value)) return value.length === 0 ? "-" : value.join(",");
  return `${value}`;
}
