// Where a scenario plays: a broker, with topics and groups of the scenario's own, and a line for each request and what it was answered.

import { setTimeout as delay } from "node:timers/promises";
import * as messages from "../../protocol/messages/index.ts";
import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import { RawClient } from "../support/raw-client.ts";
import { untilSeen } from "./coordinator-view.ts";
import { Names } from "./names.ts";
import { render, show } from "./shown.ts";

export interface Place {
  /** Of a plaintext listener on 127.0.0.1. */
  readonly port: number;
  /** Its coordinator may know later of topics and settings than its other parts do. */
  readonly settles: boolean;
  readonly rack: string | undefined;
}

/** A request with what it was answered; one line in the facts. */
export type Line = string;

export interface TopicState {
  /** Without the scenario's prefix. */
  readonly short: string;
  readonly name: string;
  readonly id: string;
  readonly partitionCount: number;
}

const DEADLINE_MS = 25_000;
const PAUSE_MS = 10;
/** Until settings that were altered are seen everywhere. */
const SETTLE_MS = 300;
const SOURCE_OF_GROUP_CONFIGS = 32;

export class Stage {
  readonly names: Names;
  readonly place: Place;
  readonly lines: Line[] = [];
  /** As they were at any time. */
  readonly topicStates: TopicState[] = [];
  readonly #client: RawClient;
  readonly #clients: RawClient[] = [];

  private constructor(place: Place, names: Names, client: RawClient) {
    this.place = place;
    this.names = names;
    this.#client = client;
  }

  static async open(place: Place, prefix: string): Promise<Stage> {
    return new Stage(place, new Names(prefix), await RawClient.connect(place.port));
  }

  close(): void {
    for (const client of [this.#client, ...this.#clients]) client.close();
  }

  async connect(): Promise<RawClient> {
    const client = await RawClient.connect(this.place.port);
    this.#clients.push(client);
    return client;
  }

  /** What a topic or a group of the scenario is called on the broker. */
  name(short: string): string {
    return `${this.names.prefix}${short}`;
  }

  /** The id of the topic of that name made last. */
  topicId(short: string): string {
    const state = this.topicStates.findLast((one) => one.short === short);
    if (state === undefined) throw new Error(`the scenario has no topic ${short}`);
    return state.id;
  }

  shortNameOf(topicId: string): string {
    const state = this.topicStates.find(({ id }) => id === topicId);
    return state?.short ?? topicId;
  }

  /** Asks, and keeps request and answer. */
  async ask<Q extends Shape, R extends Shape>(
    api: Api<Q, R>,
    version: number,
    body: Encodable<Q>,
    client = this.#client,
  ): Promise<Decoded<R>> {
    const answer = await this.quietly(api, version, body, client);
    this.keep(api, version, body, answer);
    return answer;
  }

  /** Without a line. */
  async quietly<Q extends Shape, R extends Shape>(
    api: Api<Q, R>,
    version: number,
    body: Encodable<Q>,
    client = this.#client,
  ): Promise<Decoded<R>> {
    const answer = await within(DEADLINE_MS, client.call(api, version, body));
    if (answer === undefined) throw new Error(`no answer to ${api.name} ${version} ${this.text(body)}`);
    return answer;
  }

  keep(api: { readonly name: string }, version: number, body: unknown, answer: unknown): void {
    this.lines.push(`${api.name} ${version} ${this.text(body)} → ${this.text(answer)}`);
  }

  note(text: string): void {
    this.lines.push(text);
  }

  text(value: unknown): string {
    return render(show(value, this.names) ?? "null");
  }

  /** Repeats a request until its answer is as wanted: keeps the different answers in their order, or only the last. */
  async until<Q extends Shape, R extends Shape>(
    isWanted: (answer: Decoded<R>) => boolean,
    request: { readonly api: Api<Q, R>; readonly version: number; readonly body: () => Encodable<Q> },
    options: { readonly keeps?: "all" | "last"; readonly onAnswer?: (answer: Decoded<R>) => void; readonly deadlineMs?: number } = {},
  ): Promise<Decoded<R>> {
    const { keeps = "last", onAnswer, deadlineMs = DEADLINE_MS } = options;
    const { api, version } = request;
    const endMs = Date.now() + deadlineMs;
    for (let previous = ""; ; ) {
      const body = request.body();
      const answer = await this.quietly(api, version, body);
      const line = `repeated: ${api.name} ${version} ${this.text(body)} → ${this.text(answer)}`;
      const isDone = isWanted(answer);
      onAnswer?.(answer);
      if (isDone || (keeps === "all" && line !== previous)) this.lines.push(line);
      previous = line;
      if (isDone) return answer;
      if (Date.now() > endMs) {
        this.lines.push(`not within ${deadlineMs} ms: ${line}`);
        return answer;
      }
      await delay(PAUSE_MS);
    }
  }

  wait(ms: number): Promise<void> {
    return delay(ms);
  }

  // ---- topics

  async topic(short: string, partitionCount: number): Promise<void> {
    const name = this.name(short);
    const topics = [{ name, numPartitions: partitionCount, replicationFactor: 1, assignments: [], configs: [] }];
    const {
      topics: [made],
    } = await this.quietly(messages.createTopics, 7, { topics, timeoutMs: DEADLINE_MS, validateOnly: false });
    if (made === undefined || made.errorCode !== 0)
      throw new Error(`topic ${name} cannot be made: ${made?.errorCode} ${made?.errorMessage}`);
    const timesBefore = this.topicStates.filter((state) => state.short === short).length;
    this.names.call(made.topicId, `${short}${"'".repeat(timesBefore)}`);
    await this.#untilCounted(short, made.topicId, partitionCount);
  }

  /** One that is there and belongs to no scenario. */
  async knowTopic(name: string): Promise<void> {
    const {
      topics: [topic],
    } = await this.quietly(messages.metadata, 12, { topics: [{ name }], allowAutoTopicCreation: false });
    if (topic === undefined || topic.errorCode !== 0) throw new Error(`there is no topic ${name}`);
    this.names.call(topic.topicId, name);
    this.topicStates.push({ short: name, name, id: topic.topicId, partitionCount: topic.partitions.length });
  }

  async addPartitions(short: string, count: number): Promise<void> {
    const name = this.name(short);
    const topics = [{ name, count, assignments: null }];
    const {
      results: [done],
    } = await this.quietly(messages.createPartitions, 3, { topics, timeoutMs: DEADLINE_MS, validateOnly: false });
    if (done?.errorCode !== 0) throw new Error(`${name} gets no partitions: ${done?.errorCode} ${done?.errorMessage}`);
    await this.#untilCounted(short, this.topicId(short), count);
    this.note(`topic ${short} has ${count} partitions now`);
  }

  async deleteTopic(short: string): Promise<void> {
    const name = this.name(short);
    const {
      responses: [done],
    } = await this.quietly(messages.deleteTopics, 6, { topics: [{ name, topicId: ZERO_UUID }], timeoutMs: DEADLINE_MS });
    if (done?.errorCode !== 0) throw new Error(`${name} cannot be deleted: ${done?.errorCode}`);
    await this.#untilIs(async () => (await this.#partitionCount(name)) === 0);
    if (this.place.settles) await untilSeen(this.#client, name, 0);
    this.note(`topic ${short} is deleted`);
  }

  async #untilCounted(short: string, id: string, partitionCount: number): Promise<void> {
    const name = this.name(short);
    await this.#untilIs(async () => (await this.#partitionCount(name)) === partitionCount);
    if (this.place.settles) await untilSeen(this.#client, name, partitionCount);
    this.topicStates.push({ short, name, id, partitionCount });
  }

  async #partitionCount(name: string): Promise<number> {
    const { topics } = await this.quietly(messages.metadata, 12, { topics: [{ name }], allowAutoTopicCreation: false });
    const [topic] = topics;
    if (topic === undefined || topic.errorCode !== 0 || topic.partitions.some(({ errorCode }) => errorCode !== 0)) return 0;
    return topic.partitions.length;
  }

  async #untilIs(isSo: () => Promise<boolean>): Promise<void> {
    const endMs = Date.now() + DEADLINE_MS;
    while (!(await isSo())) {
      if (Date.now() > endMs) throw new Error("the broker does not come to know what was changed");
      await delay(PAUSE_MS);
    }
  }

  // ---- groups

  /** Alters settings of a group, or takes them back with null. */
  async alterGroup(short: string, settings: Readonly<Record<string, string | null>>): Promise<void> {
    const configs = Object.entries(settings).map(([name, value]) => ({ name, configOperation: value === null ? 1 : 0, value }));
    const resource = { resourceType: SOURCE_OF_GROUP_CONFIGS, resourceName: this.name(short), configs };
    await this.ask(messages.incrementalAlterConfigs, 1, { resources: [resource], validateOnly: false });
    if (this.place.settles) await delay(SETTLE_MS);
  }

  describe(short = "g", version = 1) {
    return this.ask(messages.consumerGroupDescribe, version, { groupIds: [this.name(short)], includeAuthorizedOperations: false });
  }

  describeShare(short = "g") {
    return this.ask(messages.shareGroupDescribe, 1, { groupIds: [this.name(short)], includeAuthorizedOperations: false });
  }

  describeClassic(short = "g", version = 6) {
    return this.ask(messages.describeGroups, version, { groups: [this.name(short)] });
  }

  /** Of all groups, those of the scenario. */
  async list(filter: { readonly states?: readonly string[]; readonly types?: readonly string[] } = {}, version = 5): Promise<void> {
    const body = {
      ...(version >= 4 ? { statesFilter: filter.states ?? [] } : {}),
      ...(version >= 5 ? { typesFilter: filter.types ?? [] } : {}),
    };
    const answer = await this.quietly(messages.listGroups, version, body);
    const groups = answer.groups.filter(({ groupId }) => groupId.startsWith(this.names.prefix));
    this.keep(messages.listGroups, version, body, { ...answer, groups });
  }
}

/** `undefined` when it does not come in time. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  const ended = new AbortController();
  const late = delay(ms, undefined, { signal: ended.signal }).catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    ended.abort();
  }
}
