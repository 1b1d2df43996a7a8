// A worker thread that ends although nobody told it to, or cannot start.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { systemClock } from "../../src/base/system-clock.ts";
import type { Change } from "../../src/cluster/image.ts";
import { openJournalMetadataStore } from "../../src/log/journal-metadata-store.ts";
import type { WorkerOrder } from "../../src/workers/messages.ts";
import { PublishedMetadataStore } from "../../src/workers/published-metadata-store.ts";
import { WorkerThread } from "../../src/workers/worker-thread.ts";

const order: WorkerOrder = {
  sources: {},
  host: "localhost",
  port: 0,
  directory: "/data",
  share: { memory: new SharedArrayBuffer(64), clusterId: "cluster", complete: new Map() },
  version: 0,
  logLevel: "info",
  threadCount: 2,
};

describe("a worker thread", () => {
  let folder: string;
  let store: PublishedMetadataStore;
  let thread: WorkerThread;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "odradek-thread-"));
    const filesystem = new MemoryFilesystem();
    filesystem.makeDirectory("/data");
    const journal = openJournalMetadataStore<Change>({ filesystem, path: "/data/metadata.journal", compact: (changes) => changes });
    store = new PublishedMetadataStore(journal, async () => undefined);
  });
  afterEach(async () => {
    await thread.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs `onMessage` for each message that comes. */
  function startThread(onMessage: string): void {
    const script = join(folder, "worker.cjs");
    writeFileSync(
      script,
      `const { parentPort: port } = require("node:worker_threads"); port.on("message", (message) => { ${onMessage} });`,
    );
    thread = new WorkerThread({ script, brokerId: 2, store, clock: systemClock, logger: silentLogger });
    store.follow(thread);
  }

  test("that throws has failed with what it threw, and holds nobody up", async () => {
    startThread(`if (message.type === "unit") throw new Error("out of luck");`);
    expect(await store.commit([{ type: "producerIds", next: 1 }], 0)).toBe(true);
    expect(await thread.failure).toMatchObject({ message: "out of luck" });
    expect(await store.commit([{ type: "producerIds", next: 2 }], 1)).toBe(true);
    expect(await thread.stop()).toBeUndefined();
  });

  test("that ends of itself has failed as well", async () => {
    startThread(`if (message.type === "start") process.exit(7);`);
    await expect(thread.start(order)).rejects.toThrow("The thread of broker 2 ended with exit code 7");
    expect(await thread.failure).toBeInstanceOf(Error);
  });

  test("that is told to stop says how it left its logs, and has not failed", async () => {
    startThread(`port.postMessage(message.type === "start"
      ? { type: "started", bootstrapServers: "localhost:1" }
      : { type: "stopped", closed: { isSound: true, complete: ["orders-0"] } });`);
    expect(await thread.start(order)).toBe("localhost:1");
    expect(await thread.stop()).toEqual({ isSound: true, complete: ["orders-0"] });
    expect(await Promise.race([thread.failure, "none"])).toBe("none");
  });

  test("that cannot start says why, with the codes that an error has", async () => {
    startThread(`port.postMessage({ type: "failed", error: { kind: "other", message: "taken", facts: { code: "EADDRINUSE", port: 9093 } } });
      if (message.type === "stop") port.postMessage({ type: "stopped", closed: { isSound: true, complete: new Map() } });`);
    await expect(thread.start(order)).rejects.toMatchObject({ message: "taken", code: "EADDRINUSE", port: 9093 });
  });
});
