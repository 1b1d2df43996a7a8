// Requests that wait for room to append: in line, for as long as they may, and without keeping more than is right.

import { expect, test } from "vitest";
import { AppendRoom } from "../../src/api/append-room.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";

const MIB = 1024 * 1024;

function bench() {
  const clock = new VirtualClock();
  let full: PromiseWithResolvers<void> | undefined = Promise.withResolvers();
  const room = new AppendRoom({ clock, room: () => full?.promise });
  const fill = () => {
    full = Promise.withResolvers();
  };
  const empty = () => {
    full?.resolve();
    full = undefined;
  };
  const appended: string[] = [];
  const wait = (name: string, { timeoutMs = 1000, sizeBytes = 100 } = {}) =>
    room.append({ timeoutMs, sizeBytes, keep: () => name }, (kept) => {
      appended.push(kept);
      return `appended ${kept}`;
    });
  return { clock, room, fill, empty, appended, wait };
}

test("an engine that keeps nothing has room", () => {
  expect(new AppendRoom({ clock: new VirtualClock(), room: undefined }).isThere).toBe(true);
});

test("who waits is served in order, and those behind the last that there is room for wait on", async () => {
  const { room, fill, empty, appended, wait } = bench();
  expect(room.isThere).toBe(false);
  const first = wait("a");
  const second = room.append({ timeoutMs: 1000, sizeBytes: 1, keep: () => "b" }, (kept) => {
    appended.push(kept);
    fill();
    return kept;
  });
  const third = wait("c");
  empty();
  expect(await first).toBe("appended a");
  expect(await second).toBe("b");
  expect(appended).toEqual(["a", "b"]);
  empty();
  expect(await third).toBe("appended c");
  expect(room.isThere).toBe(true);
});

test("who waits for too long appends nothing, also when there is room later", async () => {
  const { clock, empty, appended, wait } = bench();
  const hasty = wait("hasty", { timeoutMs: 500 });
  const patient = wait("patient", { timeoutMs: 5000 });
  const none = wait("none", { timeoutMs: -1 });
  await clock.advance(0);
  expect(await none).toBeUndefined();
  await clock.advance(500);
  expect(await hasty).toBeUndefined();
  empty();
  expect(await patient).toBe("appended patient");
  expect(appended).toEqual(["patient"]);
});

test("no more than so much is kept: what is beyond it waits as the others do, and is to be sent again", async () => {
  const { clock, empty, appended, wait } = bench();
  const kept = [wait("a", { sizeBytes: 20 * MIB }), wait("b", { sizeBytes: 12 * MIB })];
  const beyond = wait("c", { sizeBytes: 1, timeoutMs: 5000 });
  await clock.advance(1000);
  expect(await Promise.all(kept)).toEqual([undefined, undefined]);
  const later = wait("d", { sizeBytes: 40 * MIB });
  empty();
  expect(await beyond).toBeUndefined();
  expect(await later).toBe("appended d");
  expect(appended).toEqual(["d"]);
});

test("what goes wrong in appending is told, and keeps nothing", async () => {
  const { room, fill, empty, wait } = bench();
  const failing = room.append({ timeoutMs: 1000, sizeBytes: 32 * MIB, keep: () => "" }, () => {
    throw new Error("refused");
  });
  empty();
  await expect(failing).rejects.toThrow("refused");
  fill();
  const next = wait("next", { sizeBytes: 32 * MIB });
  empty();
  expect(await next).toBe("appended next");
});
