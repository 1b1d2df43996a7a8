// Figures of a bench run: collected per contender and round, summarized as medians and ratios.

/** The sink is no broker: raw Node doing the least that a produce needs. */
export type ContenderName = "odradek" | "kafka" | "sink";

export interface Figure {
  readonly contender: ContenderName;
  readonly what: string;
  readonly unit: string;
  readonly value: number;
}

export interface Row {
  readonly what: string;
  readonly unit: string;
  readonly odradek: Spread | undefined;
  readonly kafka: Spread | undefined;
  readonly sink: Spread | undefined;
  /** Odradek / Kafka, of the medians. */
  readonly ratio: number | undefined;
}

interface Spread {
  readonly lowest: number;
  readonly median: number;
  readonly highest: number;
}

export function summarize(figures: readonly Figure[]): Row[] {
  const whats = [...new Set(figures.map(({ what }) => what))];
  return whats.map((what) => {
    const of = (contender: ContenderName) => spread(figures.filter((figure) => figure.what === what && figure.contender === contender));
    const odradek = of("odradek");
    const kafka = of("kafka");
    const sink = of("sink");
    const unit = figures.find((figure) => figure.what === what)?.unit ?? "";
    return {
      what,
      unit,
      odradek,
      kafka,
      sink,
      ratio: odradek === undefined || kafka === undefined ? undefined : odradek.median / kafka.median,
    };
  });
}

export function printTable(rows: readonly Row[]): void {
  console.log("| what | unit | Odradek | Apache Kafka | ratio | raw Node |\n|---|---|---|---|---|---|");
  for (const { what, unit, odradek, kafka, sink, ratio } of rows) {
    const times = ratio === undefined ? "" : `${ratio.toPrecision(2)} ×`;
    console.log(`| ${what} | ${unit} | ${text(odradek)} | ${text(kafka)} | ${times} | ${text(sink)} |`);
  }
}

function spread(figures: readonly Figure[]): Spread | undefined {
  const values = figures.map(({ value }) => value).sort((a, b) => a - b);
  const lowest = values[0];
  const median = values[Math.floor(values.length / 2)];
  const highest = values.at(-1);
  if (lowest === undefined || median === undefined || highest === undefined) return undefined;
  return { lowest, median, highest };
}

function text(values: Spread | undefined): string {
  if (values === undefined) return "–";
  const short = (value: number) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
  return `${short(values.median)} (${short(values.lowest)}–${short(values.highest)})`;
}
