import { describe, expect, test } from "vitest";
import { silentLogger } from "../../src/base/logger.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";
import { compactKeys, type KeyValue, type MetadataBench, metadataContract, type SharedProcess } from "./contracts/metadata-store.ts";
import { Link } from "./fakes/link.ts";
import { MemoryMetadata } from "./fakes/memory-metadata.ts";

const set = (key: string, value: unknown): KeyValue => ({ key, value });

function way(link: Link): SharedProcess["way"] {
  return {
    cut: () => {
      link.isCutOff = true;
    },
    deafen: () => {
      link.fate = () => "lost";
    },
    heal: () => {
      link.isCutOff = false;
      link.fate = () => "done";
    },
  };
}

function memoryBench(): MetadataBench {
  const clock = new VirtualClock();
  const shared = new MemoryMetadata<KeyValue>();
  const stores: SharedProcess["store"][] = [];
  return {
    open: async () => {
      const link = new Link();
      const store = await shared.open({
        ...{ clock, link, compact: compactKeys, snapshotAfterUnits: 10 },
        mayMoveLeaderships: (changes) => changes.some(({ key }) => key === "move"),
      });
      stores.push(store);
      return { store, way: way(link) };
    },
    until: async (condition) => {
      for (let waits = 0; waits < 1_000; waits++) {
        if (condition()) return;
        await clock.advance(waits < 20 ? 0 : 50);
      }
      throw new Error("it did not come to pass within 49 s");
    },
    end: async () => {
      for (const store of stores) await store.close();
    },
  };
}

describe("metadata in memory that processes share", () => metadataContract(async () => memoryBench()));

describe("a process that shares metadata", () => {
  async function started(logger = silentLogger, isDeaf = false) {
    const clock = new VirtualClock();
    const shared = new MemoryMetadata<KeyValue>();
    const link = new Link();
    const writer = await shared.open({ clock });
    const store = await shared.open({ clock, link, logger, isDeaf });
    return { clock, shared, link, writer, store };
  }

  test("finds what is new within a second where no word of it comes", async () => {
    const { clock, writer, store } = await started(silentLogger, true);
    await writer.commit([set("a", 1)], 0);
    expect(store.version).toBe(0);
    await clock.advance(1_000);
    expect(store.version).toBe(1);
  });

  test.each(["shorter", "as long, with other units", "longer, with other units"])(
    "notices that the history was brought back to an earlier one, which is now %s",
    async (kind) => {
      const lines: RecordedLine[] = [];
      const { clock, shared, link, writer, store } = await started(recordingLogger(lines));
      for (let version = 0; version < 3; version++) await writer.commit([set("a", version)], version);
      await clock.advance(0);
      expect(store.version).toBe(3);
      link.isCutOff = true;
      shared.restore(2);
      const again = await shared.open({ clock });
      if (kind !== "shorter") await again.commit([set("b", 1)], 2);
      if (kind.startsWith("longer")) await again.commit([set("b", 2)], 3);
      link.isCutOff = false;
      await clock.advance(2_000);
      await expect(store.commit([set("c", 1)], 3)).rejects.toMatchObject({ code: "DATABASE_UNFIT" });
      await expect(store.load()).rejects.toMatchObject({ code: "DATABASE_UNFIT" });
      await clock.advance(10_000);
      expect(store.version).toBe(3);
      expect(lines.map(({ level }) => level)).toEqual(["error"]);
      expect(lines[0]?.message).toContain("brought back to an earlier state");
      expect(shared.newestVersion).toBe({ shorter: 2, "as long, with other units": 3 }[kind] ?? 4);
    },
  );

  test("notices that what it missed is not kept any more", async () => {
    const lines: RecordedLine[] = [];
    const { clock, shared, link, writer, store } = await started(recordingLogger(lines));
    link.isCutOff = true;
    for (let version = 0; version < 5; version++) await writer.commit([set("a", version)], version);
    shared.forgetUnitsBefore(4);
    link.isCutOff = false;
    await clock.advance(1_000);
    await expect(store.commit([set("a", 9)], 0)).rejects.toMatchObject({ code: "DATABASE_UNFIT" });
    expect(lines[0]?.message).toContain("not kept any more");
  });

  test("has a commit that is stored wait for those who give up leaderships, however long they take", async () => {
    const { clock, store } = await started();
    let outcome: unknown;
    store.subscribeToComing?.(() => new Promise((resolve) => clock.after(60_000, resolve)));
    const commit = store.commit([set("a", 1)], 0).then((isStored) => {
      outcome = isStored;
    });
    await clock.advance(0);
    await clock.advance(59_999);
    expect([outcome, store.version]).toEqual([undefined, 0]);
    await clock.advance(1);
    await commit;
    expect([outcome, store.version]).toEqual([true, 1]);
  });

  test("reads a long backlog in pieces, in order", async () => {
    const { clock, shared, link, writer, store } = await started();
    const versions: number[] = [];
    store.subscribe((_, version) => versions.push(version));
    link.isCutOff = true;
    for (let version = 0; version < 250; version++) await writer.commit([set("a", version)], version);
    link.isCutOff = false;
    await clock.advance(1_000);
    expect(versions).toEqual(Array.from({ length: 250 }, (_, index) => index + 1));
    expect(shared.newestVersion).toBe(250);
  });

  test("goes on when someone who hears of a unit throws", async () => {
    const lines: RecordedLine[] = [];
    const { store } = await started(recordingLogger(lines));
    const leave = store.subscribe(() => {
      throw new Error("not for me");
    });
    expect(await store.commit([set("a", 1)], 0)).toBe(true);
    leave();
    expect(await store.commit([set("a", 2)], 1)).toBe(true);
    expect(lines.map(({ message }) => message)).toEqual(["could not apply a change of the cluster"]);
  });
});
