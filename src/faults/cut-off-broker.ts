// A broker that is cut off from the majority of its cluster, as its clients feel it. What it knows of the cluster stands still. As on
// Apache Kafka, it
//
//   answers Metadata and FindCoordinator with what it knew                   nobody told it better
//   goes on with partitions that nobody else can take over                   all their in-sync replicas are on its side
//   takes itself for the leader of those that another broker leads by now:
//     Produce acks=all   REQUEST_TIMED_OUT when the request's time is over   its followers do not answer
//     Produce acks=1, 0  acknowledged, and not there once the network heals  its log is cut to the new leader's
//
// Not as on Kafka: such a partition cannot be read there (NOT_LEADER_OR_FOLLOWER; Kafka serves what was committed before), its groups and
// transactions answer NOT_COORDINATOR at once (Kafka lets members heartbeat, and fails what must be stored), and what would change the
// cluster waits until the network heals.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import type { produce } from "../../protocol/messages/index.ts";
import { batchHeader } from "../../protocol/records/batch-header.ts";
import type { Encodable, Shape } from "../../protocol/schema/field.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import { errorReply, isRecord } from "../api/error-response.ts";
import { NO_ANSWER } from "../api/handler.ts";
import type { Services } from "../api/services.ts";
import { applyChanges, type Change, type ClusterImage } from "../cluster/image.ts";
import type { Exchange, LaterReply, Proceed } from "../server/interceptors.ts";
import { partitionsIn, subjectsOf, topicNameOf } from "./request-subjects.ts";
import { wholeFetch } from "./whole-fetch.ts";

type ProduceRequest = DecodedMessage<typeof produce.request>;
type TopicData = ProduceRequest["topicData"][number];
type PartitionData = TopicData["partitionData"][number];
type TopicResponse = EncodableMessage<typeof produce.response>["responses"][number];

const ALL = -1;
const NO_SESSION = 0;

export class CutOffBroker {
  readonly #services: Services;
  /** Where the broker believes the logs to end that it has lost, by topic and partition. */
  readonly #ends = new Map<string, number>();
  readonly #joined: Promise<void>;
  #join: () => void = () => {};

  constructor(services: Services) {
    this.#services = services;
    this.#joined = new Promise((resolve) => {
      this.#join = resolve;
    });
  }

  /** Leaves to the new leaders what they have taken over by now; `image` is the cluster as the others see it. */
  giveUp(image: ClusterImage): void {
    const { partitions, cluster } = this.#services;
    const lost = this.#lostTo(image);
    for (const { topic, index } of lost) {
      const partition = partitions.get(topic, index);
      if (partition !== undefined) this.#ends.set(keyOf(topic, index), partition.logEndOffset);
    }
    const changes = lost.map(({ change }) => change);
    if (changes.length > 0) partitions.follow(applyChanges(cluster.image, changes), cluster.image);
  }

  /** The network is whole: who waits for followers learns that another broker leads. */
  join(): void {
    this.#join();
  }

  answer(exchange: Exchange, proceed: Proceed): LaterReply {
    switch (exchange.handler.api.name) {
      case "Metadata":
        return proceed({ ...exchange.request, allowAutoTopicCreation: false });
      case "Produce":
        return this.#produce(exchange.request as ProduceRequest, proceed);
      case "Fetch":
        return this.#fetch(exchange, proceed);
      default:
        return proceed();
    }
  }

  #lostTo(image: ClusterImage): { topic: string; index: number; change: Change }[] {
    const { brokerId, cluster } = this.#services;
    return [...cluster.image.topicsByName.values()].flatMap(({ id, name, partitions }) =>
      partitions.flatMap((partition, index) => {
        const leader = image.topicsById.get(id)?.partitions[index]?.leader;
        const isLost = partition.leader === brokerId && leader !== brokerId && (leader !== -1 || !image.topicsById.has(id));
        if (!isLost) return [];
        const change: Change = { type: "partition", id, index, partition: { ...partition, leader: -1 } };
        return [{ topic: name, index, change }];
      }),
    );
  }

  /** It takes itself for the leader, and is it no more. */
  #isLost(topic: string, index: number): boolean {
    const { brokerId, cluster, partitions } = this.#services;
    const leader = cluster.image.topicsByName.get(topic)?.partitions[index]?.leader;
    return leader === brokerId && partitions.get(topic, index) === undefined;
  }

  #produce(request: ProduceRequest, proceed: Proceed): LaterReply {
    const parts = request.topicData.map((topic) => {
      const name = topicNameOf(this.#services, topic) ?? "";
      const isLost = ({ index }: PartitionData) => this.#isLost(name, index);
      return { topic, name, lost: topic.partitionData.filter(isLost), kept: topic.partitionData.filter((data) => !isLost(data)) };
    });
    if (parts.every(({ lost }) => lost.length === 0)) return proceed();
    const kept = parts.filter((part) => part.kept.length > 0).map((part) => ({ ...part.topic, partitionData: part.kept }));
    const answered = kept.length === 0 ? { responses: [] } : proceed({ ...request, topicData: kept });
    if (request.acks === 0) return kept.length === 0 ? NO_ANSWER : answered;
    const lost = parts.filter((part) => part.lost.length > 0);
    const respond = (toPartition: (name: string, data: PartitionData) => TopicResponse["partitionResponses"][number]): TopicResponse[] =>
      lost.map(({ topic, name, lost: data }) => ({
        name: topic.name,
        topicId: topic.topicId,
        partitionResponses: data.map((each) => toPartition(name, each)),
      }));
    if (request.acks !== ALL)
      return withResponses(
        answered,
        respond((name, data) => this.#acknowledge(name, data)),
      );
    return this.#waitForFollowers(request.timeoutMs).then((errorCode) =>
      withResponses(
        answered,
        respond((_, { index }) => ({ index, errorCode, baseOffset: -1 })),
      ),
    );
  }

  /** The record is nowhere: the new leader has none of it. */
  #acknowledge(topic: string, { index, records }: PartitionData): TopicResponse["partitionResponses"][number] {
    const key = keyOf(topic, index);
    const baseOffset = this.#ends.get(key) ?? 0;
    if (records !== null && records.length >= batchHeader.sizeBytes)
      this.#ends.set(key, baseOffset + batchHeader.fields.lastOffsetDelta.read(records, 0) + 1);
    return { index, errorCode: Errors.NONE, baseOffset };
  }

  #waitForFollowers(timeoutMs: number): Promise<ErrorCode> {
    return new Promise((resolve) => {
      const timer = this.#services.clock.after(timeoutMs, () => resolve(Errors.REQUEST_TIMED_OUT));
      void this.#joined.then(() => {
        timer.cancel();
        resolve(Errors.NOT_LEADER_OR_FOLLOWER);
      });
    });
  }

  /** Replicas of what others lead cannot be read either: they stand still. */
  #fetch(exchange: Exchange, proceed: Proceed): LaterReply {
    const { handler, request, context } = exchange;
    const services = this.#services;
    const isLed = (topic: string, index: number) => services.partitions.get(topic, index) !== undefined;
    const asked = subjectsOf(services, exchange).topics.flatMap(({ topic, partitions }) => partitions.map((index) => isLed(topic, index)));
    if (!asked.includes(false)) return proceed();
    const isHit = (element: unknown) => partitionsIn(element).some((index) => !isLed(topicNameOf(services, element) ?? "", index));
    const isSession = request["sessionId"] !== NO_SESSION || request["sessionEpoch"] === 0;
    if (isSession || !asked.includes(true)) {
      const whole = wholeFetch(services, exchange);
      const { reply } = errorReply(handler, context.apiVersion, whole, { error: Errors.NOT_LEADER_OR_FOLLOWER, isHit });
      return { ...reply, sessionId: whole["sessionId"] } as Encodable<Shape>;
    }
    const topics = Array.isArray(request["topics"]) ? request["topics"] : [];
    const apart = topics.flatMap((topic: object) =>
      listOf(topic, "partitions").map((partition) => ({ ...topic, partitions: [partition] })),
    );
    const order = { error: Errors.NOT_LEADER_OR_FOLLOWER, isHit };
    const { reply } = errorReply(handler, context.apiVersion, { ...request, topics: apart.filter(isHit) }, order);
    const answered = proceed({ ...request, topics: apart.filter((topic) => !isHit(topic)) });
    return withResponses(answered, listOf(reply, "responses"));
  }
}

function withResponses(answered: LaterReply, more: readonly unknown[]): LaterReply {
  const join = (reply: Awaited<LaterReply>) =>
    reply === NO_ANSWER ? reply : ({ ...reply, responses: [...listOf(reply, "responses"), ...more] } as Encodable<Shape>);
  return answered instanceof Promise ? answered.then(join) : join(answered);
}

function listOf(value: unknown, field: string): readonly unknown[] {
  const list = isRecord(value) ? value[field] : undefined;
  return Array.isArray(list) ? list : [];
}

function keyOf(topic: string, index: number): string {
  return `${topic} ${index}`;
}
