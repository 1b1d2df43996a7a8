import { expect, test } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { StoreHealth } from "../../src/diskless/store-health.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";

function health() {
  const clock = new VirtualClock();
  const lines: RecordedLine[] = [];
  let waitingBytes = 0;
  const append = (bytes: number) => {
    waitingBytes += bytes;
  };
  const made = new StoreHealth("postgres://db:5432/odradek", clock, recordingLogger(lines), () => ({ waitingBytes }));
  return { clock, lines, append, health: made };
}

test("a store that does not answer is said once, with since when, and once that it does again", async () => {
  const { clock, lines, health: store } = health();
  const since = clock.now();
  store.failed("leases", new Error("no"));
  await clock.advance(1_000);
  store.failed("commits", new Error("no"));
  store.worked("leases");
  expect(store.awaySince).toBe(since);
  await clock.advance(1_000);
  store.worked("commits");
  expect(store.awaySince).toBeUndefined();
  expect(lines.map(({ level, message }) => `${level}: ${message}`)).toEqual([
    "warn: a store does not answer",
    "info: a store answers again",
  ]);
  expect(lines[0]?.facts).toMatchObject({ store: "postgres://db:5432/odradek", since: new Date(since).toISOString(), purpose: "leases" });
  expect(lines[1]?.facts).toEqual({ store: "postgres://db:5432/odradek", awayMs: 2_000 });
});

test("as long as it does not answer it is said each minute how much waits by then", async () => {
  const { clock, lines, append, health: store } = health();
  const since = new Date(clock.now()).toISOString();
  for (let second = 0; second <= 125; second++) {
    append(1000);
    store.failed("commits", new Error("no"), { waiting: 1 });
    await clock.advance(1_000);
  }
  const fact = { store: "postgres://db:5432/odradek", since, purpose: "commits", waiting: 1 };
  expect(lines).toMatchObject([
    { message: "a store does not answer", facts: { ...fact, waitingBytes: 1_000 } },
    { message: "a store still does not answer", facts: { ...fact, waitingBytes: 61_000 } },
    { message: "a store still does not answer", facts: { ...fact, waitingBytes: 121_000 } },
  ]);
  store.worked("commits");
  store.failed("commits", new Error("no"));
  expect(lines.at(-1)?.message).toBe("a store does not answer");
});

test("what failed and is not tried again does not keep a store away", async () => {
  const { clock, health: store } = health();
  store.failed("commits", new Error("no"));
  await clock.advance(9_999);
  store.worked("leases");
  expect(store.awaySince).toBeDefined();
  await clock.advance(1);
  store.worked("leases");
  expect(store.awaySince).toBeUndefined();
});

test("what all notice is said once", () => {
  const { lines, health: store } = health();
  for (let times = 0; times < 3; times++) store.say("it is slow");
  expect(lines.map(({ message }) => message)).toEqual(["it is slow"]);
});
