// Prometheus' text format, version 0.0.4: of each name what it is, then its series. Written by hand: it is these lines and one rule of escaping,
// and the libraries for it keep values of their own, where ours are read from the broker when somebody asks.

export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export type Labels = Readonly<Record<string, string | number>>;
export type Add = (value: number, labels?: Labels) => void;

export class Exposition {
  readonly #lines: string[] = [];

  /** Gives what adds a series. A name comes once. */
  family(type: "counter" | "gauge", name: string, help: string): Add {
    this.#head(name, type, help);
    return (value, labels) => this.#sample(name, value, labels);
  }

  /** @param bounds upper ends, ascending; `below` how many values each had below it */
  histogram(name: string, help: string) {
    this.#head(name, "histogram", help);
    return ({ bounds, below, count, sum }: HistogramFigures, labels: Labels = {}) => {
      for (const [index, bound] of bounds.entries()) this.#sample(`${name}_bucket`, below[index] ?? 0, { ...labels, le: bound });
      this.#sample(`${name}_bucket`, count, { ...labels, le: "+Inf" });
      if (sum !== undefined) this.#sample(`${name}_sum`, sum, labels);
      this.#sample(`${name}_count`, count, labels);
    };
  }

  text(): string {
    return `${this.#lines.join("\n")}\n`;
  }

  #head(name: string, type: string, help: string): void {
    this.#lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
  }

  #sample(name: string, value: number, labels: Labels = {}): void {
    const shown = Object.entries(labels).map(([label, text]) => `${label}="${escaped(String(text))}"`);
    this.#lines.push(`${name}${shown.length === 0 ? "" : `{${shown.join(",")}}`} ${printed(value)}`);
  }
}

export interface HistogramFigures {
  readonly bounds: readonly number[];
  readonly below: readonly number[];
  readonly count: number;
  readonly sum?: number;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function printed(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);
}
