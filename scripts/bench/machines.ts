// Three machines as one cluster: what they take and give, what it costs them and the services that they stand on, and one beside three. All
// run on this machine, with the services and the load generators, so that rates are of its cores rather than of brokers; CPU and requests
// to the store are theirs. The load generators are three whoever is measured, each with a topic of its own, led by one broker.

import type { ContenderName } from "./contender-name.ts";
import { type Machine, Machines } from "./machines-cluster.ts";
import { canStartServices, MachineServices } from "./machines-services.ts";
import { pause } from "./pause.ts";
import { type FetchOrder, type ReplayResult, replay, settle } from "./replay-order.ts";
import type { Run, Scenario } from "./scenario.ts";

export const CLUSTERS: readonly ContenderName[] = canStartServices() ? ["odradek", "kafka"] : [];

const MB = 1e6;
const GENERATORS = 3;
const PARTITIONS = 4;
const RECORD_BYTES = 1024;
/** In flight on a connection: a megabyte; and as many requests as a client has under way. */
const BATCHES = [
  { size: "16 KB", recordsPerBatch: 16, window: 64 },
  { size: "1 MB", recordsPerBatch: 1000, window: 5 },
] as const;
type Batches = (typeof BATCHES)[number];

/** Of each load generator: when both sizes were produced, a broker has no place in its memory left for what came first. */
const BYTES = 250 * MB;
const WARM_UP_BYTES = 50 * MB;
const TAIL_BYTES = 0.5 * MB;
const MOST_SECONDS = 10;
/** Small objects are put together every minute by default: not while something else is measured, and when it is, then at once. */
const upkeepEvery = (ms: number) => ({ "diskless.upkeep.interval.ms": String(ms) });
const NEVER_MS = 3_600_000;
const AT_ONCE_MS = 1000;
/** What is then done has ended by this time. */
const UPKEEP_MS = 20_000;
/** From memory: services have no part in it. */
const AT_THE_TAIL = "fetched at the tail";

export const machines: Scenario = {
  name: "machines",
  about: "three machines as a cluster: produce and fetch, CPU of brokers and services, requests to the store; one machine beside three",
  contenders: CLUSTERS,
  async measure(run) {
    if (run.contender === "kafka") {
      await new Bench(run, await Machines.start(run, 3, undefined), undefined).measure();
      return;
    }
    const services = await MachineServices.start();
    try {
      for (const count of [3, 1]) {
        const places = await services.places();
        const cluster = await Machines.start(run, count, places, upkeepEvery(NEVER_MS));
        const bench = new Bench(run, cluster, services);
        const bytes = await bench.measure();
        await cluster.endAll("clean");
        if (count === 1) continue;
        const upkeeping = await Machines.start(run, count, places, upkeepEvery(AT_ONCE_MS));
        await new Bench(run, upkeeping, services).measureUpkeep(bytes);
        await upkeeping.endAll();
      }
    } finally {
      await services.stop();
    }
  },
};

/** What a generator's topic is, and who leads it. */
interface Load {
  readonly topic: string;
  readonly machine: Machine;
}

interface Accounts {
  readonly brokers: number | undefined;
  readonly database: number | undefined;
  readonly store: number | undefined;
  readonly requests: number | undefined;
}

/** One cluster in one round. */
class Bench {
  readonly #run: Run;
  readonly #cluster: Machines;
  readonly #services: MachineServices | undefined;
  readonly #at: string;
  #producedBytes = 0;

  constructor(run: Run, cluster: Machines, services: MachineServices | undefined) {
    this.#run = run;
    this.#cluster = cluster;
    this.#services = services;
    this.#at = cluster.brokers.length === 1 ? "one machine" : "three machines";
  }

  /** Gives what was produced, in bytes. */
  async measure(): Promise<number> {
    await this.#produce(BATCHES[0], WARM_UP_BYTES);
    const written = new Map<Batches, readonly Load[]>();
    for (const batches of BATCHES) {
      const label = `batches of ${batches.size}`;
      await this.#part("produce", "produced", label, async () => {
        const { loads, results } = await this.#produce(batches, BYTES);
        written.set(batches, loads);
        return results;
      });
      const tailBatches = Math.ceil(TAIL_BYTES / (RECORD_BYTES * batches.recordsPerBatch));
      const order = { startOffset: -tailBatches * batches.recordsPerBatch, repeatBytes: this.#run.scaled(BYTES / PARTITIONS) };
      await this.#part("fetch at the tail", AT_THE_TAIL, label, () => fetch(written.get(batches), order));
    }
    const [first] = BATCHES;
    const label = `batches of ${first.size}`;
    await this.#part("fetch from the start", "fetched from the start", label, () => fetch(written.get(first), { startOffset: 0 }));
    const peaks = this.#cluster.brokers.map((broker) => broker.memoryMb()?.peak ?? Number.NaN);
    this.#run.add(`${this.#at}: peak memory of a broker`, "MB", Math.max(...peaks));
    return this.#producedBytes;
  }

  /** What it costs afterwards to put small objects together. @param bytes that were produced */
  async measureUpkeep(bytes: number): Promise<void> {
    const before = this.#accounts();
    await pause(UPKEEP_MS);
    this.#add("afterwards, to put objects together", "", before, bytes);
  }

  async #part(what: string, done: string, label: string, load: () => Promise<readonly ReplayResult[]>): Promise<void> {
    await this.#run.attempt(`${this.#at}: ${what}, ${label}`, async () => {
      const before = this.#accounts();
      const results = await load();
      const sum = (of: (result: ReplayResult) => number) => results.reduce((total, result) => total + of(result), 0);
      const rate = sum(({ bytes }) => bytes) / MB / Math.max(...results.map(({ seconds }) => seconds));
      this.#run.add(`${this.#at}: ${what}, ${label}`, "MB/s", rate);
      this.#add(
        done,
        `, ${label}`,
        before,
        sum(({ allBytes }) => allBytes),
      );
      this.#run.add(
        `${this.#at}: the load generators themselves, ${what}, ${label}`,
        "cores",
        sum(({ clientShare }) => clientShare),
      );
    });
  }

  async #produce(batches: Batches, bytes: number) {
    const loads = await this.#loads();
    await settle();
    const { recordsPerBatch, window } = batches;
    const requests = this.#run.scaled(bytes / (RECORD_BYTES * recordsPerBatch), PARTITIONS * window);
    const shape = { recordBytes: RECORD_BYTES, recordsPerBatch, window, requests, mostSeconds: MOST_SECONDS, acks: -1 } as const;
    const results = await Promise.all(loads.map((load) => replay({ mode: "produce", ...targetOf(load), ...shape })));
    for (const { allBytes } of results) this.#producedBytes += allBytes;
    return { loads, results };
  }

  /** A topic for each load generator, over the machines in turn. */
  async #loads(): Promise<readonly Load[]> {
    const all = await this.#cluster.all();
    const loads: Load[] = [];
    for (let index = 0; index < GENERATORS; index++) {
      const machine = all[index % all.length];
      if (machine === undefined) throw new Error("the cluster has no brokers");
      loads.push({ topic: await this.#cluster.createTopic(machine, PARTITIONS), machine });
    }
    return loads;
  }

  #accounts(): Accounts {
    const { reads = Number.NaN, writes = Number.NaN } = this.#services?.requests() ?? {};
    return {
      brokers: this.#cluster.cpuSeconds(),
      database: this.#services?.databaseCpuSeconds(),
      store: this.#services?.storeCpuSeconds(),
      requests: reads + writes,
    };
  }

  #add(done: string, label: string, before: Accounts, bytes: number): void {
    const after = this.#accounts();
    const perGb = (of: keyof Accounts) => ((after[of] ?? Number.NaN) - (before[of] ?? Number.NaN)) / (bytes / 1e9);
    this.#run.add(`${this.#at}: CPU of the brokers for a GB ${done}${label}`, "s", perGb("brokers"));
    this.#run.add(`${this.#at}: requests to the object store for a GB ${done}${label}`, "requests", perGb("requests"));
    if (done === AT_THE_TAIL) return;
    this.#run.add(`${this.#at}: CPU of the database for a GB ${done}${label}`, "s", perGb("database"));
    this.#run.add(`${this.#at}: CPU of the object store for a GB ${done}${label}`, "s", perGb("store"));
  }
}

async function fetch(
  loads: readonly Load[] = [],
  order: Pick<FetchOrder, "startOffset" | "repeatBytes">,
): Promise<readonly ReplayResult[]> {
  if (loads.length === 0) throw new Error("nothing was produced");
  return Promise.all(loads.map((load) => replay({ mode: "fetch", ...targetOf(load), ...order })));
}

function targetOf({ topic, machine: { broker } }: Load) {
  return { host: broker.host, port: broker.port, topic, partitions: PARTITIONS, connections: PARTITIONS };
}
