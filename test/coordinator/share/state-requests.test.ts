// Requests about states of share partitions, as they go to coordinators: what goes together, in which order, and what is asked again.

import { expect, test } from "vitest";
import { Errors } from "../../../protocol/errors.ts";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import {
  type PartitionResult,
  type StateRequest,
  StateRequests,
  type StateResponse,
} from "../../../src/coordinator/share/state-requests.ts";

interface Wish {
  readonly wish: string;
}

class Bench {
  readonly clock = new VirtualClock();
  coordinator: number | undefined = 1;
  /** What each request was: "broker group partition:wish …". */
  readonly sent: string[] = [];
  readonly #answers: (() => void)[] = [];
  /** Of the next answers; none when it is used up, and "lost" for an answer that never comes. */
  readonly errors: (number | "lost")[] = [];
  answersAtOnce = true;
  readonly requests = new StateRequests<Wish, PartitionResult>({
    clock: this.clock,
    coordinatorOf: () => this.coordinator,
    call: (brokerId, request) => this.#call(brokerId, request),
  });

  ask(groupId: string, partition: number, wish: string): { error: number | undefined } {
    const told: { error: number | undefined } = { error: undefined };
    void this.requests.ask({ groupId, topicId: "t", partition }, { wish }).then((result) => {
      told.error = result?.errorCode ?? Errors.NETWORK_EXCEPTION;
    });
    return told;
  }

  answer(): void {
    for (const answer of this.#answers.splice(0)) answer();
  }

  #call(
    brokerId: number,
    { groupId, topics }: StateRequest<Wish>,
  ): StateResponse<PartitionResult> | undefined | Promise<StateResponse<PartitionResult> | undefined> {
    const partitions = topics.flatMap((topic) => topic.partitions);
    this.sent.push(`${brokerId} ${groupId} ${partitions.map(({ partition, wish }) => `${partition}:${wish}`).join(" ")}`);
    const error = this.errors.shift() ?? Errors.NONE;
    const results = partitions.map(({ partition }) => ({ partition, errorCode: error === "lost" ? 0 : error, errorMessage: null }));
    const response = error === "lost" ? undefined : { results: [{ topicId: "t", partitions: results }] };
    if (this.answersAtOnce) return response;
    return new Promise((resolve) => this.#answers.push(() => resolve(response)));
  }
}

test("what is asked in one turn about one group is one request", async () => {
  const bench = new Bench();
  const told = [bench.ask("g", 0, "a"), bench.ask("g", 1, "b"), bench.ask("other", 0, "c"), bench.ask("g", 2, "d")];
  await bench.clock.advance(0);
  expect(bench.sent).toEqual(["1 g 0:a 1:b 2:d", "1 other 0:c"]);
  expect(told.map(({ error }) => error)).toEqual([0, 0, 0, 0]);
});

test("a broker has one request at a time, and what comes up meanwhile goes together", async () => {
  const bench = new Bench();
  bench.answersAtOnce = false;
  bench.ask("g", 0, "a");
  await bench.clock.advance(0);
  bench.ask("g", 1, "b");
  await bench.clock.advance(0);
  bench.ask("g", 2, "c");
  await bench.clock.advance(0);
  expect(bench.sent).toEqual(["1 g 0:a"]);
  bench.answer();
  await bench.clock.advance(0);
  expect(bench.sent).toEqual(["1 g 0:a", "1 g 1:b 2:c"]);
});

test.each([["lost" as const], [Errors.NOT_COORDINATOR], [Errors.COORDINATOR_LOAD_IN_PROGRESS], [Errors.COORDINATOR_NOT_AVAILABLE]])(
  "after %s it is asked again, of whoever coordinates by then, and what came later about the same share partition waits",
  async (error) => {
    const bench = new Bench();
    bench.errors.push(error);
    const [first, second] = [bench.ask("g", 0, "first"), bench.ask("g", 0, "second")];
    await bench.clock.advance(0);
    expect(bench.sent).toEqual(["1 g 0:first"]);
    bench.coordinator = 2;
    await bench.clock.advance(1000);
    expect(bench.sent).toEqual(["1 g 0:first", "2 g 0:first", "2 g 0:second"]);
    expect([first.error, second.error]).toEqual([0, 0]);
  },
);

test("other errors are told at once", async () => {
  const bench = new Bench();
  bench.errors.push(Errors.FENCED_STATE_EPOCH);
  const told = bench.ask("g", 0, "a");
  await bench.clock.advance(0);
  expect(told.error).toBe(Errors.FENCED_STATE_EPOCH);
});

test("without a coordinator it is given up after a quarter of a minute, also what waited behind others meanwhile", async () => {
  const bench = new Bench();
  bench.coordinator = undefined;
  const told = [bench.ask("g", 0, "a"), bench.ask("g", 0, "b"), bench.ask("g", 0, "c")];
  await bench.clock.advance(14_000);
  expect(told.map(({ error }) => error)).toEqual([undefined, undefined, undefined]);
  await bench.clock.advance(2000);
  expect(told.map(({ error }) => error)).toEqual(Array(3).fill(Errors.NETWORK_EXCEPTION));
  expect(bench.sent).toEqual([]);
});

test("whoever waits when it is closed is told, and nothing is sent any more", async () => {
  const bench = new Bench();
  bench.errors.push("lost");
  const told = [bench.ask("g", 0, "a"), bench.ask("g", 0, "b")];
  await bench.clock.advance(0);
  bench.requests.close();
  await bench.clock.advance(60_000);
  expect(told.map(({ error }) => error)).toEqual([Errors.NETWORK_EXCEPTION, Errors.NETWORK_EXCEPTION]);
  expect(bench.sent).toEqual(["1 g 0:a"]);
});
