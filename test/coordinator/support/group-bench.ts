// A group coordinator on a virtual clock, over logs in memory. Requests and answers go through the codec of their version, so that what
// a version cannot carry is noticed.

import type * as messages from "../../../protocol/messages/index.ts";
import type { Decoded, Encodable, Shape } from "../../../protocol/schema/field.ts";
import type { Message } from "../../../protocol/schema/message.ts";
import { Reader } from "../../../protocol/wire/reader.ts";
import { Writer } from "../../../protocol/wire/writer.ts";
import type { Logger } from "../../../src/base/logger.ts";
import { randomFrom } from "../../../src/base/random.ts";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { brokerConfig, type SettingInputs } from "../../../src/config/broker-config.ts";
import { withinLimits } from "../../../src/config/group-limits.ts";
import { servesConsumerProtocol } from "../../../src/config/group-protocols.ts";
import { groupSettings, type Overrides } from "../../../src/config/topic-config.ts";
import { GroupCoordinator } from "../../../src/coordinator/group/group-coordinator.ts";
import type { GroupRequest } from "../../../src/coordinator/group/group-request.ts";
import type { MemberConnection } from "../../../src/coordinator/group/request-context.ts";
import { consumerGroupDescribeRequest } from "../../../src/coordinator/group/requests/consumer-group-describe.ts";
import { consumerGroupHeartbeatRequest } from "../../../src/coordinator/group/requests/consumer-group-heartbeat.ts";
import { deleteGroupsRequest } from "../../../src/coordinator/group/requests/delete-groups.ts";
import { describeGroupsRequest } from "../../../src/coordinator/group/requests/describe-groups.ts";
import { heartbeatRequest } from "../../../src/coordinator/group/requests/heartbeat.ts";
import { joinGroupRequest } from "../../../src/coordinator/group/requests/join-group.ts";
import { leaveGroupRequest } from "../../../src/coordinator/group/requests/leave-group.ts";
import { listGroupsRequest } from "../../../src/coordinator/group/requests/list-groups.ts";
import { offsetCommitRequest } from "../../../src/coordinator/group/requests/offset-commit.ts";
import { offsetDeleteRequest } from "../../../src/coordinator/group/requests/offset-delete.ts";
import { offsetFetchRequest } from "../../../src/coordinator/group/requests/offset-fetch.ts";
import { shareGroupDescribeRequest } from "../../../src/coordinator/group/requests/share-group-describe.ts";
import { shareGroupHeartbeatRequest } from "../../../src/coordinator/group/requests/share-group-heartbeat.ts";
import { streamsGroupDescribeRequest } from "../../../src/coordinator/group/requests/streams-group-describe.ts";
import { streamsGroupHeartbeatRequest } from "../../../src/coordinator/group/requests/streams-group-heartbeat.ts";
import { syncGroupRequest } from "../../../src/coordinator/group/requests/sync-group.ts";
import { Partition } from "../../../src/partition/partition.ts";
import { type Access, EVERYTHING } from "../../../src/security/access.ts";
import type { Permission } from "../../../src/security/permission.ts";
import { MemoryPartitionLog } from "./memory-partition-log.ts";
import { ShareStatesOfTest } from "./share-states-of-test.ts";
import { topicSettings } from "./topic-settings.ts";

export class TestConnection implements MemberConnection {
  isClosed = false;
  readonly #listeners = new Set<() => void>();

  onClose(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.isClosed = true;
    for (const listener of [...this.#listeners]) listener();
    this.#listeners.clear();
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }
}

export interface BenchOptions {
  readonly settings?: SettingInputs;
  readonly topics?: Readonly<Record<string, number>>;
  readonly clock?: VirtualClock;
  readonly logs?: readonly MemoryPartitionLog[];
  readonly seed?: number;
  readonly shareStates?: ShareStatesOfTest;
}

interface TestTopic {
  id: string;
  partitionCount: number;
  /** By partition, sorted. */
  racks?: readonly (readonly string[])[];
}

export interface Ask {
  readonly version?: number;
  readonly connection?: TestConnection;
  readonly clientId?: string;
  readonly access?: Access<Permission>;
}

/** An answer that may still be awaited. */
export class Answer<T> {
  value: T | undefined;
  readonly done: Promise<T>;

  constructor(done: Promise<T>, value?: T) {
    this.done = done;
    this.value = value;
    void done.then((value) => {
      this.value = value;
    });
  }
}

export const PARTITIONS = 2;

export class GroupBench {
  readonly clock: VirtualClock;
  readonly logs: MemoryPartitionLog[];
  readonly partitions: Partition[];
  readonly groups: GroupCoordinator;
  readonly topics: Map<string, TestTopic>;
  /** What is set for a group, by its id. */
  readonly groupConfigs = new Map<string, Overrides>();
  readonly lines: string[] = [];
  readonly shareStates: ShareStatesOfTest;

  constructor(options: BenchOptions = {}) {
    this.clock = options.clock ?? new VirtualClock();
    this.topics = new Map(
      Object.entries(options.topics ?? { t: 4, u: 2 }).map(([name, partitionCount]) => [name, { id: topicId(name), partitionCount }]),
    );
    this.shareStates = options.shareStates ?? new ShareStatesOfTest();
    this.logs = Array.from({ length: PARTITIONS }, (_, index) => new MemoryPartitionLog(index, options.logs?.[index]?.batches));
    const config = brokerConfig({ argument: { "offsets.topic.num.partitions": PARTITIONS, ...options.settings } });
    this.groups = new GroupCoordinator({
      clock: this.clock,
      random: seededRandom(options.seed ?? 1),
      config,
      servesStreamsProtocol: () => true,
      makeTopics: async (wanted) => wanted.map((topic) => this.make(topic.name, topic.partitions)),
      servesConsumerProtocol: () => servesConsumerProtocol(config),
      servesShareGroups: () => true,
      shareStates: this.shareStates,
      endOffsets: () => Promise.resolve(() => ({ offset: 100 })),
      groupSettings: (groupId) => withinLimits(config, groupSettings(config, this.groupConfigs.get(groupId))),
      logger: this.#logger(),
      topics: {
        partitionCount: (name) => this.topics.get(name)?.partitionCount,
        idOf: (name) => this.topics.get(name)?.id,
        nameOf: (id) => [...this.topics].find(([, topic]) => topic.id === id)?.[0],
        partitionCountOf: (id) => this.#topic(id)?.partitionCount,
        names: () => this.topics.keys(),
        racks: (id, partition) => this.#topic(id)?.racks?.[partition] ?? [],
      },
    });
    this.partitions = this.logs.map((log) => new Partition(log, topicSettings, 0));
    for (const partition of this.partitions) this.groups.elected(partition.index, partition);
  }

  /** Another coordinator over what this one has stored. */
  restarted(options: BenchOptions = {}): GroupBench {
    this.groups.close();
    return new GroupBench({ ...options, clock: this.clock, logs: this.logs, shareStates: this.shareStates, seed: 2 });
  }

  join(body: Partial<Encodable<JoinShape>> = {}, ask: Ask = {}) {
    return this.#ask(joinGroupRequest, { ...JOIN, ...body }, { version: 9, ...ask });
  }

  sync(body: Partial<Encodable<SyncShape>>, ask: Ask = {}) {
    const named = (ask.version ?? 5) >= 5 ? { protocolType: "consumer", protocolName: "range" } : {};
    const whole = { groupId: "g", generationId: 1, memberId: "", assignments: [], ...named, ...body };
    return this.#ask(syncGroupRequest, whole, { version: 5, ...ask });
  }

  heartbeat(body: Partial<Encodable<HeartbeatShape>>, ask: Ask = {}) {
    const whole = { groupId: "g", generationId: 1, memberId: "", ...body };
    return this.#ask(heartbeatRequest, whole, { version: 4, ...ask });
  }

  /** Of the consumer protocol; a first one says all that must be said. */
  beat(body: Partial<Encodable<BeatShape>>, ask: Ask = {}) {
    const first = { rebalanceTimeoutMs: 60_000, subscribedTopicNames: ["t"], topicPartitions: [] };
    const whole = { groupId: "g", memberEpoch: 0, ...((body.memberEpoch ?? 0) === 0 ? first : {}), ...body };
    return this.#ask(consumerGroupHeartbeatRequest, { memberId: "", ...whole }, { version: 1, ...ask });
  }

  /** Of a share group; a first one says all that must be said. */
  beatShare(body: Partial<Encodable<ShareBeatShape>>, ask: Ask = {}) {
    const first = (body.memberEpoch ?? 0) === 0 ? { subscribedTopicNames: ["t"] } : {};
    return this.#ask(
      shareGroupHeartbeatRequest,
      { groupId: "g", memberId: "m", memberEpoch: 0, ...first, ...body },
      { version: 1, ...ask },
    );
  }

  describeShare(groupId = "g") {
    return this.#ask(shareGroupDescribeRequest, { groupIds: [groupId], includeAuthorizedOperations: false }, { version: 1 });
  }

  /** Any other request of groups. */
  request<Q extends Shape, R extends Shape>(request: GroupRequest<Q, R>, body: Encodable<Q>, version: number) {
    return this.#ask(request, body, { version });
  }

  describeConsumer(groupIds: string[], ask: Ask = {}) {
    return this.#ask(consumerGroupDescribeRequest, { groupIds, includeAuthorizedOperations: false }, { version: 1, ...ask });
  }

  /** Of the streams protocol; a first one says all that must be said. */
  streamsBeat(body: Partial<Encodable<StreamsBeatShape>>, ask: Ask = {}) {
    const tasks = { activeTasks: [], standbyTasks: [], warmupTasks: [] };
    const first = { rebalanceTimeoutMs: 60_000, topology: streamsTopology(), processId: `process of ${body.memberId}`, ...tasks };
    const whole = { groupId: "g", memberEpoch: 0, ...((body.memberEpoch ?? 0) === 0 ? first : {}), ...body };
    return this.#ask(streamsGroupHeartbeatRequest, { memberId: "", endpointInformationEpoch: 0, ...whole }, ask);
  }

  describeStreams(groupIds: string[], ask: Ask = {}) {
    return this.#ask(streamsGroupDescribeRequest, { groupIds, includeAuthorizedOperations: false }, ask);
  }

  /** A topic that comes to be, or gets partitions. */
  make(name: string, partitionCount: number): undefined {
    this.topics.set(name, { id: topicId(name), partitionCount });
    this.groups.topicsChanged([name]);
  }

  leave(body: Partial<Encodable<LeaveShape>>, ask: Ask = {}) {
    return this.#ask(leaveGroupRequest, { groupId: "g", ...body }, { version: 5, ...ask });
  }

  commit(body: Partial<Encodable<CommitShape>> = {}, ask: Ask = {}) {
    const whole = { groupId: "g", topics: commitOf("t", { 0: 5 }), ...body };
    return this.#ask(offsetCommitRequest, whole, { version: 9, ...ask });
  }

  fetch(body: Encodable<FetchShape>, ask: Ask = {}) {
    return this.#ask(offsetFetchRequest, body, { version: 9, ...ask });
  }

  offsetDelete(body: Encodable<OffsetDeleteShape>) {
    return this.#ask(offsetDeleteRequest, body, { version: 0 });
  }

  describe(groups: string[], ask: Ask & { readonly includeAuthorizedOperations?: boolean } = {}) {
    const body = { groups, includeAuthorizedOperations: ask.includeAuthorizedOperations ?? false };
    return this.#ask(describeGroupsRequest, body, { version: 6, ...ask });
  }

  list(body: Encodable<ListShape> = {}, ask: Ask = {}) {
    return this.#ask(listGroupsRequest, body, { version: 5, ...ask });
  }

  deleteGroups(...groupsNames: string[]) {
    return this.#ask(deleteGroupsRequest, { groupsNames }, { version: 2 });
  }

  #topic(topicId: string): TestTopic | undefined {
    return [...this.topics.values()].find(({ id }) => id === topicId);
  }

  #ask<Q extends Shape, R extends Shape>(
    { api, handle }: GroupRequest<Q, R>,
    body: Encodable<Q>,
    { version = 0, connection, clientId = "client", access = EVERYTHING }: Ask,
  ): Answer<Decoded<R>> {
    const request = throughWire(api.request, version, body);
    const context = {
      apiVersion: version,
      clientId,
      clientHost: "/127.0.0.1",
      connection: connection ?? new TestConnection(),
      access,
    };
    const reply = handle(this.groups.parts, request, context);
    // Frames are pooled: whoever keeps a view of one sees it change.
    for (const bytes of buffersIn(request)) bytes.fill(0xee);
    if (!(reply instanceof Promise)) {
      const decoded = throughWire(api.response, version, reply);
      return new Answer<Decoded<R>>(new Promise((resolve) => resolve(decoded)), decoded);
    }
    const decode = (value: Encodable<R>) => throughWire(api.response, version, value);
    return new Answer<Decoded<R>>(new Promise((resolve, reject) => reply.then((value) => resolve(decode(value))).catch(reject)));
  }

  #logger(): Logger {
    const line = (facts: object, message: string) => void this.lines.push(`${message} ${JSON.stringify(facts)}`);
    const logger: Logger = { isDebugging: true, error: line, warn: line, info: line, debug: line, child: () => logger };
    return logger;
  }
}

/** Lets everything that is due now happen. */
export async function settle(bench: { readonly clock: VirtualClock }): Promise<void> {
  await bench.clock.advance(0);
  await bench.clock.advance(0);
}

export function topicId(name: string): string {
  return Buffer.from(name.padEnd(16, ".")).toString("base64url");
}

/** Offsets by partition. */
export function commitOf(name: string, offsets: Readonly<Record<number, number>>, committedMetadata: string | null = null) {
  const partitions = Object.entries(offsets).map(([index, committedOffset]) => ({
    partitionIndex: Number(index),
    committedOffset,
    committedMetadata,
  }));
  return [{ name, topicId: topicId(name), partitions }];
}

export function subscription(...topics: string[]): Buffer {
  const writer = new Writer();
  writer.int16(1);
  writer.arrayCount(topics.length);
  for (const topic of topics) writer.nullableString(topic);
  writer.nullableBytes(null);
  writer.arrayCount(0);
  return Buffer.concat(writer.finish());
}

/** One subtopology that reads the topics, and keeps state in the changelogs. */
export function streamsTopology(sourceTopics: readonly string[] = ["t"], changelogs: readonly string[] = []) {
  const stateChangelogTopics = changelogs.map((name) => ({ name, partitions: 0, replicationFactor: 0, topicConfigs: [] }));
  const others = { sourceTopicRegex: [], repartitionSinkTopics: [], repartitionSourceTopics: [], copartitionGroups: [] };
  return { epoch: 0, subtopologies: [{ subtopologyId: "0", sourceTopics, stateChangelogTopics, ...others }] };
}

export function protocols(...names: string[]) {
  return names.map((name) => ({ name, metadata: subscription("t") }));
}

/** A generator that repeats itself (mulberry32). */
export function seededRandom(seed: number) {
  let state = seed;
  return randomFrom((target) => {
    for (let index = 0; index < target.length; index++) {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
      target[index] = (mixed ^ (mixed >>> 14)) & 0xff;
    }
  });
}

function throughWire<S extends Shape>(message: Message<S>, version: number, value: Encodable<S>): Decoded<S> {
  const writer = new Writer();
  message.codec(version).write(writer, value);
  return message.codec(version).read(new Reader(Buffer.concat(writer.finish())));
}

function buffersIn(value: unknown): Buffer[] {
  if (Buffer.isBuffer(value)) return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(buffersIn);
}

const JOIN = {
  groupId: "g",
  sessionTimeoutMs: 10_000,
  rebalanceTimeoutMs: 20_000,
  memberId: "",
  protocolType: "consumer",
  protocols: protocols("range"),
};

type ShapeOf<M> = M extends Message<infer S> ? S : never;
type JoinShape = ShapeOf<typeof messages.joinGroup.request>;
type SyncShape = ShapeOf<typeof messages.syncGroup.request>;
type HeartbeatShape = ShapeOf<typeof messages.heartbeat.request>;
type ShareBeatShape = ShapeOf<typeof messages.shareGroupHeartbeat.request>;
type StreamsBeatShape = ShapeOf<typeof messages.streamsGroupHeartbeat.request>;
type BeatShape = ShapeOf<typeof messages.consumerGroupHeartbeat.request>;
type LeaveShape = ShapeOf<typeof messages.leaveGroup.request>;
type CommitShape = ShapeOf<typeof messages.offsetCommit.request>;
type FetchShape = ShapeOf<typeof messages.offsetFetch.request>;
type OffsetDeleteShape = ShapeOf<typeof messages.offsetDelete.request>;
type ListShape = ShapeOf<typeof messages.listGroups.request>;
