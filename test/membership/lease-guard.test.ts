// What clients hear of a broker that has lost its lease, and when.

import { expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import type { Api } from "../../protocol/schema/message.ts";
import { CloseConnection } from "../../src/api/handler.ts";
import { LeaseGuard } from "../../src/membership/lease-guard.ts";
import type { Exchange, Proceed } from "../../src/server/interceptors.ts";

const exchange = (api: Pick<Api, "name">, apiVersion: number, request: object = {}): Exchange =>
  ({ handler: { api }, request, context: { apiVersion } }) as unknown as Exchange;

const HEARTBEAT = exchange(messages.heartbeat, 4, { groupId: "g" });
const TOPIC_DATA = [{ name: "t", partitionData: [{ index: 0, records: null }] }];
const PRODUCE = exchange(messages.produce, 9, { acks: -1, timeoutMs: 1, topicData: TOPIC_DATA });

class Bench {
  isHeld = true;
  readonly guard = new LeaseGuard(() => this.isHeld);

  ask(asked: Exchange, reply: unknown = "reply"): unknown {
    return this.guard.intercept(asked, (() => reply) as unknown as Proceed);
  }

  lapse(): void {
    this.isHeld = false;
    this.guard.lapsed();
  }
}

test("requests are answered by their handlers while the lease is held", async () => {
  const bench = new Bench();
  expect(bench.ask(HEARTBEAT)).toBe("reply");
  await expect(bench.ask(HEARTBEAT, Promise.resolve("later"))).resolves.toBe("later");
  await expect(bench.ask(HEARTBEAT, Promise.reject(new Error("failed")))).rejects.toThrow("failed");
});

test("without it each hears the error on which it looks elsewhere, and the handler nothing", () => {
  const bench = new Bench();
  bench.isHeld = false;
  const unreached = (): never => {
    throw new Error("handled");
  };
  const refused = (asked: Exchange) => bench.guard.intercept(asked, unreached);
  expect(refused(HEARTBEAT)).toMatchObject({ errorCode: Errors.NOT_COORDINATOR });
  const partitionResponses = [{ index: 0, errorCode: Errors.NOT_LEADER_OR_FOLLOWER }];
  expect(refused(PRODUCE)).toMatchObject({ responses: [{ name: "t", partitionResponses }] });
  expect(refused(exchange(messages.listGroups, 3))).toMatchObject({ errorCode: Errors.COORDINATOR_NOT_AVAILABLE });
  expect(() => refused(exchange(messages.createTopics, 5))).toThrow(CloseConnection);
  expect(() => refused(exchange(messages.produce, 9, { acks: 0, timeoutMs: 1, topicData: TOPIC_DATA }))).toThrow(CloseConnection);
});

test("a fetch in a session begins anew, since it names no partitions for which to hear an error", () => {
  const bench = new Bench();
  bench.isHeld = false;
  const request = { sessionId: 7, sessionEpoch: 3, topics: [], forgottenTopicsData: [] };
  expect(bench.ask(exchange(messages.fetch, 11, request))).toMatchObject({ errorCode: Errors.FETCH_SESSION_ID_NOT_FOUND, responses: [] });
});

test("a member of a share group begins its session anew, and then hears of each partition", () => {
  const bench = new Bench();
  bench.isHeld = false;
  const topics = [{ topicId: "AAAAAAAAAAAAAAAAAAAABw", partitions: [{ partitionIndex: 3, acknowledgementBatches: [] }] }];
  const asked = (shareSessionEpoch: number) =>
    bench.ask(
      exchange(messages.shareFetch, 2, { shareSessionEpoch, topics: shareSessionEpoch === 0 ? topics : [], forgottenTopicsData: [] }),
    );
  expect(asked(4)).toMatchObject({ errorCode: Errors.SHARE_SESSION_NOT_FOUND, responses: [] });
  const partitions = [{ partitionIndex: 3, errorCode: Errors.NOT_LEADER_OR_FOLLOWER, currentLeader: { leaderId: -1 } }];
  expect(asked(0)).toMatchObject({ errorCode: Errors.NONE, responses: [{ partitions }] });
});

test("who the brokers are is told with and without it", () => {
  const bench = new Bench();
  bench.isHeld = false;
  for (const api of [messages.apiVersions, messages.metadata, messages.findCoordinator, messages.describeCluster])
    expect(bench.ask(exchange(api, 0))).toBe("reply");
});

test("who waits when it lapses hears at once, of a Produce that may be stored yet that its time is over", async () => {
  const bench = new Bench();
  const never = new Promise(() => undefined);
  const waiting = [bench.ask(PRODUCE, never), bench.ask(HEARTBEAT, never), bench.ask(exchange(messages.createTopics, 5), never)];
  bench.lapse();
  const partitionResponses = [{ index: 0, errorCode: Errors.REQUEST_TIMED_OUT }];
  await expect(waiting[0]).resolves.toMatchObject({ responses: [{ partitionResponses }] });
  await expect(waiting[1]).resolves.toMatchObject({ errorCode: Errors.NOT_COORDINATOR });
  await expect(waiting[2]).rejects.toThrow(CloseConnection);
});

test("an answer that is there after it has lapsed is not given, whether or not anybody told of the lapse", async () => {
  const bench = new Bench();
  let answer: (reply: string) => void = () => undefined;
  const waiting = bench.ask(
    HEARTBEAT,
    new Promise((resolve) => {
      answer = resolve;
    }),
  );
  bench.isHeld = false;
  answer("too late");
  await expect(waiting).resolves.toMatchObject({ errorCode: Errors.NOT_COORDINATOR });
});
