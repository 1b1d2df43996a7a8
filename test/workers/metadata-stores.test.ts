// The metadata as the main thread and its workers have it: the same promises as of one store, and two steps where leaderships move.

import { beforeEach, describe, expect, test } from "vitest";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import type { Change } from "../../src/cluster/image.ts";
import { openJournalMetadataStore } from "../../src/log/journal-metadata-store.ts";
import type { MetadataStore } from "../../src/storage/metadata-store.ts";
import type { Answer, Question } from "../../src/workers/messages.ts";
import { PublishedMetadataStore } from "../../src/workers/published-metadata-store.ts";
import { RemoteMetadataStore } from "../../src/workers/remote-metadata-store.ts";
import { sentError } from "../../src/workers/sent-error.ts";

const ids = (next: number): Change => ({ type: "producerIds", next });
const stopped = (id: number): Change => ({ type: "brokerStopped", id });
const aMoment = () => new Promise((resolve) => setImmediate(resolve));

describe("metadata of several threads", () => {
  let journal: MetadataStore<Change>;
  let main: PublishedMetadataStore;
  /** What happened, in order. */
  let events: string[];

  beforeEach(() => {
    events = [];
    const filesystem = new MemoryFilesystem();
    filesystem.makeDirectory("/data");
    journal = openJournalMetadataStore<Change>({ filesystem, path: "/data/metadata.journal", compact: (changes) => changes });
    main = new PublishedMetadataStore(journal, async () => undefined);
  });

  /** A worker's store; all that goes between the threads is cloned and takes a moment. */
  function worker(name: string): RemoteMetadataStore {
    const store: RemoteMetadataStore = new RemoteMetadataStore({
      ask: (id, question) => void answer(store, id, structuredClone(question)),
      version: main.version,
      closedLogs: async () => undefined,
    });
    main.follow({
      take: async (step, unit) => {
        await aMoment();
        await store.take(step, structuredClone(unit));
        await aMoment();
      },
    });
    listen(name, store);
    return store;
  }

  async function answer(store: RemoteMetadataStore, id: number, question: Question): Promise<void> {
    await aMoment();
    const reply = (said: Answer) => setImmediate(() => store.answered(id, structuredClone(said)));
    if (question.kind === "load") return main.snapshot((changes, version) => reply({ kind: "loaded", changes, version }));
    await main.commit(question.changes, question.expectedVersion).then(
      (isStored) => reply({ kind: "committed", isStored }),
      (error: unknown) => reply({ kind: "failed", error: sentError(error) }),
    );
  }

  function listen(name: string, store: MetadataStore<Change>): void {
    store.subscribe((_, version) => events.push(`${name} applied ${version}`));
    store.subscribeToComing?.(async () => {
      events.push(`${name} begins`);
      await aMoment();
      events.push(`${name} gave up`);
    });
  }

  test("a commit of any thread resolves when the brokers of all have heard of it", async () => {
    listen("main", main);
    const [one, two] = [worker("one"), worker("two")];
    expect(await one.commit([ids(1)], 0)).toBe(true);
    expect(events.toSorted()).toEqual(["main applied 1", "one applied 1", "two applied 1"]);
    expect(await main.commit([ids(2)], 1)).toBe(true);
    expect([main.version, one.version, two.version]).toEqual([2, 2, 2]);
    expect(await two.load()).toEqual([ids(1), ids(2)]);
  });

  test("of commits that have seen the same, one is stored, and the others have seen it when they are refused", async () => {
    const stores = [main, worker("one"), worker("two")];
    const results = await Promise.all(
      stores.map(async (store, index) => {
        const isStored = await store.commit([ids(index)], 0);
        return [isStored, store.version];
      }),
    );
    expect(results.toSorted()).toEqual([
      [false, 1],
      [false, 1],
      [true, 1],
    ]);
    expect(await journal.load()).toHaveLength(1);
  });

  test("where leaderships may move, nobody takes the change in before all have given up what they lose", async () => {
    listen("main", main);
    worker("one");
    worker("two");
    await main.commit([stopped(9)], 0);
    const firstApplied = events.findIndex((event) => event.includes("applied"));
    expect(events.slice(0, firstApplied).filter((event) => event.endsWith("gave up"))).toHaveLength(3);
    expect(events.slice(firstApplied).toSorted()).toEqual(["main applied 1", "one applied 1", "two applied 1"]);
  });

  test("other changes take one step", async () => {
    worker("one");
    await main.commit([ids(1)], 0);
    expect(events).toEqual(["one applied 1"]);
  });

  test("a worker that comes later begins with what there is, whatever is committed meanwhile", async () => {
    await main.commit([ids(1)], 0);
    const committing = main.commit([ids(2)], 1);
    const late = worker("late");
    const loading = late.load();
    await committing;
    expect(await loading).toEqual([ids(1), ids(2)]);
    expect(late.version).toBe(2);
    expect(await late.commit([ids(3)], 2)).toBe(true);
    expect(late.version).toBe(3);
  });

  test("a commit that the disk refuses fails with the reason, in any thread", async () => {
    const one = worker("one");
    await journal.close();
    const failure = expect.objectContaining({ name: "StorageError", code: "WRITE_FAILED" });
    await expect(main.commit([ids(1)], 0)).rejects.toEqual(failure);
    await expect(one.commit([ids(1)], 0)).rejects.toEqual(failure);
    expect(events).toEqual([]);
  });

  test("who waits for the main thread when the worker stops is told so", async () => {
    const one = worker("one");
    const waiting = one.commit([ids(1)], 0);
    await one.close();
    await expect(waiting).rejects.toMatchObject({ code: "WRITE_FAILED" });
    await expect(one.load()).rejects.toMatchObject({ code: "WRITE_FAILED" });
  });
});
