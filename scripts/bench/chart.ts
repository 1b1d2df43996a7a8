// The chart of the README: for each row that has a target, how many times better or worse Odradek is than Apache Kafka, on a logarithmic
// scale around 1, with a mark where the target is.

import { isBetterHigh } from "./figures.ts";
import type { Aim } from "./targets.ts";

const WIDTH = 900;
const LABEL_WIDTH = 400;
const VALUE_WIDTH = 70;
const ROW_HEIGHT = 22;
const TOP = 46;
const BOTTOM = 14;
const BETTER = "#2f7d5b";
const WORSE = "#c2603a";

/** An SVG. Rows whose target is against something else than Kafka are left out. */
export function chart(aims: readonly Aim[], title: string): string {
  const bars = aims.filter(({ to }) => to === "kafka").map(barOf);
  const most = Math.max(2, ...bars.flatMap(({ times, target }) => [times, target]));
  const least = Math.min(0.5, ...bars.flatMap(({ times, target }) => [times, target]));
  const x = (times: number) => {
    const share = Math.log(times / least) / Math.log(most / least);
    return LABEL_WIDTH + share * (WIDTH - LABEL_WIDTH - VALUE_WIDTH);
  };
  const height = TOP + bars.length * ROW_HEIGHT + BOTTOM;
  const grid = ticks(least, most).map((tick) => gridLine(x(tick), tick, height));
  const body = bars.map((bar, index) => barText(bar, TOP + index * ROW_HEIGHT, x));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12">
<title>${escapeXml(title)}</title>
<rect width="${WIDTH}" height="${height}" rx="6" fill="#fff"/>
<text x="12" y="18" font-weight="600" fill="#222">${escapeXml(title)}</text>
${[...grid, ...body].join("\n")}
</svg>
`;
}

interface Bar {
  readonly label: string;
  /** Above 1 is better, whatever the unit. */
  readonly times: number;
  readonly target: number;
}

function barOf({ row, reached, ratio }: Aim): Bar {
  const better = (value: number) => (isBetterHigh(row.unit) ? value : 1 / value);
  return { label: row.what, times: better(reached), target: better(ratio) };
}

function ticks(least: number, most: number): number[] {
  return [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100].filter((tick) => tick >= least && tick <= most);
}

function gridLine(x: number, tick: number, height: number): string {
  const stroke = tick === 1 ? "#888" : "#e4e4e4";
  return `<line x1="${round(x)}" x2="${round(x)}" y1="${TOP - 6}" y2="${height - BOTTOM + 4}" stroke="${stroke}"/>
<text x="${round(x)}" y="${TOP - 10}" text-anchor="middle" font-size="10" fill="#777">${tick} ×</text>`;
}

function barText({ label, times, target }: Bar, top: number, x: (times: number) => number): string {
  const from = Math.min(x(1), x(times));
  const to = Math.max(x(1), x(times));
  const mark = x(target);
  const textAt = Math.max(to, mark) + 6;
  return `<text x="${LABEL_WIDTH - 10}" y="${top + 14}" text-anchor="end" fill="#333">${escapeXml(label)}</text>
<rect x="${round(from)}" y="${top + 4}" width="${round(to - from)}" height="${ROW_HEIGHT - 9}" fill="${times >= 1 ? BETTER : WORSE}"/>
<line x1="${round(mark)}" x2="${round(mark)}" y1="${top + 1}" y2="${top + ROW_HEIGHT - 2}" stroke="#222" stroke-width="2"/>
<text x="${round(textAt)}" y="${top + 14}" fill="#333">${times.toPrecision(2)} ×</text>`;
}

function round(value: number): string {
  return value.toFixed(1);
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
