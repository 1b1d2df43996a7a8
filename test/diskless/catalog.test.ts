import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { catalogContract } from "./contracts/catalog.ts";
import { inlineCommit, Leader, newTopicId, ranges } from "./contracts/catalog-bench.ts";
import { Link } from "./fakes/link.ts";
import { memoryBench } from "./memory-bench.ts";

describe("the catalog in memory", () => catalogContract(async () => memoryBench()));

describe("behind a link", () => {
  async function linked() {
    const [bench, link] = [memoryBench(), new Link()];
    const incarnation = await bench.join();
    const leader = new Leader(link.to(bench.catalog(incarnation)), incarnation);
    const { logId } = await leader.open(newTopicId(), 0);
    return { link, leader, logId, commits: [inlineCommit(logId, 0, [2])] };
  }
  const UNAVAILABLE = { code: "UNAVAILABLE" };

  test("a commit whose answer is lost was done, one that is lost itself was not", async () => {
    const { link, leader, logId, commits } = await linked();
    link.failNext("notDone", "commit");
    link.failNext("lost", "commit");
    await expect(leader.commit(commits)).rejects.toMatchObject(UNAVAILABLE);
    expect(await leader.catalog.segments(logId, 0, 5)).toEqual([]);
    await expect(leader.commitAgain(commits)).rejects.toMatchObject(UNAVAILABLE);
    expect(ranges(await leader.catalog.segments(logId, 0, 5))).toBe("0-2");
    expect(await leader.commitAgain(commits)).toMatchObject({ kind: "committed", refusedLogIds: [] });
  });

  test("what is under way when it is cut is lost", async () => {
    const { link, leader, commits } = await linked();
    const clock = new VirtualClock();
    link.takes(10, clock);
    const committed = expect(leader.commit(commits)).rejects.toMatchObject(UNAVAILABLE);
    await clock.advance(15);
    link.isCutOff = true;
    await clock.advance(10);
    await committed;
    link.isCutOff = false;
    const again = leader.commitAgain(commits);
    await clock.advance(20);
    expect(await again).toMatchObject({ kind: "committed" });
  });
});
