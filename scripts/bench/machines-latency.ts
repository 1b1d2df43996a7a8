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
/** Few enough that each goes alone, and enough that they are gathered. */
const LOADS = [
  { recordsPerSecond: 10, seconds: 20 },
  { recordsPerSecond: 1000, seconds: 10 },
];
const WARM_UP_SECONDS = 3;

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
        for (const load of LOADS) await measureLoad(run, cluster, delayMs, load);
        if (!isKafka) await cluster.endAll();
      } finally {
        await services?.stop();
      }
    }
  },
};

async function measureLoad(run: Run, cluster: Machines, delayMs: number, { recordsPerSecond, seconds }: (typeof LOADS)[number]) {
  const label = `${recordsPerSecond.toLocaleString("en")} records/s, ${delayMs} ms added to the store`;
  await run.attempt(`three machines: acks=all at ${label}, p50`, async () => {
    const [machine] = await cluster.all();
    if (machine === undefined) throw new Error("the cluster has no brokers");
    const { host, port } = machine.broker;
    const topic = await cluster.createTopic(machine, 1);
    const order: LatencyOrder = {
      ...{ host, port, topic, recordBytes: RECORD_BYTES, recordsPerSecond, warmUpSeconds: WARM_UP_SECONDS },
      seconds: run.scaled(seconds),
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
