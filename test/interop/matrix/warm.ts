// Before the clients come: a broker makes its internal topics when they are needed first, and until they are there some clients give up.

import { ClientProcess } from "../client-process.ts";
import { waitFor } from "../processes.ts";

export async function warm(bootstrap: string): Promise<void> {
  const client = await ClientProcess.start("kafkajs", bootstrap);
  const topic = "warm";
  const records = [{ partition: 0, key: "key", value: "value", timestampMs: Date.now() }];
  let attempts = 0;
  const works = async (): Promise<boolean> => {
    // Somewhere in each of the internal partitions; others each time, since kafkajs does not get over a transaction that failed to begin.
    attempts++;
    const ids = Array.from({ length: 16 }, (_, index) => `warm-${attempts}-${index}`);
    try {
      await Promise.all(
        ids.map(async (id) => {
          await client.call("committed", { topic, group: id, partitions: [0] });
          await client.call("transact", { id, topic, records, end: "commit" });
        }),
      );
      return true;
    } catch {
      return false;
    }
  };
  try {
    await client.attempt("createTopic", { topic, partitions: 1 });
    await waitFor("the coordinators", works, (answer) => answer);
  } finally {
    await client.stop();
  }
}
