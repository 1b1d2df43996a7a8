// A real Prometheus: Debian's, or another one by PROMETHEUS.

import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isThere, type Packaged, placeOf } from "./debian-package.ts";
import { stopChild, waitForOutput } from "./processes.ts";

const PROMETHEUS: Packaged = {
  name: "prometheus",
  serves: "scrapes the metrics",
  paths: ["/usr/bin/prometheus", "/usr/local/bin/prometheus"],
};

export function hasPrometheus(): boolean {
  return isThere(PROMETHEUS);
}

export interface Series {
  /** `__name__` among them. */
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One that scrapes jobs once a second, until it is stopped. */
export class Prometheus {
  readonly #port: number;
  readonly #child: ChildProcess;

  private constructor(port: number, child: ChildProcess) {
    this.#port = port;
    this.#child = child;
  }

  /** @param jobs host:port by name */
  static async start(port: number, folder: string, jobs: Readonly<Record<string, string>>): Promise<Prometheus> {
    const program = placeOf(PROMETHEUS);
    if (program === undefined) throw new Error("there is no Prometheus");
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const scrapes = Object.entries(jobs).map(([name, target]) => ({ job_name: name, static_configs: [{ targets: [target] }] }));
    const file = join(folder, "prometheus.yml");
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ global: { scrape_interval: "1s", scrape_timeout: "1s" }, scrape_configs: scrapes }));
    const places = [`--storage.tsdb.path=${join(folder, "data")}`, `--web.listen-address=127.0.0.1:${port}`];
    const child = spawn(program, [`--config.file=${file}`, ...places], { stdio: ["ignore", "pipe", "pipe"] });
    await waitForOutput(child, /Server is ready to receive web requests/, 30_000);
    return new Prometheus(port, child);
  }

  /** What its own API answers. Throws when it refuses the query. */
  async query(promql: string): Promise<readonly Series[]> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/api/v1/query?query=${encodeURIComponent(promql)}`);
    const answer = (await response.json()) as Answer;
    if (answer.status !== "success") throw new Error(`${promql}: ${answer.error}`);
    return answer.data.result.map(({ metric, value: [, text] }) => ({ metric, value: Number(text) }));
  }

  stop(): Promise<void> {
    return stopChild(this.#child);
  }
}

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data: {
    readonly result: readonly { readonly metric: Readonly<Record<string, string>>; readonly value: readonly [number, string] }[];
  };
}
