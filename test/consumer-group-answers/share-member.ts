// A member of a share group, request by request: it remembers its epoch and what it was told to have.

import { describeShareGroupOffsets, shareGroupHeartbeat } from "../../protocol/messages/index.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import type { Partitions } from "./consumer-member.ts";
import type { Stage } from "./stage.ts";

type HeartbeatRequest = EncodableMessage<typeof shareGroupHeartbeat.request>;
export type ShareAnswer = DecodedMessage<typeof shareGroupHeartbeat.response>;

export interface ShareHeartbeat {
  readonly epoch?: number;
  readonly topics?: readonly string[];
  readonly rack?: string;
  readonly group?: string;
  readonly memberId?: string;
}

export class ShareMember {
  readonly #stage: Stage;
  readonly #always: ShareHeartbeat;
  readonly memberId: string;
  epoch = 0;
  /** As last told. */
  told: Partitions = {};

  constructor(stage: Stage, memberId: string, always: ShareHeartbeat = {}) {
    this.#stage = stage;
    this.memberId = memberId;
    this.#always = always;
  }

  join(heartbeat: ShareHeartbeat = {}): Promise<ShareAnswer> {
    return this.beat({ epoch: 0, ...heartbeat });
  }

  /** Joins, and waits until there is state for this many partitions of the group: only those are given to anybody. */
  async enter(partitionCount: number, heartbeat: ShareHeartbeat = {}): Promise<void> {
    await this.join(heartbeat);
    await untilInitialized(this.#stage, partitionCount, heartbeat.group ?? this.#always.group);
  }

  async beat(heartbeat: ShareHeartbeat = {}): Promise<ShareAnswer> {
    const body = this.#request(heartbeat);
    const answer = await this.quietly(heartbeat);
    this.#stage.keep(shareGroupHeartbeat, 1, body, answer);
    return answer;
  }

  /** Without a line. */
  async quietly(heartbeat: ShareHeartbeat = {}): Promise<ShareAnswer> {
    const answer = await this.#stage.quietly(shareGroupHeartbeat, 1, this.#request(heartbeat));
    this.#take(answer);
    return answer;
  }

  /** Heartbeats until the answer is as wanted. */
  until(isWanted: (answer: ShareAnswer) => boolean, heartbeat: ShareHeartbeat = {}): Promise<ShareAnswer> {
    const request = { api: shareGroupHeartbeat, version: 1, body: () => this.#request(heartbeat) };
    return this.#stage.until(isWanted, request, { keeps: "all", onAnswer: (answer) => this.#take(answer) });
  }

  leave(heartbeat: ShareHeartbeat = {}): Promise<ShareAnswer> {
    return this.beat({ epoch: -1, ...heartbeat });
  }

  #request(heartbeat: ShareHeartbeat): HeartbeatRequest {
    const { epoch = this.epoch, topics, rack, group = "g", memberId = this.memberId } = { ...this.#always, ...heartbeat };
    const stage = this.#stage;
    return {
      groupId: group.trim() === "" ? group : stage.name(group),
      memberId,
      memberEpoch: epoch,
      ...(rack === undefined ? {} : { rackId: rack }),
      ...(topics === undefined ? {} : { subscribedTopicNames: topics.map((topic) => stage.name(topic)) }),
    };
  }

  #take(answer: ShareAnswer): void {
    if (answer.errorCode !== 0) return;
    this.epoch = answer.memberEpoch;
    if (answer.assignment === null) return;
    this.told = Object.fromEntries(
      answer.assignment.topicPartitions.map(({ topicId, partitions }) => [this.#stage.shortNameOf(topicId), partitions]),
    );
  }
}

/** What the group has state of is told when no topics are named. */
export async function untilInitialized(stage: Stage, partitionCount: number, group = "g"): Promise<void> {
  const request = {
    api: describeShareGroupOffsets,
    version: 1,
    body: () => ({ groups: [{ groupId: stage.name(group), topics: null }] }),
  };
  await stage.until(
    ({ groups }) => groups[0]?.topics.reduce((sum, { partitions }) => sum + partitions.length, 0) === partitionCount,
    request,
  );
}
