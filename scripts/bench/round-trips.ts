// Small requests one after another: every connection sends one record and waits for the answer. What a request costs, without its bytes.

import { replay, settle, targetOf } from "./replay-order.ts";
import { BROKERS, type Scenario } from "./scenario.ts";

const RECORD_BYTES = 100;
const CONNECTIONS = [1, 4, 16, 100];
const PARTITIONS = 4;
const REQUESTS = 300_000;
const MOST_SECONDS = 2.5;

export const roundTrips: Scenario = {
  name: "round-trips",
  about: "one record of 100 B at a time with acks=all, over 1, 4, 16 and 100 connections",
  contenders: [...BROKERS, "kfake", "sink"],
  async measure(run) {
    const contender = await run.launch();
    const topic = await contender.createTopic("round-trips", { partitions: PARTITIONS });
    const trips = (connections: number) =>
      replay({
        mode: "produce",
        ...targetOf(contender),
        topic,
        partitions: PARTITIONS,
        connections,
        window: 1,
        requests: run.scaled(REQUESTS, connections * 4),
        mostSeconds: MOST_SECONDS,
        recordBytes: RECORD_BYTES,
        recordsPerBatch: 1,
        acks: -1,
      });
    await trips(16);
    for (const connections of CONNECTIONS) {
      const label = `${connections} ${connections === 1 ? "connection" : "connections"}`;
      await run.attempt(`one-record round trips, ${label}`, async () => {
        await settle();
        const { requests, seconds, brokerCpuSeconds, p50Us, p99Us } = await trips(connections);
        run.add(`one-record round trips, ${label}`, "1/s", requests / seconds);
        run.add(`one-record round trip, p50, ${label}`, "µs", p50Us);
        run.add(`one-record round trip, p99, ${label}`, "µs", p99Us);
        const million = brokerCpuSeconds === undefined ? undefined : (brokerCpuSeconds / requests) * 1e6;
        run.add(`broker CPU for a million round trips, ${label}`, "s", million);
      });
    }
  },
};
