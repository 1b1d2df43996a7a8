// Settings that the leaders of partitions heed for share groups: each is changed and its effect seen.

import { expect, test } from "vitest";
import { ShareStage } from "../share-answers/share-stage.ts";
import { EffectBench } from "./effect-bench.ts";

type Texts = Readonly<Record<string, string>>;

/** What the play comes to, a line for each request. */
async function linesOf(
  { settings = {}, ofGroup = {}, startOffset = 0 }: { settings?: Texts; ofGroup?: Texts; startOffset?: number },
  play: (stage: ShareStage, bench: EffectBench) => Promise<void>,
): Promise<string[]> {
  await using bench = await EffectBench.start({ settings });
  const stage = await ShareStage.open(bench.asking.broker.port, "", { settleMs: 0, nowMs: () => bench.clock.now() });
  try {
    if (Object.keys(ofGroup).length > 0) await stage.alterGroup(ofGroup);
    await stage.begin({ startOffset });
    await play(stage, bench);
    return stage.lines.map((line) => line.replace(/^.* → /, ""));
  } finally {
    stage.close();
  }
}

test("group.share.record.lock.duration.ms, share.record.lock.duration.ms: so long a record is its member's", async () => {
  const afterMs = (passMs: number) => async (stage: ShareStage, bench: EffectBench) => {
    await stage.produce([1]);
    const [a, b] = [await stage.member("a"), await stage.member("b")];
    await a.fetch();
    await bench.pass(passMs);
    await b.fetch({ maxWaitMs: 0 });
  };
  const [locked, free] = [
    ["0: [0-0 x1] of 0-0", "0: nothing"],
    ["0: [0-0 x1] of 0-0", "0: [0-0 x2] of 0-0"],
  ];
  expect(await linesOf({}, afterMs(29_000))).toEqual(locked);
  expect(await linesOf({}, afterMs(30_000))).toEqual(free);
  const settings = { "group.share.record.lock.duration.ms": "40000" };
  expect(await linesOf({ settings }, afterMs(39_000))).toEqual(locked);
  expect(await linesOf({ settings }, afterMs(40_000))).toEqual(free);
  expect(await linesOf({ settings, ofGroup: { "share.record.lock.duration.ms": "20000" } }, afterMs(20_000))).toEqual(free);
});

test("group.share.delivery.count.limit, share.delivery.count.limit: so often a record is delivered", async () => {
  const play = async (stage: ShareStage) => {
    await stage.produce([1, 1]);
    const a = await stage.member("a");
    await a.fetch({ maxRecords: 1, mode: 1 });
    for (let time = 0; time < 6; time++) {
      await a.acknowledge([[0, 0, 2]]);
      await a.fetch({ maxRecords: 1, mode: 1, maxWaitMs: 0 });
      if (stage.lines.at(-1)?.includes("[1-1 x1]")) return;
    }
  };
  const deliveries = async (options: { settings?: Texts; ofGroup?: Texts }) =>
    (await linesOf(options, play)).filter((line) => line.includes("[0-0")).length;
  expect(await deliveries({})).toBe(5);
  expect(await deliveries({ settings: { "group.share.delivery.count.limit": "3" } })).toBe(3);
  expect(await deliveries({ settings: { "group.share.delivery.count.limit": "3" }, ofGroup: { "share.delivery.count.limit": "2" } })).toBe(
    2,
  );
});

test("group.share.partition.max.record.locks, share.partition.max.record.locks: so many records of a partition are in flight", async () => {
  const play = async (stage: ShareStage) => {
    await stage.produce(Array.from({ length: 30 }, () => 100));
    const a = await stage.member("a");
    await a.fetch({ maxRecords: 10_000, batchSize: 10_000 });
    await a.fetch({ maxWaitMs: 0 });
  };
  expect(await linesOf({}, play)).toEqual(["0: [0-1999 x1] of 0-1999", "nothing"]);
  const settings = { "group.share.partition.max.record.locks": "2500" };
  expect(await linesOf({ settings }, play)).toEqual(["0: [0-2499 x1] of 0-2499", "nothing"]);
  const ofGroup = { "share.partition.max.record.locks": "300" };
  expect(await linesOf({ settings, ofGroup }, play)).toEqual(["0: [0-299 x1] of 0-299", "nothing"]);
});

test("share.auto.offset.reset: there a group begins of which nothing is known", async () => {
  const play = async (stage: ShareStage, bench: EffectBench) => {
    await stage.produce([2]);
    await bench.pass(60_000);
    await stage.produce([3]);
    const a = await stage.member("a");
    const fetching = a.fetch({ maxWaitMs: 1000 });
    while (stage.lines.length === 0) await bench.pass(100);
    await fetching;
  };
  const from = (reset: string) => linesOf({ ofGroup: { "share.auto.offset.reset": reset }, startOffset: -1 }, play);
  expect(await linesOf({ startOffset: -1 }, play)).toEqual(["0: nothing"]);
  expect(await from("latest")).toEqual(["0: nothing"]);
  expect(await from("earliest")).toEqual(["0: [0-4 x1] of 0-4"]);
  expect(await from("by_duration:P1DT2H")).toEqual(["0: [0-4 x1] of 0-4"]);
});

test("share.isolation.level: whether records of open and aborted transactions are delivered", async () => {
  const play = async (stage: ShareStage) => {
    await stage.produce([1]);
    await stage.transact([2], "abort");
    await stage.transact([2], "commit");
    await stage.transact([2], "open");
    await (await stage.member("a")).fetch();
  };
  expect(await linesOf({}, play)).toEqual(["0: [0-8 x1] of 0-8"]);
  expect(await linesOf({ ofGroup: { "share.isolation.level": "read_committed" } }, play)).toEqual(["0: [0-0 x1, 3-6 x1] of 0-6"]);
});

test("share.renew.acknowledge.enable: whether members may keep records for longer", async () => {
  const play = async (stage: ShareStage) => {
    await stage.produce([1]);
    const a = await stage.member("a");
    await a.fetch();
    await a.acknowledge([[0, 0, 4]], { isRenewAck: true });
  };
  expect((await linesOf({}, play)).at(-1)).toBe("0: ok");
  expect((await linesOf({ ofGroup: { "share.renew.acknowledge.enable": "false" } }, play)).at(-1)).toMatch(/INVALID_RECORD_STATE/);
});

test("group.share.max.share.sessions: so many sessions a broker has", async () => {
  const play = async (stage: ShareStage) => {
    for (const name of ["a", "b", "c"]) await (await stage.member(name)).fetch({ maxWaitMs: 0 });
  };
  expect((await linesOf({}, play)).filter((line) => line.includes("LIMIT"))).toEqual([]);
  const lines = await linesOf({ settings: { "group.share.max.share.sessions": "2" } }, play);
  expect(lines.map((line) => line.trim())).toEqual(["nothing", "0: nothing", "SHARE_SESSION_LIMIT_REACHED"]);
});
