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

  test("tells those who wait when it is no longer short, and only then", () => {
    const { memory } = memoryOf(4 * MIB);
    const peer = new Peer(memory);
    let told = 0;
    const watcher = { moved: () => told++ };
    memory.watch(watcher);
    peer.hold(2 * MIB);
    peer.hold(4 * MIB);
    peer.hold(3.5 * MIB);
    expect(told).toBe(0);
    peer.hold(1 * MIB);
    expect(told).toBe(1);
    memory.unwatch(watcher);
    peer.hold(4 * MIB);
    peer.hold(0);
    expect(told).toBe(1);
  });

  test("while it is short, ends those peers that take nothing for two seconds", async () => {
    const { clock, memory } = memoryOf(8 * MIB);
    const [first, second, slow] = [new Peer(memory), new Peer(memory), new Peer(memory)];
    first.hold(3 * MIB);
    await clock.advance(1000);
    second.hold(3 * MIB);
    slow.hold(2 * MIB);
    for (let ms = 0; ms < 2500; ms += 250) {
      await clock.advance(250);
      slow.hold(slow.untakenBytes - 1);
      if (ms < 500) expect(first.endedBecause).toBeUndefined();
    }
    expect(first.endedBecause).toBe(`took nothing of ${3 * MIB} bytes of answers for 2000 ms, while the memory for answers was short`);
    expect(second.endedBecause).toBeUndefined();
    expect(slow.endedBecause).toBeUndefined();
  });

  test("leaves peers alone that take nothing as long as there is room", async () => {
    const { clock, memory } = memoryOf(8 * MIB);
    const peer = new Peer(memory);
    peer.hold(5 * MIB);
    await clock.advance(60_000);
    expect(peer.endedBecause).toBeUndefined();
  });
});
