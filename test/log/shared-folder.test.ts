// Several engines on one data folder, as the worker threads of a process have them: here all in one thread, over the same filesystem.

import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FolderShare } from "../../src/log/folder-share.ts";
import type { SegmentedEngine } from "../../src/log/segmented-engine.ts";
import { append, batchOf, folders, readAll, spec, type TestFolder } from "./support.ts";

const SMALL_SEGMENTS = { "internal.segment.bytes": "200" };

describe.each(folders)("engines that share a data folder on the $name filesystem", ({ make }) => {
  let folder: TestFolder;
  let first: SegmentedEngine;
  let second: SegmentedEngine;
  beforeEach(() => {
    folder = make();
    first = folder.open();
    second = folder.open({ share: first.share() });
    second.started();
  });
  afterEach(() => folder.remove());

  const text = (name: string) => folder.filesystem.readFile(`${folder.directory}/${name}`).toString();
  const isMarkedClean = () => folder.filesystem.list(folder.directory).includes(".kafka_cleanshutdown");
  const closeBoth = async () => {
    await second.close();
    first.shareClosed(second.closedShare);
    await first.close();
  };

  test("write what each knows into the same checkpoints", async () => {
    const one = first.open(spec(SMALL_SEGMENTS));
    const other = second.open(spec(SMALL_SEGMENTS, 1));
    for (let count = 0; count < 6; count++) for (const log of [one, other]) append(log, batchOf(["x".repeat(50)]));
    one.deleteRecordsBefore(2);
    other.deleteRecordsBefore(4);
    expect(text("log-start-offset-checkpoint")).toBe("0\n2\norders 0 2\norders 1 4\n");
    await second.checkpoint();
    await first.checkpoint();
    expect(text("recovery-point-offset-checkpoint")).toBe("0\n2\norders 0 6\norders 1 6\n");
    first.delete(one.topicPartition);
    await first.handOver();
    await second.checkpoint();
    expect(text("recovery-point-offset-checkpoint")).toBe("0\n1\norders 1 6\n");
    expect(text("log-start-offset-checkpoint")).toBe("0\n1\norders 1 4\n");
  });

  test("hand a log over, which is not read through when the other opens it", async () => {
    const log = first.open(spec());
    for (let count = 0; count < 200; count++) append(log, batchOf([`${count} ${"x".repeat(100)}`]));
    log.deleteRecordsBefore(3);
    await log.flush();
    log.close();
    await first.handOver();
    // Whoever reads it through would end the log here.
    const file = folder.filesystem.open(`${folder.directory}/orders-0/00000000000000000000.log`, "write");
    file.write([Buffer.from("damaged")], 300);
    file.close();
    const taken = second.open(spec());
    expect(taken).toMatchObject({ logStartOffset: 3, logEndOffset: 200 });
    expect(append(taken, batchOf(["more"])).baseOffset).toBe(200);
    expect((await readAll(taken, 150)).length).toBe(51);
    await closeBoth();
  });

  test("mark a clean stop together, after which nothing is read through", async () => {
    for (let count = 0; count < 3; count++) append(first.open(spec({}, count)), batchOf(["a"]));
    append(second.open(spec({}, 3)), batchOf(["b"]));
    await second.close();
    expect(isMarkedClean()).toBe(false);
    first.shareClosed(second.closedShare);
    await first.close();
    expect(isMarkedClean()).toBe(true);
    const again = folder.open();
    const share = again.share();
    expect([...share.complete.keys()]).toEqual(["orders-0", "orders-1", "orders-2", "orders-3"]);
    expect(await readAll(folder.open({ share }).open(spec({}, 3)))).toEqual([{ offset: 0, value: "b" }]);
  });

  test("mark a clean stop when a log went from one to the other and back", async () => {
    const third = folder.open({ share: first.share() });
    third.started();
    for (const engine of [second, third, second]) {
      const log = engine.open(spec());
      append(log, batchOf(["a"]));
      await engine.checkpoint();
      log.close();
      await engine.handOver();
    }
    for (const engine of [second, third]) {
      await engine.close();
      first.shareClosed(engine.closedShare);
    }
    await first.close();
    expect(isMarkedClean()).toBe(true);
  });

  test("mark no clean stop when one of them ended otherwise", async () => {
    append(second.open(spec()), batchOf(["a"]));
    first.shareClosed(undefined);
    await first.close();
    expect(isMarkedClean()).toBe(false);
    expect(await readAll(folder.open().open(spec()))).toEqual([{ offset: 0, value: "a" }]);
  });
});

test("one thread at a time is in what is exclusive", async () => {
  const share = new FolderShare();
  const counter = new SharedArrayBuffer(4);
  const rounds = 300;
  const path = new URL("../../src/log/folder-share.ts", import.meta.url).href;
  // Reads, lets time pass, writes: two at a time would lose counts.
  const code = `
    const { workerData } = require("node:worker_threads");
    import(${JSON.stringify(path)}).then(({ FolderShare }) => {
      const share = new FolderShare(workerData.memory);
      const counter = new Int32Array(workerData.counter);
      for (let round = 0; round < ${rounds}; round++) share.exclusively(() => {
        const before = counter[0];
        for (let spin = 0; spin < 2000; spin++) Math.sqrt(spin);
        counter[0] = before + 1;
      });
    });`;
  const workers = [1, 2, 3].map(() => new Worker(code, { eval: true, workerData: { memory: share.memory, counter } }));
  await Promise.all(
    workers.map(
      (worker) =>
        new Promise<void>((resolve, reject) => {
          worker.on("error", reject);
          worker.on("exit", () => resolve());
        }),
    ),
  );
  expect(new Int32Array(counter)[0]).toBe(3 * rounds);
});
