// What the runs at the limits share: a broker of their own, a neighbour who asks one small thing after the other meanwhile, and the figures.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { apiVersions } from "../../../protocol/messages/index.ts";
import { RawClient } from "../../support/raw-client.ts";
import { BrokerProcess, type LogLine } from "../broker-process.ts";

const MIB = 1024 * 1024;
const PAUSE_MS = 2;
const MOST_SHOWN = 500;

export interface LimitFigures {
  readonly seconds: number;
  /** The longest that the neighbour waited for its answer. */
  readonly neighbourMs: number;
  /** The longest turn of the broker's event loop, and that by the processor's time of its thread. */
  readonly turnMs: number;
  readonly busyMs: number;
  /** Once garbage is collected. */
  readonly heapMib: number;
  readonly rssMib: number;
  readonly descriptors: number;
}

export interface LimitRun {
  readonly data: string;
  broker: BrokerProcess;
  /** Does the work, and gives what it cost. */
  measured(name: string, work: () => Promise<unknown>): Promise<LimitFigures>;
  /** Another process on the same data. */
  restart(how: "stop" | "kill"): Promise<LimitFigures>;
}

export interface LimitOptions {
  readonly root: string;
  readonly args?: readonly string[];
  readonly settings?: Readonly<Record<string, string>>;
  /** Modules that its process loads first. */
  readonly imports?: readonly string[];
  readonly complain: (complaint: string) => void;
  /** Told of each figure as it is there. */
  readonly print: (line: string) => void;
}

export async function withBroker<T>(
  { root, args, settings, imports, complain, print }: LimitOptions,
  use: (run: LimitRun) => Promise<T>,
): Promise<T> {
  const data = mkdtempSync(join(tmpdir(), "odradek-limits-"));
  const order = {
    root,
    data,
    // At a limit much is worth a warning.
    logged: (line: LogLine) => (line.level === "warn" ? print : complain)(JSON.stringify(line).slice(0, MOST_SHOWN)),
    ...(args === undefined ? {} : { args }),
    ...(settings === undefined ? {} : { settings }),
    ...(imports === undefined ? {} : { imports }),
  };
  const run: LimitRun = {
    data,
    broker: await BrokerProcess.start({ ...order, port: 0 }),
    measured: async (name, work) => {
      const figures = await measured(run.broker, work);
      print(`${name.padEnd(28)} ${shown(figures)}`);
      return figures;
    },
    restart: async (how) => {
      await run.broker[how]();
      run.broker = await BrokerProcess.start({ ...order, port: run.broker.port });
      const figures = { ...(await measured(run.broker, async () => undefined)), seconds: run.broker.startMs / 1000 };
      print(`${`ready after ${how}`.padEnd(28)} ${shown(figures)}`);
      return figures;
    },
  };
  try {
    return await use(run);
  } finally {
    await run.broker.kill();
    rmSync(data, { recursive: true, force: true });
  }
}

function shown(figures: LimitFigures): string {
  return Object.entries(figures)
    .map(([name, value]: [string, number]) => `${name} ${Math.round(value * 10) / 10}`)
    .join("  ");
}

async function measured(broker: BrokerProcess, work: () => Promise<unknown>): Promise<LimitFigures> {
  const neighbour = await RawClient.connect(broker.port);
  await broker.measure();
  const began = performance.now();
  let isDone = false;
  let neighbourMs = 0;
  const asking = (async () => {
    while (!isDone) {
      const asked = performance.now();
      await neighbour.call(apiVersions, 0, {});
      neighbourMs = Math.max(neighbourMs, performance.now() - asked);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  })();
  try {
    await work();
  } finally {
    isDone = true;
    await asking;
    neighbour.close();
  }
  const seconds = (performance.now() - began) / 1000;
  const { delayMs, busyMs, heapBytes, rssBytes, descriptors } = await broker.measure();
  return { seconds, neighbourMs, turnMs: delayMs, busyMs, heapMib: heapBytes / MIB, rssMib: rssBytes / MIB, descriptors };
}
