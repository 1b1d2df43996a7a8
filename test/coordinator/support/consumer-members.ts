// Members of the consumer protocol as their clients are: they say what they own when it changes, and give up at once what they must.

import { expect } from "vitest";
import type { Ask, GroupBench } from "./group-bench.ts";
import { topicId } from "./group-bench.ts";

type BeatBody = Parameters<GroupBench["beat"]>[0];

export class Member {
  readonly memberId: string;
  epoch = 0;
  /** As "t-0". */
  owned: string[] = [];
  errorCode = 0;
  intervalMs = 0;
  readonly #bench: GroupBench;
  readonly #body: BeatBody;
  readonly #ask: Ask;

  constructor(bench: GroupBench, memberId: string, body: BeatBody = {}, ask: Ask = {}) {
    this.#bench = bench;
    this.memberId = memberId;
    this.#body = body;
    this.#ask = ask;
  }

  /** Joins, and acknowledges what it was given. */
  static async joined(bench: GroupBench, memberId: string, body: BeatBody = {}, ask: Ask = {}): Promise<Member> {
    const member = new Member(bench, memberId, body, ask);
    await member.beat({ ...body, memberEpoch: 0 });
    expect(member.errorCode).toBe(0);
    return member;
  }

  /** One heartbeat, and as many as it takes until it has been told nothing new. */
  async beat(body: BeatBody = {}): Promise<this> {
    for (let round = 0; round < 5; round++) {
      const answer = await this.say(round === 0 ? body : { topicPartitions: owning(this.owned) });
      if (answer.assignment === null || this.errorCode !== 0) return this;
      this.owned = answer.assignment.topicPartitions.flatMap(({ topicId: id, partitions }) =>
        partitions.map((index) => `${nameOf(id)}-${index}`),
      );
    }
    throw new Error("it is told its assignment again and again");
  }

  /** One heartbeat, whose answer changes nothing that it owns. */
  async say(body: BeatBody = {}) {
    const { instanceId = null } = this.#body;
    const said = { memberId: this.memberId, memberEpoch: this.epoch, instanceId, ...body };
    const answer = await this.#bench.beat(said, this.#ask).done;
    this.errorCode = answer.errorCode;
    if (answer.errorCode === 0) this.epoch = answer.memberEpoch;
    this.intervalMs = answer.heartbeatIntervalMs;
    return answer;
  }
}

export function owning(partitions: readonly string[]) {
  const names = [...new Set(partitions.map((each) => each.slice(0, each.lastIndexOf("-"))))];
  return names.map((name) => ({
    topicId: topicId(name),
    partitions: partitions.filter((each) => each.startsWith(`${name}-`)).map((each) => Number(each.slice(name.length + 1))),
  }));
}

function nameOf(id: string): string {
  return Buffer.from(id, "base64url").toString().replace(/\.+$/, "");
}
