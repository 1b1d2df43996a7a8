// A hundred thousand groups: their offsets committed, listed, loaded again after a stop and a crash, described and deleted.

import { setTimeout as sleep } from "node:timers/promises";
import { Errors, isRetriable } from "../../../protocol/errors.ts";
import {
  consumerGroupHeartbeat,
  createTopics,
  deleteGroups,
  findCoordinator,
  listGroups,
  offsetCommit,
  offsetFetch,
} from "../../../protocol/messages/index.ts";
import { RawClient } from "../../support/raw-client.ts";
import { type LimitFigures, type LimitOptions, type LimitRun, withBroker } from "./limit-run.ts";

const LANES = 10;
const AT_ONCE = 200;
const RETRY_MS = 20;

export function manyGroups(options: LimitOptions, count: number): Promise<Record<string, LimitFigures>> {
  return withBroker(options, async (run) => {
    const client = await RawClient.connect(run.broker.port);
    const topics = [{ name: "t", numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }];
    await client.call(createTopics, 5, { topics, timeoutMs: 10_000, validateOnly: false });
    await client.call(findCoordinator, 2, { key: "any" });
    const figures: Record<string, LimitFigures> = {};
    figures["committed"] = await run.measured("committed", () =>
      each(run, count / 2, async (lane, index) => {
        const partitions = [{ partitionIndex: 0, committedOffset: 5, committedMetadata: "" }];
        const order = { groupId: `old-${index}`, generationIdOrMemberEpoch: -1, memberId: "", topics: [{ name: "t", partitions }] };
        const answer = await lane.call(offsetCommit, 6, order);
        return answer?.topics[0]?.partitions[0]?.errorCode ?? -1;
      }),
    );
    figures["joined"] = await run.measured("joined", () =>
      each(run, count / 2, async (lane, index) => {
        const answer = await lane.call(consumerGroupHeartbeat, 0, {
          groupId: `new-${index}`,
          memberId: `m${index}`,
          memberEpoch: 0,
          instanceId: null,
          rackId: null,
          rebalanceTimeoutMs: 300_000,
          subscribedTopicNames: ["t"],
          serverAssignor: null,
          topicPartitions: [],
        });
        return answer?.errorCode ?? -1;
      }),
    );
    figures["listed"] = await run.measured("listed", async () => {
      for (let times = 0; times < 5; times++) {
        const answer = await client.call(listGroups, 4, { statesFilter: [] });
        if (answer?.groups.length !== count) options.complain(`${answer?.groups.length} groups of ${count} are listed`);
      }
    });
    for (const how of ["stop", "kill"] as const) {
      figures[`ready after ${how}`] = await run.restart(how);
      figures[`loaded after ${how}`] = await run.measured(`loaded after ${how}`, () => loaded(run, count));
    }
    const other = await RawClient.connect(run.broker.port);
    figures["deleted"] = await run.measured("deleted", async () => {
      const groupsNames = Array.from({ length: count / 2 }, (_, index) => `old-${index}`);
      const answer = await other.call(deleteGroups, 1, { groupsNames });
      const failed = answer?.results.filter(({ errorCode }) => errorCode !== 0).length;
      if (failed !== 0) options.complain(`${failed} groups were not deleted`);
    });
    other.close();
    return figures;
  });
}

/** Over some connections, with many requests under way on each. */
async function each(run: LimitRun, count: number, ask: (lane: RawClient, index: number) => Promise<number>): Promise<void> {
  const lanes = await Promise.all(Array.from({ length: LANES }, () => RawClient.connect(run.broker.port)));
  let next = 0;
  const asked = async (lane: RawClient, index: number): Promise<void> => {
    for (;;) {
      const code = await ask(lane, index);
      if (code === Errors.NONE) return;
      if (!isRetriable(code)) throw new Error(`refused: ${code}`);
      await sleep(RETRY_MS);
    }
  };
  await Promise.all(
    lanes.map(async (lane) => {
      while (next < count) {
        const some = Array.from({ length: Math.min(AT_ONCE, count - next) }, () => next++);
        await Promise.all(some.map((index) => asked(lane, index)));
      }
      lane.close();
    }),
  );
}

async function loaded(run: LimitRun, count: number): Promise<void> {
  const client = await RawClient.connect(run.broker.port);
  for (const index of Array.from({ length: 500 }, (_, at) => Math.floor((at * count) / 1000))) {
    for (;;) {
      const topics = [{ name: "t", partitionIndexes: [0] }];
      const answer = await client.call(offsetFetch, 5, { groupId: `old-${index}`, topics });
      if (answer?.errorCode === 0) {
        if (answer.topics[0]?.partitions[0]?.committedOffset !== 5) throw new Error(`old-${index} has lost its offset`);
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  client.close();
}
