// A topic that is deleted and made again, and one whose oldest records are deleted, while everything else goes on. What an earlier topic of the
// name held is never read of a later one, what was deleted is not there again, and what was acknowledged is there as long as neither was done.

import { setTimeout as sleep } from "node:timers/promises";
import { type Content, TopicClient } from "./topic-client.ts";

const APPENDED = 8;
const DELETED_SHARE = 0.5;

export class PassingTopics {
  readonly complaints: string[] = [];
  /** How often each was read from its start. */
  readonly looks = { passing: 0, trimmed: 0 };
  readonly #going: Promise<unknown>;
  readonly #pauseMs: number;
  #isOver = false;

  /** @param pauseMs after each look */
  constructor(bootstrap: string, pauseMs = 0) {
    this.#pauseMs = pauseMs;
    this.#going = Promise.all([this.#comeAndGo(bootstrap), this.#trim(bootstrap)]);
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#going;
  }

  async #comeAndGo(bootstrap: string): Promise<void> {
    const topic = new TopicClient(bootstrap, "passing");
    for (let before = ""; !this.#isOver; ) {
      const id = await topic.make();
      if (id === undefined || id === before) continue;
      const acknowledged = await this.#append(topic, id);
      const content = await topic.content();
      // Unless a deletion that was given up came late.
      if (content !== undefined && (await topic.id()) === id) await this.#judge("passing", content, acknowledged, id);
      while (!this.#isOver && !(await topic.delete()));
      before = id;
    }
    await topic.close();
  }

  async #trim(bootstrap: string): Promise<void> {
    const topic = new TopicClient(bootstrap, "trimmed");
    const acknowledged = new Map<number, string>();
    let deletedUntil = 0;
    let id: string | undefined;
    for (let round = 0; !this.#isOver; round++) {
      id ??= await topic.make();
      if (id === undefined) continue;
      for (const [offset, value] of await this.#append(topic, `${id}:${round}`)) acknowledged.set(offset, value);
      const newest = Math.max(deletedUntil, ...acknowledged.keys());
      const start = await topic.deleteBefore(deletedUntil + Math.floor((newest - deletedUntil) * DELETED_SHARE));
      deletedUntil = Math.max(deletedUntil, start ?? 0);
      const content = await topic.content();
      if (content === undefined) continue;
      if (content.startOffset < deletedUntil)
        this.complaints.push(`trimmed begins at ${content.startOffset}, and was deleted up to ${deletedUntil}`);
      await this.#judge("trimmed", content, acknowledged, id);
    }
    await topic.close();
  }

  /** What was acknowledged, by offset. */
  async #append(topic: TopicClient, label: string): Promise<ReadonlyMap<number, string>> {
    const acknowledged = new Map<number, string>();
    for (let number = 0; number < APPENDED && !this.#isOver; number++) {
      const value = `${label}:${number}`;
      const offset = await topic.append(value);
      if (offset !== undefined) acknowledged.set(offset, value);
    }
    return acknowledged;
  }

  async #judge(
    topic: keyof PassingTopics["looks"],
    { startOffset, values }: Content,
    acknowledged: ReadonlyMap<number, string>,
    id: string,
  ): Promise<void> {
    this.looks[topic]++;
    for (const [offset, value] of values)
      if (!value.startsWith(id)) this.complaints.push(`${value} is at ${offset} of ${topic}, whose id is ${id}`);
    for (const [offset, value] of acknowledged) {
      const there = values.get(offset) ?? "nothing";
      if (offset >= startOffset && there !== value)
        this.complaints.push(`${value} was acknowledged at ${offset} of ${topic}, where ${there} is`);
    }
    if (this.#pauseMs > 0) await sleep(this.#pauseMs);
  }
}
