// A load of pre-encoded frames over raw sockets, in a process of its own: what it costs to make records is paid before the clock starts.
//
//   node scripts/bench/replay-client.ts '{"mode":"produce","port":9092,…}'      see replay-order.ts
//
// Prints the result as one line of JSON.

import { readPartition } from "./replay-fetch.ts";
import type { ReplayOrder } from "./replay-order.ts";
import { ProducingConnection } from "./replay-produce.ts";
import { Tally } from "./tally.ts";

const order = JSON.parse(process.argv[2] ?? "{}") as ReplayOrder;
const indexes = Array.from({ length: order.connections }, (_, index) => index);
const tally = new Tally(order.pid);
if (order.mode === "fetch") {
  await Promise.all(indexes.map((index) => readPartition(order, index % order.partitions, tally)));
} else {
  const connections = await Promise.all(indexes.map((index) => ProducingConnection.open(order, index, tally)));
  tally.begin();
  await Promise.all(connections.map((connection) => connection.run()));
}
console.log(JSON.stringify(tally.end()));
process.exit(0);
