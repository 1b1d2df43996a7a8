// Works that pass a gate: never more at once than it lets, in order, also when some fail.

import { expect, test } from "vitest";
import { Gate } from "../../src/base/gate.ts";

test("a gate lets so many works go on at once, and the others after them in order", async () => {
  const gate = new Gate(2);
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const works = [0, 1, 2, 3, 4].map((each) =>
    gate.pass(async () => {
      begun.push(each);
      await new Promise<void>((resolve, reject) => ends.push(each === 1 ? () => reject(new Error("failed")) : resolve));
      return each;
    }),
  );
  const outcomes = Promise.allSettled(works);
  for (let count = 2; count <= 5; count++) {
    await expect.poll(() => begun).toEqual([0, 1, 2, 3, 4].slice(0, count));
    ends.shift()?.();
  }
  ends.shift()?.();
  expect((await outcomes).map((outcome) => (outcome.status === "fulfilled" ? outcome.value : "failed"))).toEqual([0, "failed", 2, 3, 4]);
});
