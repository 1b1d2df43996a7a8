import { describe, expect, test } from "vitest";
import { type AnswerHolder, AnswerMemory } from "../../src/api/answer-memory.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";

const MIB = 1024 * 1024;

class Peer implements AnswerHolder {
  untakenBytes = 0;
  endedBecause: string | undefined;
  readonly #memory: AnswerMemory;

  constructor(memory: AnswerMemory) {
    this.#memory = memory;
  }

  hold(bytes: number): void {
    this.untakenBytes = bytes;
    this.recount();
  }

  recount(): void {
    this.#memory.hold(this, this.untakenBytes);
  }

  destroy(error: Error): void {
    this.endedBecause = error.message;
    this.hold(0);
  }
}

function memoryOf(limitBytes: number) {
  const clock = new VirtualClock();
  return { clock, memory: new AnswerMemory({ clock, limitBytes: () => limitBytes }) };
}

describe("the memory of answers", () => {
  test("gives an answer a sixteenth of what is free, at least a megabyte, and little when less is left", () => {
    const { memory } = memoryOf(64 * MIB);
    const peer = new Peer(memory);
    const shares = [0, 32, 48, 63, 64, 80].map((held) => {
      peer.hold(held * MIB);
      return memory.shareBytes / MIB;
    });
    expect(shares).toEqual([4, 2, 1, 1, 1 / 16, 1 / 16]);
    expect(memory.heldBytes).toBe(80 * MIB);
    peer.hold(0);
    expect(memory.heldBytes).toBe(0);
  });

  test("wakes those who stand in line in their order, as many as there is room for, and keeps the places of the others", () => {
    const { memory } = memoryOf(8 * MIB);
    const holder = new Peer(memory);
    const woken: string[] = [];
    const [first, second, third] = ["first", "second", "third"].map((name) => {
      const peer = new Peer(memory);
      const watcher = { moved: () => woken.push(name) };
      return { peer, stand: () => memory.placeOf(peer).watch(watcher), giveUp: () => memory.placeOf(peer).unwatch(watcher) };
    });
    if (first === undefined || second === undefined || third === undefined) throw new Error("three stand in line");
    holder.hold(8 * MIB);
    first.stand();
    second.stand();
    third.stand();
    holder.hold(7.5 * MIB);
    expect(woken).toEqual([]);
    // Its request ended without an answer, and the next one comes later than the others.
    first.giveUp();
    first.stand();
    holder.hold(6 * MIB);
    expect(woken.splice(0)).toEqual(["first", "second"]);
    first.peer.hold(1 * MIB);
    second.peer.hold(1 * MIB);
    holder.hold(5 * MIB);
    expect(woken.splice(0)).toEqual(["third"]);
    memory.leave(third.peer);
    first.stand();
    holder.hold(4 * MIB);
    expect(woken).toEqual(["first"]);
  });

  test("while it is short, ends those that took nothing for longest, as many as those in line need", async () => {
    const { clock, memory } = memoryOf(8 * MIB);
    const [first, second, third, slow] = [new Peer(memory), new Peer(memory), new Peer(memory), new Peer(memory)];
    first.hold(2 * MIB);
    await clock.advance(100);
    second.hold(2 * MIB);
    await clock.advance(100);
    third.hold(2 * MIB);
    slow.hold(2 * MIB);
    for (const waiting of [1, 2]) memory.placeOf({ waiting }).watch({ moved: () => undefined });
    for (let ms = 0; ms < 3000; ms += 50) {
      await clock.advance(50);
      slow.hold(slow.untakenBytes - 1);
      if (ms < 300) expect(first.endedBecause).toBeUndefined();
    }
    const reason = `took nothing of ${2 * MIB} bytes of answers for 500 ms, while the memory for answers was short`;
    expect([first, second, third, slow].map(({ endedBecause }) => endedBecause)).toEqual([reason, reason, undefined, undefined]);
  });

  test("leaves peers alone that take nothing as long as there is room", async () => {
    const { clock, memory } = memoryOf(8 * MIB);
    const peer = new Peer(memory);
    peer.hold(5 * MIB);
    await clock.advance(60_000);
    expect(peer.endedBecause).toBeUndefined();
  });
});
