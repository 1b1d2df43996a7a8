// Transactions: committed, aborted and left open, with offsets of a group, as readers of either isolation see them, and two producers of one id.

import type { RecordToSend } from "../client-process.ts";
import type { Observation } from "../compare.ts";
import { waitFor } from "../processes.ts";
import { eventually, type Scenario } from "./bench.ts";

function valued(...values: string[]): RecordToSend[] {
  return values.map((value) => ({ partition: 0, key: "key", value, timestampMs: Date.now() }));
}

export const TRANSACTIONS: Scenario = {
  title: "transactions",
  needs: ["transact", "read"],
  async run(bench) {
    const { name: topic, name: id, name: group } = bench;
    const { lacks } = bench.about;
    const first = await bench.start();
    await first.call("createTopic", { topic, partitions: 1 });
    const read = async (count: number, isolation: "read_committed" | "read_uncommitted"): Promise<Observation> => {
      if (isolation === "read_uncommitted" && lacks.read_uncommitted !== undefined) return { lacks: lacks.read_uncommitted };
      const seen = await first.call("read", { topic, partitions: [0], from: "beginning", count, waitMs: 10_000, isolation });
      return seen.map(({ offset, value }) => `${offset}: ${value}`);
    };
    const withOffset = (offset: number) =>
      lacks["offsets in transactions"] === undefined ? { offsets: { group, topic, partition: 0, offset } } : {};
    const committed = async (): Promise<Observation> =>
      lacks["offsets in transactions"] === undefined
        ? bench.attempt(first, "committed", { topic, group, partitions: [0] })
        : { lacks: "offsets in transactions" };

    await first.call("transact", { id, topic, records: valued("a", "b"), ...withOffset(1), end: "commit" });
    // The marker of the commit is behind the answer to it, too.
    const afterCommit = await eventually(committed, (answer) => answer === JSON.stringify({ answered: [1] }) || answer.includes("lacks"));
    await first.call("transact", { id, topic, records: valued("aborted"), ...withOffset(2), end: "abort" });
    const afterAbort = await committed();
    await first.call("transact", { id, topic, records: valued("open"), end: "open" });
    // The marker of the abort is behind the answer to it; what is read as uncommitted here does not wait for it.
    const open = { committed: await read(2, "read_committed"), uncommitted: await read(4, "read_uncommitted") };
    await first.call("transact", { id, topic, records: valued("closed"), end: "commit" });
    const closed = await waitFor(
      "the end of what was open",
      () => read(4, "read_committed"),
      (seen) => Array.isArray(seen) && seen.length === 4,
    );

    await first.call("transact", { id, topic, records: valued("of the first"), end: "open" });
    const second = await bench.start();
    const taken = await bench.attempt(second, "transact", { id, topic, records: valued("of the second"), end: "commit" });
    const fenced = await bench.attempt(first, "transact", { id, topic, records: valued("too late"), end: "commit" });
    const isTaken = JSON.stringify(taken) === '{"answered":null}';
    return { afterCommit, afterAbort, open, closed, ...(isTaken ? {} : { taken }), fenced, last: await read(5, "read_committed") };
  },
};
