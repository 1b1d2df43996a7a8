// How long a record waits for its acknowledgement when all replicas must have it, or the object store and the database: with the store at hand, and
// farther away. Apache Kafka has no store: its figures stand beside all distances, each measured anew.

import { ClientProcess } from "./client-process.ts";
import type { LatencyOrder, LatencyResult } from "./latency-client.ts";
import { CLUSTERS } from "./machines.ts";
import { Machines } from "./machines-cluster.ts";
import { MachineServices } from "./machines-services.ts";
import type { Run, Scenario } from "./scenario.ts";

/** Added to each request to the store. */
const DELAYS_MS = [0, 20, 100];
const RECORD_BYTES = 100;
interface Load {
  readonly label: string;
  readonly recordsPerSecond: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** Few enough that each record goes alone, and enough that some go together. */
const LOADS: readonly Load[] = [
  { label: "10 records/s", recordsPerSecond: 10, warmUpSeconds: 3, seconds: 20 },
  { label: "1,000 records/s", recordsPerSecond: 1000, warmUpSeconds: 3, seconds: 10 },
];
/** Small objects that a broker may make at once are used up by then, and records are gathered as they are in the long run. */
const LONG_RUN: Load = { label: "1,000 records/s in the long run", recordsPerSecond: 1000, warmUpSeconds: 40, seconds: 10 };

export const machinesLatency: Scenario = {
  name: "machines-latency",
  about: "acks=all on three machines, with 0, 20 and 100 ms added to the object store, at 10 and 1,000 records/s",
  contenders: CLUSTERS,
  async measure(run) {
    const isKafka = run.contender === "kafka";
    const kafka = isKafka ? await Machines.start(run, 3, undefined) : undefined;
    for (const delayMs of DELAYS_MS) {
      const services = isKafka ? undefined : await MachineServices.start(delayMs);
      try {
        const cluster = kafka ?? (await Machines.start(run, 3, await services?.places()));
        const loads = delayMs === 0 ? [...LOADS, LONG_RUN] : LOADS;
        for (const load of loads) await measureLoad(run, cluster, delayMs, load);
        if (!isKafka) await cluster.endAll();
      } finally {
        await services?.stop();
      }
    }
  },
};

async function measureLoad(run: Run, cluster: Machines, delayMs: number, load: Load): Promise<void> {
  const { recordsPerSecond, warmUpSeconds } = load;
  const label = `${load.label}, ${delayMs} ms added to the store`;
  await run.attempt(`three machines: acks=all at ${label}, p50`, async () => {
    const [machine] = await cluster.all();
    if (machine === undefined) throw new Error("the cluster has no brokers");
    const { host, port } = machine.broker;
    const topic = await cluster.createTopic(machine, 1);
    const order: LatencyOrder = {
      ...{ host, port, topic, recordBytes: RECORD_BYTES, recordsPerSecond, warmUpSeconds },
      seconds: run.scaled(load.seconds),
    };
    const client = new ClientProcess<unknown>("latency-client.ts", order);
    try {
      await client.next();
      const { acknowledgedP50Us, acknowledgedP99Us } = (await client.next()) as LatencyResult;
      run.add(`three machines: acks=all at ${label}, p50`, "ms", acknowledgedP50Us / 1000);
      run.add(`three machines: acks=all at ${label}, p99`, "ms", acknowledgedP99Us / 1000);
    } finally {
      await client.end();
    }
  });
}
