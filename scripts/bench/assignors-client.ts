// Times one of our assignors in a process of its own, so that the first call is the process's first: a line of JSON as Kafka's are asked for
// (test/assignors/java).
//
//   node scripts/bench/assignors-client.ts '{"assignor":"uniform", …}'

import { assignors } from "../../src/coordinator/group/assignors/index.ts";
import { inputOf } from "../../test/assignors/group.ts";
import type { Times } from "../../test/assignors/kafka.ts";
import { groupOf, type TimedOrder } from "./assignor-groups.ts";

const order = JSON.parse(process.argv[2] ?? "{}") as TimedOrder;
const input = inputOf(groupOf(order));
const assignor = assignors.get(order.assignor);
if (assignor === undefined) throw new Error(`no assignor ${order.assignor}`);

const firstMs = millisecondsOfCall(assignor);
const beganMs = performance.now();
while (performance.now() - beganMs < order.forMs / 2) millisecondsOfCall(assignor);
const calls: number[] = [];
while (performance.now() - beganMs < order.forMs || calls.length < order.calls) calls.push(millisecondsOfCall(assignor));
const times: Times = { firstMs, calls };
console.log(JSON.stringify(times));
process.exit(0);

function millisecondsOfCall({ assign }: typeof assignor & object): number {
  const began = performance.now();
  const work = assign(input);
  let step = work.next();
  while (step.done !== true) step = work.next();
  const tookMs = performance.now() - began;
  if (step.value.size === 0) throw new Error("nobody got anything");
  return tookMs;
}
