// A member that speaks the consumer protocol, request by request: it remembers its epoch and what it was told to have.

import { consumerGroupHeartbeat } from "../../protocol/messages/index.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import type { Stage } from "./stage.ts";

type HeartbeatRequest = EncodableMessage<typeof consumerGroupHeartbeat.request>;
export type HeartbeatAnswer = DecodedMessage<typeof consumerGroupHeartbeat.response>;

/** Partitions by the short name of their topic. */
export type Partitions = Readonly<Record<string, readonly number[]>>;

export interface Heartbeat {
  readonly epoch?: number;
  readonly topics?: readonly string[];
  /** In which § stands for the prefix of the scenario's names. */
  readonly regex?: string;
  readonly owns?: Partitions | "told";
  readonly instance?: string;
  readonly rack?: string;
  readonly assignor?: string;
  readonly timeout?: number;
  readonly group?: string;
  readonly memberId?: string;
  readonly version?: number;
}

export class ConsumerMember {
  readonly #stage: Stage;
  readonly #always: Heartbeat;
  memberId: string;
  epoch = 0;
  /** As last told. */
  told: Partitions = {};

  /** Its id, unless it has the coordinator make one: then what that is called. */
  readonly title: string;

  constructor(stage: Stage, title: string, always: Heartbeat = {}) {
    this.#stage = stage;
    this.title = title;
    this.memberId = always.memberId ?? title;
    this.#always = always;
  }

  join(heartbeat: Heartbeat = {}): Promise<HeartbeatAnswer> {
    return this.beat({ epoch: 0, timeout: 60_000, owns: {}, ...heartbeat });
  }

  async beat(heartbeat: Heartbeat = {}): Promise<HeartbeatAnswer> {
    const version = heartbeat.version ?? this.#always.version ?? 1;
    const body = this.#request(heartbeat);
    const answer = await this.#stage.quietly(consumerGroupHeartbeat, version, body);
    this.#take(answer);
    this.#stage.keep(consumerGroupHeartbeat, version, body, answer);
    return answer;
  }

  /** Heartbeats until the answer is as wanted. */
  until(
    isWanted: (answer: HeartbeatAnswer) => boolean,
    options: { readonly heartbeat?: Heartbeat; readonly keeps?: "all" | "last"; readonly deadlineMs?: number } = {},
  ): Promise<HeartbeatAnswer> {
    const { heartbeat = {}, ...others } = options;
    const request = { api: consumerGroupHeartbeat, version: heartbeat.version ?? 1, body: () => this.#request(heartbeat) };
    return this.#stage.until(isWanted, request, { ...others, onAnswer: (answer) => this.#take(answer) });
  }

  leave(heartbeat: Heartbeat = {}): Promise<HeartbeatAnswer> {
    return this.beat({ epoch: -1, ...heartbeat });
  }

  #request(heartbeat: Heartbeat): HeartbeatRequest {
    const {
      epoch = this.epoch,
      topics,
      regex,
      owns,
      instance,
      rack,
      assignor,
      timeout,
      group = "g",
    } = {
      ...this.#always,
      ...heartbeat,
    };
    const stage = this.#stage;
    const owned = owns === "told" ? this.told : owns;
    return {
      groupId: group === "" ? "" : stage.name(group),
      memberId: heartbeat.memberId ?? this.memberId,
      memberEpoch: epoch,
      ...(instance === undefined ? {} : { instanceId: instance }),
      ...(rack === undefined ? {} : { rackId: rack }),
      ...(timeout === undefined ? {} : { rebalanceTimeoutMs: timeout }),
      ...(topics === undefined ? {} : { subscribedTopicNames: topics.map((topic) => stage.name(topic)) }),
      ...(regex === undefined ? {} : { subscribedTopicRegex: regex.replaceAll("§", stage.names.prefix) }),
      ...(assignor === undefined ? {} : { serverAssignor: assignor }),
      ...(owned === undefined ? {} : { topicPartitions: partitionsById(stage, owned) }),
    };
  }

  #take(answer: HeartbeatAnswer): void {
    if (answer.errorCode !== 0) return;
    this.epoch = answer.memberEpoch;
    if (answer.memberId !== null && this.memberId === "") {
      this.memberId = answer.memberId;
      this.#stage.names.call(answer.memberId, this.title);
    }
    if (answer.assignment === null) return;
    this.told = Object.fromEntries(
      answer.assignment.topicPartitions.map(({ topicId, partitions }) => [this.#stage.shortNameOf(topicId), partitions]),
    );
  }
}

function partitionsById(stage: Stage, owned: Partitions) {
  return Object.entries(owned).map(([topic, partitions]) => ({ topicId: stage.topicId(topic), partitions }));
}
