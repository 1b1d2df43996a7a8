import { expect, test } from "vitest";
import { ReadTurns } from "../../src/api/read-turns.ts";
import { systemClock } from "../../src/base/system-clock.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";

const MIB = 1024 * 1024;

test("after eight megabytes the next reads wait for the next turn, in their order", async () => {
  const turns = new ReadTurns(systemClock);
  const order: string[] = [];
  const read = async (name: string, bytes: number) => {
    for (let turn = turns.wait(); turn !== undefined; turn = turns.wait()) await turn;
    order.push(name);
    turns.took(bytes);
  };
  const reads = [read("a", 5 * MIB), read("b", 3 * MIB), read("c", 9 * MIB), read("d", 1)];
  expect(order).toEqual(["a", "b"]);
  setImmediate(() => order.push("others"));
  await Promise.all(reads);
  expect(order).toEqual(["a", "b", "c", "others", "d"]);
});

test("nothing waits where time does not pass by itself", () => {
  const turns = new ReadTurns(new VirtualClock());
  turns.took(100 * MIB);
  expect(turns.wait()).toBeUndefined();
});
