// The keys of an issuer: when they are read, and what happens while they cannot be.

import { expect, test } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { IssuerKeys, LONGEST_WAIT_MS } from "../../src/security/issuer-keys.ts";
import type { KeySet } from "../../src/security/signed-tokens.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";
import { ecKey, keySetText, signed } from "../support/tokens.ts";

const REFRESH_MS = 60_000;
const PAUSE_MS = 1000;
const [first, second] = [ecKey(), ecKey()];

/** `undefined`: none comes before the read is given up. */
type Answer = string | Error | undefined;

function bench(...answers: Answer[]) {
  const clock = new VirtualClock();
  const lines: RecordedLine[] = [];
  const reads: AbortSignal[] = [];
  const read = async (signal: AbortSignal): Promise<string> => {
    reads.push(signal);
    const never = Promise.withResolvers<string>();
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Error) throw answer;
    signal.addEventListener("abort", () => never.reject(signal.reason));
    return answer ?? never.promise;
  };
  const options = { refreshMs: REFRESH_MS, pauseMs: PAUSE_MS, retryBackoffMs: 100, retryBackoffMaxMs: 10_000 };
  const keys = new IssuerKeys({ location: "https://issuer/keys", read, clock, logger: recordingLogger(lines), ...options });
  /** What comes of a wait, and after how long. */
  const after = async <Result>(waited: Promise<Result>): Promise<{ result: Result; ms: number }> => {
    const startMs = clock.now();
    let outcome: { result: Result } | undefined;
    void waited.then((result) => {
      outcome = { result };
    });
    for (let turn = 0; outcome === undefined; turn++) await clock.advance(turn < 20 ? 0 : 100);
    return { result: outcome.result, ms: clock.now() - startMs };
  };
  return { clock, lines, reads, keys, after };
}

const FIRST = keySetText([first, { kid: "first" }]);
const BOTH = keySetText([first, { kid: "first" }], [second, { kid: "second" }]);
const takes = async (keys: KeySet | undefined, key: "first" | "second") =>
  (await keys?.claimsOf(signed({}, key === "first" ? first : second, { kid: key })))?.kind === "signed";

test("keys are read when they are first needed, once for all that wait, and again when they are old", async () => {
  const { clock, reads, keys, after } = bench(FIRST, BOTH);
  expect(reads).toHaveLength(0);
  const [one, other] = (await after(Promise.all([keys.current(), keys.current()]))).result;
  expect([reads.length, one === other, await takes(one, "first"), await takes(one, "second")]).toEqual([1, true, true, false]);
  await clock.advance(REFRESH_MS - 1);
  expect((await after(keys.current())).result).toBe(one);
  expect(reads).toHaveLength(1);
  await clock.advance(1);
  expect(await takes((await after(keys.current())).result, "second")).toBe(true);
  expect(reads).toHaveLength(2);
});

test("keys that are read anew and are the same stay the same, with what was made of them", async () => {
  const { clock, reads, keys, after } = bench(FIRST);
  const { result } = await after(keys.current());
  await clock.advance(REFRESH_MS);
  expect((await after(keys.current())).result).toBe(result);
  expect(reads).toHaveLength(2);
});

test("a key that is not among them has them read anew, but not again and again", async () => {
  const { reads, keys, after } = bench(FIRST, BOTH);
  const { result } = await after(keys.current());
  if (result === undefined) throw new Error("no keys");
  const many = await after(Promise.all([keys.otherThan(result), keys.otherThan(result), keys.otherThan(result)]));
  expect([reads.length, many.ms]).toEqual([2, PAUSE_MS]);
  expect(await takes(many.result[0], "second")).toBe(true);
  // Who had the older ones does not have to wait for newer ones.
  expect((await after(keys.otherThan(result))).ms).toBe(0);
  const [newer] = many.result;
  if (newer === undefined) throw new Error("no newer keys");
  expect(await after(keys.otherThan(newer))).toEqual({ result: undefined, ms: PAUSE_MS });
  expect(reads).toHaveLength(3);
});

test("an issuer that does not answer is waited for as long as is said, is given up, and is one line in the log", async () => {
  const { clock, lines, reads, keys, after } = bench(undefined, undefined, FIRST);
  expect(await after(keys.current())).toEqual({ result: undefined, ms: LONGEST_WAIT_MS });
  await after(keys.current());
  // The second read began after a pause.
  await clock.advance(100);
  expect(reads.map(({ aborted }) => aborted)).toEqual([true, true]);
  expect(lines).toMatchObject([
    {
      level: "warn",
      message: "could not read an issuer's keys",
      facts: {
        location: "https://issuer/keys",
        reason: "no answer came within 5 s",
        consequence: "nobody can log in by OAUTHBEARER",
      },
    },
  ]);
  const { result, ms } = await after(keys.current());
  expect([await takes(result, "first"), ms <= 200]).toEqual([true, true]);
  expect(lines.map(({ level, message }) => [level, message]).slice(1)).toEqual([["info", "the issuer's keys can be read again"]]);
});

test("keys that could not be read anew are used on, and nobody waits for an issuer that could not be reached before", async () => {
  const { clock, lines, reads, keys, after } = bench(FIRST, undefined, new Error("it was answered with status 503"), "[]", BOTH);
  const { result } = await after(keys.current());
  await clock.advance(REFRESH_MS);
  expect(await after(keys.current())).toEqual({ result, ms: LONGEST_WAIT_MS });
  for (let login = 0; login < 3; login++) expect(await after(keys.current())).toEqual({ result, ms: 0 });
  expect(lines).toMatchObject([{ facts: { consequence: "the keys from before are used on" } }]);
  // Pauses of 100, 200 and 400 ms lie between the attempts, of which each login makes one.
  for (const pauseMs of [100, 200, 400]) {
    await clock.advance(pauseMs);
    await after(keys.current());
  }
  await expect.poll(async () => takes((await after(keys.current())).result, "second")).toBe(true);
  expect([reads.length, lines.length]).toEqual([5, 2]);
});

test("pauses between attempts double up to a bound", async () => {
  const { clock, reads, keys, after } = bench(new Error("no"));
  const readsMs: number[] = [];
  const endMs = clock.now() + 60_000;
  while (clock.now() < endMs) {
    const known = reads.length;
    await after(keys.current());
    if (reads.length > known) readsMs.push(clock.now());
  }
  const pauses = readsMs.slice(1).map((ms, index) => ms - (readsMs[index] ?? 0));
  expect(Math.max(...pauses)).toBeLessThanOrEqual(10_000 + LONGEST_WAIT_MS);
  expect(reads.length).toBeLessThan(15);
});

test("what is being read when the listener closes is given up without a word", async () => {
  const { clock, lines, reads, keys } = bench(undefined);
  void keys.current();
  await clock.advance(0);
  keys.close();
  await clock.advance(LONGEST_WAIT_MS);
  expect([reads[0]?.aborted, lines]).toEqual([true, []]);
});
