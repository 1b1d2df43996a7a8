import { expect, test } from "vitest";
import type { Clock } from "../../src/base/clock.ts";
import { Turns } from "../../src/server/turns.ts";

/** Time passes when it is told to; what comes soon comes in the next turn. */
class Loop implements Clock {
  nowMs = 0;
  #soon: (() => void)[] = [];

  now(): number {
    return this.nowMs;
  }

  after(): never {
    throw new Error("nothing waits for a timer here");
  }

  soon(action: () => void) {
    this.#soon.push(action);
    return { cancel: () => undefined };
  }

  turn(): void {
    const soon = this.#soon;
    this.#soon = [];
    for (const action of soon) action();
  }
}

test("those that have requests left go on in turn, a slice each, and no turn lasts longer than a few slices", () => {
  const loop = new Loop();
  const turns = new Turns(loop);
  let ran = "";
  const busy = (name: string) => () => {
    ran += name;
    loop.nowMs = turns.sliceEndMs();
    turns.takeLater(busy(name));
  };
  for (const name of "abcdef") turns.takeLater(busy(name));
  const seen: string[] = [];
  for (let turn = 0; turn < 4; turn++) {
    ran = "";
    loop.turn();
    seen.push(ran);
  }
  expect(seen).toEqual(["abcd", "efab", "cdef", "abcd"]);
});

test("once others have used up what there is in a turn, one that begins takes up one request", () => {
  const loop = new Loop();
  const turns = new Turns(loop);
  expect(turns.sliceEndMs()).toBe(2);
  for (let count = 0; count < 4; count++) turns.takeLater(() => undefined);
  expect(turns.sliceEndMs()).toBe(0);
  loop.turn();
  expect(turns.sliceEndMs()).toBe(2);
});
