// Starts, one after the other: a broker in this process, a record produced and consumed, and the broker stopped; every so often as a process of its
// own. Data is in memory and in a folder by turns. None may fail, and nothing may be left of any: memory once garbage is collected, handles,
// descriptors.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { collectGarbage } from "../../src/base/collect-garbage.ts";
import { Brokers } from "../../src/client/brokers.ts";
import { PartitionReader } from "../../src/client/partition-reader.ts";
import { PRODUCER_DEFAULTS, Producer } from "../../src/client/producer.ts";
import { startBroker } from "../../src/index.ts";
import { BrokerProcess } from "./broker-process.ts";
import { riseOf, type Sample } from "./flatness.ts";

export interface StartsOptions {
  readonly root: string;
  readonly count: number;
  /** Each so-many-th is a process; 0: none. */
  readonly processEvery: number;
  readonly sampleEvery: number;
  readonly print: (line: string) => void;
}

const MIB = 1024 * 1024;
const READ_MS = 10_000;
/** Of samples, until all is loaded and compiled. */
const WARM_UP_SHARE = 1 / 4;
/** From then on to the end: what compiled code, caches of names and the heap's own habits may add. */
const MOST_RISE = { heapMib: 4, handles: 1, descriptors: 2 };
type Figures = typeof MOST_RISE;

/** Gives complaints. Rejects when a start fails. */
export async function starts({ root, count, processEvery, sampleEvery, print }: StartsOptions): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), "odradek-starts-"));
  const samples: { readonly atMs: number; readonly figures: Figures }[] = [];
  let processes = 0;
  const began = performance.now();
  try {
    for (let number = 1; number <= count; number++) {
      const data = number % 2 === 0 ? "memory" : join(folder, `data-${number}`);
      try {
        if (processEvery > 0 && number % processEvery === 0) {
          processes++;
          await startProcess(root, join(folder, `process-${number}`));
        } else await startHere(data);
      } catch (error) {
        throw new Error(`start ${number} failed`, { cause: error });
      }
      rmSync(data, { recursive: true, force: true });
      if (number % sampleEvery !== 0) continue;
      samples.push({ atMs: performance.now(), figures: await figures() });
      print(`${number} starts, ${processes} of them processes: ${JSON.stringify(samples.at(-1)?.figures)}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  print(`${count} starts in ${Math.round((performance.now() - began) / 1000)} s, ${processes} of them processes; none failed`);
  return faultsOf(samples);
}

async function startHere(data: string): Promise<void> {
  const broker = await startBroker({ data, topics: ["t"] });
  try {
    await roundTrip(broker.bootstrapServers);
  } finally {
    await broker.stop();
  }
}

async function startProcess(root: string, data: string): Promise<void> {
  const broker = await BrokerProcess.start({ root, data, port: 0, args: ["--topic", "t"] });
  await roundTrip(broker.bootstrap);
  await broker.stop();
  rmSync(data, { recursive: true, force: true });
}

async function roundTrip(bootstrap: string): Promise<void> {
  const brokers = new Brokers(bootstrap);
  try {
    let failure: unknown;
    const failed = (_: unknown, error: unknown): void => {
      failure = error;
    };
    const producer = new Producer(brokers, "t", { ...PRODUCER_DEFAULTS, lingerMs: 0, failed });
    await producer.add({ key: null, value: Buffer.from("hello") });
    await producer.flush();
    if (failure !== undefined) throw failure;
    const reader = new PartitionReader(brokers, {
      isCommittedOnly: false,
      partitionBytes: MIB,
      reset: () => Promise.reject(new Error("the log does not begin at 0")),
    });
    reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
    const deadline = performance.now() + READ_MS;
    for (;;) {
      const [read] = await reader.poll(1000);
      if (`${read?.records[0]?.value}` === "hello") return;
      if (performance.now() > deadline) throw new Error(`the record was not read within ${READ_MS} ms`);
    }
  } finally {
    await brokers.close();
  }
}

/** Sockets that were closed a moment ago are given a turn to be gone. */
async function figures(): Promise<Figures> {
  await new Promise((resolve) => setTimeout(resolve, 50));
  collectGarbage();
  return {
    heapMib: Math.round((process.memoryUsage().heapUsed / MIB) * 100) / 100,
    handles: process.getActiveResourcesInfo().length,
    descriptors: descriptorCount(),
  };
}

function descriptorCount(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}

function faultsOf(samples: readonly { readonly atMs: number; readonly figures: Figures }[]): string[] {
  const warm = samples.slice(Math.floor(samples.length * WARM_UP_SHARE));
  return (Object.keys(MOST_RISE) as (keyof Figures)[]).flatMap((name) => {
    const rise = riseOf(warm.map(({ atMs, figures: { [name]: value } }): Sample => ({ atMs, value })));
    return rise <= MOST_RISE[name] ? [] : [`${name} rose by ${rise.toFixed(1)} over ${warm.length} samples, and may by ${MOST_RISE[name]}`];
  });
}
