// Waits of a test, each with a deadline. What is waited for is looked at every few milliseconds: it may come about in any broker of the
// cluster and in many ways. One that fails says what stands in the way.

import { keepAlive } from "../base/keep-alive.ts";
import { explainUndelivered, explainUnstable } from "./explain.ts";
import type { GroupView } from "./group-kit.ts";
import type { Decoder, ReadRecord } from "./records.ts";
import type { WaitParts } from "./wait-parts.ts";

export interface WaitOptions {
  /** Default 4000. */
  readonly timeoutMs?: number;
}

/** What was waited for did not come about in time; the message says why. */
export class WaitTimeout extends Error {
  constructor(message: string) {
    super(message);
    this.name = "WaitTimeout";
  }
}

/** Less than frameworks allow a test: the explanation comes before their time-out. */
const DEFAULT_TIMEOUT_MS = 4000;
const LOOK_EVERY_MS = 5;
const SHOWN_RECORDS = 3;

export class Waits {
  readonly #parts: WaitParts;

  constructor(parts: WaitParts) {
    this.#parts = parts;
  }

  /** So many records, or one that satisfies a predicate, are in a topic; gives the records, or those that satisfy it. */
  records<Value = string>(
    topic: string,
    wanted: number | ((record: ReadRecord<Value>) => boolean),
    options: WaitOptions & { readonly decode?: Decoder<Value> } = {},
  ): Promise<ReadRecord<Value>[]> {
    const { topics } = this.#parts;
    const read = async () =>
      topics.get(topic) === undefined ? [] : topics.read<Value>(topic, options.decode === undefined ? {} : { decode: options.decode });
    const isCount = typeof wanted === "number";
    return this.until({
      ...options,
      what: isCount ? `${wanted} records in ${topic}` : `a record in ${topic} that fits`,
      look: async () => {
        const all = await read();
        if (isCount) return all.length >= wanted ? all : undefined;
        const fitting = all.filter(wanted);
        return fitting.length > 0 ? fitting : undefined;
      },
      explain: async () => {
        if (topics.get(topic) === undefined)
          return `There is no topic ${topic}: nobody has produced to it or made it. There are ${topics.list().join(", ") || "none"}.`;
        const all = await read();
        const open = topics.partitions(topic).filter((partition) => partition.lastStableOffset < partition.highWatermark);
        const hidden =
          open.length === 0
            ? ""
            : ` Records of ${open.map(({ index }) => `${topic}-${index}`).join(", ")} belong to a transaction that is still open, and are not counted.`;
        const shown = all
          .slice(-SHOWN_RECORDS)
          .map(({ partition, offset, key, value }) => `${topic}-${partition}@${offset} key ${JSON.stringify(key)} value ${shorten(value)}`);
        return `${all.length === 0 ? "The topic is empty." : `There are ${all.length}; the last: ${shown.join("; ")}.`}${hidden}`;
      },
    });
  }

  /** A group has committed everything that was in a topic when this was called. */
  consumed({ group, topic, ...options }: WaitOptions & { readonly group: string; readonly topic: string }): Promise<GroupView> {
    const { topics, groups } = this.#parts;
    const ends = new Map(
      topics.get(topic) === undefined ? [] : topics.partitions(topic).map(({ index, highWatermark }) => [index, highWatermark]),
    );
    return this.until({
      ...options,
      what: `group ${group} to have consumed ${topic}`,
      look: async () => {
        if (ends.size === 0) return undefined;
        const view = groups.withTopic(await groups.get(group), topic);
        if (view.state === "Dead" || view.state === "Unavailable") return undefined;
        return (await groups.unread(view, ({ partition }) => ends.get(partition))).length === 0 ? view : undefined;
      },
      explain: () => explainUndelivered(this.#parts, group, topic),
    });
  }

  /** A group has committed everything there is in the partitions that it is assigned or has committed to. */
  caughtUp(group: string, options: WaitOptions = {}): Promise<GroupView> {
    const { groups } = this.#parts;
    return this.until({
      ...options,
      what: `group ${group} to have caught up`,
      look: async () => {
        const view = await groups.get(group);
        if (view.offsets.length === 0) return undefined;
        return (await groups.unread(view)).length === 0 ? view : undefined;
      },
      explain: () => explainUndelivered(this.#parts, group),
    });
  }

  /** A group's members, so many if that is given, all have their assignments. */
  stable(group: string, options: WaitOptions & { readonly members?: number } = {}): Promise<GroupView> {
    const { groups } = this.#parts;
    return this.until({
      ...options,
      what: `group ${group} to be stable${options.members === undefined ? "" : ` with ${options.members} members`}`,
      look: async () => {
        const view = await groups.get(group);
        const isComplete = options.members === undefined ? view.members.length > 0 : view.members.length === options.members;
        // A share group is Stable as soon as somebody is in it.
        const isSettled = view.type !== "share" || groups.obstacles(group).length === 0;
        return view.state === "Stable" && isComplete && isSettled ? view : undefined;
      },
      explain: () => explainUnstable(this.#parts, group),
    });
  }

  /** No request in flight, no group with members that lags, no open transaction. */
  async idle(options: WaitOptions = {}): Promise<void> {
    let quietLooks = 0;
    await this.until({
      ...options,
      what: "the broker to be idle",
      look: async () => {
        quietLooks = (await this.#business()) === undefined ? quietLooks + 1 : 0;
        // Between an answer and the next request a client is busy and the broker is not.
        return quietLooks >= 3 ? true : undefined;
      },
      explain: async () => (await this.#business()) ?? "It was idle for a moment only.",
    });
  }

  /** Until `look` gives something. Throws WaitTimeout. */
  async until<T>(
    wait: WaitOptions & { readonly what: string; look: () => Promise<T | undefined>; explain: () => Promise<string> },
  ): Promise<T> {
    const { clock } = this.#parts;
    const { timeoutMs = DEFAULT_TIMEOUT_MS } = wait;
    const deadlineMs = clock.now() + timeoutMs;
    const letGo = keepAlive();
    try {
      for (;;) {
        const found = await wait.look();
        if (found !== undefined) return found;
        if (clock.now() >= deadlineMs) throw new WaitTimeout(`Waited ${timeoutMs} ms for ${wait.what}.\n${await wait.explain()}`);
        await new Promise<void>((resolve) => clock.after(LOOK_EVERY_MS, resolve));
      }
    } finally {
      letGo();
    }
  }

  async #business(): Promise<string | undefined> {
    const { node, groups, observer } = this.#parts;
    if (observer.inFlight > 0) return `${observer.inFlight} requests are in flight.`;
    for (const { services } of node.brokers) {
      for (const [id, { status }] of services.transactions.transactions())
        if (status === "Ongoing" || status.startsWith("Prepare")) return `The transaction of ${id} is open (${status}).`;
      for (const partition of services.partitions.all())
        if (partition.lastStableOffset < partition.highWatermark) return `A transaction is open in ${partition.topic}-${partition.index}.`;
    }
    for (const id of groups.list()) {
      const view = await groups.get(id);
      if (view.members.length === 0) continue;
      if (view.state !== "Stable") return [`Group ${id} is rebalancing (${view.state}).`, ...groups.obstacles(id)].join("\n");
      const [behind] = await groups.unread(view);
      if (behind !== undefined) return `Group ${id} lags: it has not committed ${behind.topic}-${behind.partition}@${behind.next}.`;
    }
    return undefined;
  }
}

function shorten(value: unknown): string {
  const text = JSON.stringify(Buffer.isBuffer(value) ? value.toString("latin1") : value) ?? "undefined";
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}
