// Produce and fetch over TLS, from replayed frames, with the same certificate for every broker. The load generator has as much to encrypt as
// the broker and shares the cores with it: the broker's CPU says more than the rates.

import { perGb } from "./produce.ts";
import { type ReplayResult, replay, settle, targetOf } from "./replay-order.ts";
import { BROKERS, type Run, type Scenario } from "./scenario.ts";
import { securedBy } from "./secured.ts";

const MB = 1e6;
const RECORD_BYTES = 1024;
const CONNECTIONS = 4;
const BATCHES = [
  { size: "16 KB", recordsPerBatch: 16, window: 16 },
  { size: "256 KB", recordsPerBatch: 256, window: 4 },
] as const;
const BYTES = 400 * MB;
const WARM_UP_BYTES = 100 * MB;
const MOST_SECONDS = 5;

export const tls: Scenario = {
  name: "tls",
  about: "replayed Produce and Fetch over TLS",
  contenders: BROKERS.filter((name) => name !== "against"),
  async measure(run) {
    const broker = await run.launch(securedBy("SSL"));
    const target = targetOf(broker, broker.listener("SSL"));
    const produce = async ({ recordsPerBatch, window }: (typeof BATCHES)[number], bytes: number) => {
      const topic = await broker.createTopic("tls", { partitions: CONNECTIONS });
      const log = { ...target, topic, partitions: CONNECTIONS, connections: CONNECTIONS };
      const requests = run.scaled(bytes / (RECORD_BYTES * recordsPerBatch), CONNECTIONS * 8);
      const shape = { acks: -1, recordBytes: RECORD_BYTES, recordsPerBatch, window, requests, mostSeconds: MOST_SECONDS } as const;
      await settle();
      return { log, produced: await replay({ mode: "produce", ...log, ...shape }) };
    };
    await produce(BATCHES[0], WARM_UP_BYTES);
    for (const batches of BATCHES) {
      const label = `over TLS, batches of ${batches.size}`;
      await run.attempt(`produce ${label}`, async () => {
        const { log, produced } = await produce(batches, BYTES);
        add(run, `produce ${label}`, `a GB produced ${label}`, produced);
        await settle();
        add(run, `fetch from the start ${label}`, `a GB fetched ${label}`, await replay({ mode: "fetch", ...log, startOffset: 0 }));
      });
    }
  },
};

function add(run: Run, what: string, cost: string, result: ReplayResult): void {
  run.add(what, "MB/s", result.bytes / MB / result.seconds);
  run.add(`broker CPU for ${cost}`, "s", perGb(result));
}
