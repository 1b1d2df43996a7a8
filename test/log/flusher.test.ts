import { expect, test } from "vitest";
import { Flusher } from "../../src/log/flusher.ts";

/** A log and a disk whose syncs end when the test says so. */
function subject() {
  const syncs: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const log = { endOffset: 0, flushedOffset: 0, failures: 0 };
  const flusher = new Flusher({
    logEndOffset: () => log.endOffset,
    sync: () => new Promise((resolve, reject) => syncs.push({ resolve, reject })),
    flushed: (untilOffset) => {
      log.flushedOffset = untilOffset;
    },
    failed: () => log.failures++,
  });
  return { syncs, log, flusher };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("all who ask while a sync runs share the next one", async () => {
  const { syncs, log, flusher } = subject();
  log.endOffset = 1;
  const first = flusher.flush();
  const later = [2, 3, 4].map((endOffset) => {
    log.endOffset = endOffset;
    return flusher.flush();
  });
  expect(syncs).toHaveLength(1);
  syncs[0]?.resolve();
  await first;
  expect(log.flushedOffset).toBe(1);
  await settled();
  expect(syncs).toHaveLength(2);
  syncs[1]?.resolve();
  await Promise.all(later);
  expect(log.flushedOffset).toBe(4);
  await settled();
  expect(syncs).toHaveLength(2);
});

test("a sync that fails is reported to all who waited for it, and to the log", async () => {
  const { syncs, log, flusher } = subject();
  log.endOffset = 1;
  const first = flusher.flush();
  flusher.flushSoon();
  syncs[0]?.reject(new Error("no"));
  await expect(first).rejects.toThrow("no");
  await settled();
  syncs[1]?.reject(new Error("again"));
  await settled();
  expect(log).toMatchObject({ flushedOffset: 0, failures: 2 });
});
