// What requests and answers tell of groups, of either protocol: the events of members that come, go, move on and are shut out, and what was
// refused last, by which a wait explains why somebody is not in a group.

import { type ErrorCode, Errors, errorName } from "../../protocol/errors.ts";
import { isRecord } from "../api/error-response.ts";
import type { Services } from "../api/services.ts";
import type { Clock } from "../base/clock.ts";
import { assignedPartitions } from "../coordinator/group/consumer-assignment.ts";
import type { TopicPartitions } from "../coordinator/group/group-summary.ts";
import { topicNameOf } from "../faults/request-subjects.ts";
import type { Exchange } from "../server/interceptors.ts";
import type { Emitter } from "./events.ts";
import { type Fields, list } from "./fields.ts";

/** The latest that a client was refused of one API; forgotten when it is answered without an error. */
export interface GroupRefusal {
  readonly api: string;
  readonly clientId: string;
  readonly error: string;
  /** As the client was told. */
  readonly message: string | undefined;
  readonly atMs: number;
}

const MOST_REFUSALS = 1000;
const JOINING_EPOCH = 0;

/** Said in the course of an ordinary join. */
const ORDINARY: ReadonlySet<unknown> = new Set<ErrorCode>([Errors.NONE, Errors.MEMBER_ID_REQUIRED, Errors.REBALANCE_IN_PROGRESS]);
/** Whoever hears one of these is no member any more, or not yet again. */
const FENCING: ReadonlySet<unknown> = new Set<ErrorCode>([
  Errors.UNKNOWN_MEMBER_ID,
  Errors.ILLEGAL_GENERATION,
  Errors.FENCED_INSTANCE_ID,
  Errors.FENCED_MEMBER_EPOCH,
]);

export class GroupTraffic {
  readonly #clock: Clock;
  readonly #emitter: Emitter;
  /** By group, client and API. */
  readonly #refusals = new Map<string, GroupRefusal & { readonly group: string }>();
  readonly #lastGenerations = new Map<string, number>();

  constructor(clock: Clock, emitter: Emitter) {
    this.#clock = clock;
    this.#emitter = emitter;
  }

  /** What clients of the group were refused, the latest last. */
  refusalsOf(group: string): readonly GroupRefusal[] {
    return [...this.#refusals.values()].filter((refusal) => refusal.group === group).sort((a, b) => a.atMs - b.atMs);
  }

  replied(services: Services, exchange: Exchange, answer: Fields): void {
    const { request } = exchange;
    switch (exchange.handler.api.name) {
      case "OffsetCommit":
        this.#noteRefusal(exchange, firstError(answer));
        this.#committed(services, request, answer);
        return;
      case "JoinGroup":
        this.#noteRefusal(exchange, answer);
        if (!this.#isFenced(exchange, answer)) this.#joined(exchange, answer);
        return;
      case "SyncGroup":
        this.#noteRefusal(exchange, answer);
        if (!this.#isFenced(exchange, answer)) this.#synced(exchange, answer);
        return;
      case "Heartbeat":
        this.#isFenced(exchange, answer);
        return;
      case "LeaveGroup":
        if (answer["errorCode"] === Errors.NONE) this.#left(request);
        return;
      case "ConsumerGroupHeartbeat":
        this.#noteRefusal(exchange, answer);
        if (!this.#isFenced(exchange, answer)) this.#beaten(services, exchange, answer, { told: answer["assignment"] });
        return;
      case "StreamsGroupHeartbeat":
        this.#noteRefusal(exchange, answer);
        if (!this.#isFenced(exchange, answer)) this.#beaten(services, exchange, answer, { told: toldTasks(services, request, answer) });
        return;
    }
  }

  #committed(services: Services, request: Fields, answer: Fields): void {
    const answered = list(answer["topics"]);
    list(request["topics"]).forEach((topic, at) => {
      list(topic["partitions"]).forEach(({ partitionIndex, committedOffset }, index) => {
        if (list(answered[at]?.["partitions"])[index]?.["errorCode"] !== Errors.NONE) return;
        this.#emitter.emit("commit", {
          group: String(request["groupId"]),
          topic: topicNameOf(services, topic) ?? "",
          partition: Number(partitionIndex),
          offset: Number(committedOffset),
        });
      });
    });
  }

  // ---- the classic protocol

  #joined({ request, context: { clientId } }: Exchange, answer: Fields): void {
    if (answer["errorCode"] !== Errors.NONE) return;
    const group = String(request["groupId"]);
    const memberId = String(answer["memberId"]);
    const generation = Number(answer["generationId"]);
    this.#emitter.emit("join", { group, memberId, clientId, generation });
    if (answer["leader"] !== memberId) return;
    const members = list(answer["members"]).map((member) => String(member["memberId"]));
    this.#rebalanced(group, generation, members);
  }

  #synced({ request, context: { clientId } }: Exchange, answer: Fields): void {
    const { assignment: bytes } = answer;
    if (answer["errorCode"] !== Errors.NONE || !Buffer.isBuffer(bytes)) return;
    const { groupId, memberId, generationId } = request;
    this.#emitter.emit("assignment", {
      group: String(groupId),
      memberId: String(memberId),
      clientId,
      generation: Number(generationId),
      assignment: assignedPartitions(bytes),
    });
  }

  /** Before version 3 one member leaves, later any number. */
  #left({ groupId, memberId, members }: Fields): void {
    const listed = list(members).map((member) => String(member["memberId"]));
    this.#emitter.emit("leave", { group: String(groupId), members: listed.length > 0 ? listed : [String(memberId)] });
  }

  // ---- the protocols of KIP-848 and KIP-1071

  /** @param told what it is to have from now on; not a record: as before */
  #beaten(services: Services, { request, context: { clientId } }: Exchange, answer: Fields, { told }: { readonly told: unknown }): void {
    if (answer["errorCode"] !== Errors.NONE) return;
    const group = String(request["groupId"]);
    const memberId = String(answer["memberId"] ?? request["memberId"]);
    const said = Number(request["memberEpoch"]);
    if (said < JOINING_EPOCH) {
      this.#emitter.emit("leave", { group, members: [memberId] });
      return;
    }
    const generation = Number(answer["memberEpoch"]);
    // Whoever moves on, or is told something else, may be the first to hear of a new target.
    if (isRecord(told) || generation !== said) this.#lookAtTarget(services, group);
    if (generation !== said) this.#emitter.emit("join", { group, memberId, clientId, generation });
    if (!isRecord(told) || (said !== JOINING_EPOCH && isSame(told["topicPartitions"], request["topicPartitions"]))) return;
    const assignment = assignmentIn(services, told);
    this.#emitter.emit("assignment", { group, memberId, clientId, generation, assignment });
  }

  #lookAtTarget({ groups }: Services, group: string): void {
    if (!this.#emitter.isHeard("rebalance")) return;
    const summary = groups.summary(group);
    if (typeof summary === "number") return;
    this.#rebalanced(
      group,
      summary.targetEpoch,
      summary.members.map(({ memberId }) => memberId),
    );
  }

  #rebalanced(group: string, generation: number, members: readonly string[]): void {
    if (this.#lastGenerations.get(group) === generation) return;
    this.#lastGenerations.set(group, generation);
    this.#emitter.emit("rebalance", { group, generation, members });
  }

  // ---- refusals

  #isFenced({ request, context: { clientId } }: Exchange, answer: Fields): boolean {
    const { errorCode } = answer;
    if (!FENCING.has(errorCode)) return false;
    const { groupId, memberId } = request;
    this.#emitter.emit("fenced", {
      group: String(groupId),
      memberId: String(memberId),
      clientId,
      error: errorName(Number(errorCode)),
    });
    return true;
  }

  #noteRefusal({ handler, request, context: { clientId } }: Exchange, { errorCode, errorMessage }: Fields): void {
    const api = handler.api.name;
    const group = String(request["groupId"]);
    const key = JSON.stringify([group, clientId, api]);
    this.#refusals.delete(key);
    if (typeof errorCode !== "number" || ORDINARY.has(errorCode) || this.#refusals.size >= MOST_REFUSALS) return;
    const message = typeof errorMessage === "string" && errorMessage !== "" ? errorMessage : undefined;
    this.#refusals.set(key, { group, api, clientId, error: errorName(errorCode), message, atMs: this.#clock.now() });
  }
}

/** The first partition that was refused; of one that was not if there is none. */
function firstError(answer: Fields): Fields {
  const partitions = list(answer["topics"]).flatMap((topic) => list(topic["partitions"]));
  return partitions.find(({ errorCode }) => errorCode !== Errors.NONE) ?? partitions[0] ?? {};
}

/** What the tasks read that a member of a streams group was told of. */
function toldTasks({ groups }: Services, { groupId, memberId }: Fields, { activeTasks }: Fields): unknown {
  if (!Array.isArray(activeTasks)) return null;
  const summary = groups.summary(String(groupId));
  const member = typeof summary === "number" ? undefined : summary.members.find((each) => each.memberId === memberId);
  return { topicPartitions: member?.assignment ?? [] };
}

/** Some clients always say all, and are always told all: what a member says that it has is no news to it. */
function isSame(told: unknown, owned: unknown): boolean {
  return Array.isArray(owned) && partitionKeys(told) === partitionKeys(owned);
}

function partitionKeys(topicPartitions: unknown): string {
  return list(topicPartitions)
    .flatMap(({ topicId, partitions }) => list(partitions).map((partition) => `${topicId} ${partition}`))
    .sort()
    .join();
}

function assignmentIn(services: Services, assignment: Fields): TopicPartitions[] {
  return list(assignment["topicPartitions"]).map((each) => ({
    topic: topicNameOf(services, each) ?? "",
    partitions: list(each["partitions"]).map(Number),
  }));
}
