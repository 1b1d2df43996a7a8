// Times one of our assignors in a process of its own, so that the first call is the process's first: a line of JSON as Kafka's are asked for
// (test/assignors/java).
//
//   node scripts/bench/assignors-client.ts '{"assignor":"uniform", …}'

import type { Assignor } from "../../src/coordinator/group/assignors/assignor.ts";
import { assignors } from "../../src/coordinator/group/assignors/index.ts";
import { inputOf } from "../../test/assignors/group.ts";
import type { Times } from "../../test/assignors/kafka.ts";
import { groupOf, type TimedOrder } from "./assignor-groups.ts";

const order = JSON.parse(process.argv[2] ?? "{}") as TimedOrder;
const input = inputOf(groupOf(order));
const assignor = assignors.get(order.assignor);
if (assignor === undefined) throw new Error(`no assignor ${order.assignor}`);

const beganMs = performance.now();
call(assignor);
const firstMs = performance.now() - beganMs;
callFor(order.forMs / 2, assignor);
const before = process.threadCpuUsage();
const calls = callFor(order.forMs / 2, assignor);
const used = process.threadCpuUsage(before);
const times: Times = { firstMs, laterMs: (used.user + used.system) / 1000 / calls };
console.log(JSON.stringify(times));
process.exit(0);

function callFor(ms: number, called: Assignor): number {
  let calls = 0;
  for (const began = performance.now(); calls === 0 || performance.now() - began < ms; calls++) call(called);
  return calls;
}

function call({ assign }: Assignor): void {
  const work = assign(input);
  let step = work.next();
  while (step.done !== true) step = work.next();
  if (step.value.size === 0) throw new Error("nobody got anything");
}
