// The table for people, in Markdown.

import { CONTENDERS, type ContenderName } from "./contender-name.ts";
import type { Row, Spread } from "./figures.ts";

const TITLES: { readonly [Name in ContenderName]: string } = {
  odradek: "Odradek",
  kafka: "Apache Kafka",
  against: "the other",
  kfake: "kfake",
  sink: "raw Node",
  "sink+crc": "raw Node, checksums",
};

/** Columns for the contenders that appear; medians, with the lowest and the highest where there was more than one round. */
export function table(rows: readonly Row[]): string {
  const names = CONTENDERS.filter((name) => rows.some(({ values, failures }) => values[name] ?? failures?.[name]));
  const titles = ["what", "unit", ...names.map((name) => TITLES[name])];
  const hasRatio = names.includes("odradek") && names.includes("kafka");
  if (hasRatio) titles.push("Odradek / Kafka");
  const lines = rows.map((row) => {
    const cells = [row.what, row.unit, ...names.map((name) => cell(row, name))];
    if (hasRatio) cells.push(times(row.ratio));
    return line(cells);
  });
  return [line(titles), line(titles.map(() => "---")), ...lines].join("\n");
}

export function times(ratio: number | undefined): string {
  return ratio === undefined ? "" : `${ratio.toPrecision(2)} ×`;
}

function cell({ values, failures }: Row, name: ContenderName): string {
  const failure = failures?.[name];
  const spread = values[name];
  const text = spread === undefined ? "" : spreadText(spread);
  return failure === undefined ? text : `${text} failed: ${failure.replaceAll("|", "/")}`.trim();
}

export function spreadText({ lowest, median, highest }: Spread): string {
  return lowest === highest ? short(median) : `${short(median)} (${short(lowest)}–${short(highest)})`;
}

/** Three digits, and what is larger in full, in groups of three. */
export function short(value: number): string {
  if (Math.abs(value) < 100) return String(Number(value.toPrecision(3)));
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
