// Who a connection pretends to be: a few names that it shares with others, so that what they do meets, and what the broker has told it. What it
// was told comes back in fields of the same name: the member id of a JoinGroup in the Heartbeat, the producer id in the batch. So
// conversations get somewhere.

import type { Chance } from "./chance.ts";

/** Under other names in requests than in answers. */
const ALIASES: Readonly<Record<string, string>> = {
  generationIdOrMemberEpoch: "generationId",
  v3AndBelowProducerId: "producerId",
  v3AndBelowProducerEpoch: "producerEpoch",
  fetchOffset: "baseOffset",
  committedOffset: "baseOffset",
  currentLeaderEpoch: "leaderEpoch",
};

const REMEMBERED: ReadonlySet<string> = new Set([
  ...["memberId", "memberEpoch", "generationId", "producerId", "producerEpoch", "sessionId", "baseOffset", "leaderEpoch", "hmac"],
  ...["subscriptionId", "clientInstanceId", "firstOffset", "lastOffset", "protocolName", "stateEpoch", "groupEpoch", "topologyEpoch"],
]);
/** Of what the broker gives to anybody. */
const KEPT_TOPIC_IDS = 64;
const MOST_ELEMENTS = 8;
const ZERO_UUID = "AAAAAAAAAAAAAAAAAAAAAA";

/** The ids of topics, which all connections hear of. */
export class TopicIds {
  readonly #ids: string[] = [];

  add(id: string): void {
    if (id === ZERO_UUID || this.#ids.includes(id)) return;
    if (this.#ids.length >= KEPT_TOPIC_IDS) this.#ids.shift();
    this.#ids.push(id);
  }

  any(chance: Chance): string {
    const at = chance.below(KEPT_TOPIC_IDS);
    return this.#ids[at % Math.max(1, this.#ids.length)] ?? ZERO_UUID;
  }
}

export class Persona {
  readonly topic: string;
  readonly group: string;
  readonly transactionalId: string;
  /** Chosen by itself, as members of the newer protocols do. */
  readonly memberId: string;
  readonly instanceId: string;
  readonly topicIds: TopicIds;
  readonly #told = new Map<string, unknown>();
  readonly #counts = new Map<string, number>();

  constructor(chance: Chance, topicIds: TopicIds) {
    this.topic = `fuzz-${chance.below(12)}`;
    this.group = `fuzz-${chance.pick(["classic", "consumer", "share", "streams", "any"])}-${chance.below(4)}`;
    this.transactionalId = `fuzz-${chance.below(8)}`;
    this.memberId = Buffer.from(`fuzz-member-${`${chance.below(16)}`.padStart(4, "0")}`)
      .toString("base64url")
      .slice(0, 22);
    this.instanceId = `fuzz-${chance.below(4)}`;
    this.topicIds = topicIds;
  }

  told(field: string): unknown {
    return this.#told.get(ALIASES[field] ?? field);
  }

  /** 0, 1, 2, …: epochs of sessions, sequences of a producer. */
  count(what: string, by = 1): number {
    const count = this.#counts.get(what) ?? 0;
    this.#counts.set(what, count + by);
    return count;
  }

  startAgain(what: string): void {
    this.#counts.delete(what);
  }

  /** Remembers what an answer says. */
  hear(answer: object): void {
    for (const [name, value] of Object.entries(answer)) {
      if (Array.isArray(value)) for (const element of value.slice(0, MOST_ELEMENTS)) this.#hearElement(element);
      else if (name === "topicId" && typeof value === "string") this.topicIds.add(value);
      else if (REMEMBERED.has(name)) this.#remember(name, value);
      else this.#hearElement(value);
    }
  }

  #hearElement(value: unknown): void {
    if (typeof value === "object" && value !== null && !Buffer.isBuffer(value)) this.hear(value);
  }

  #remember(name: string, value: unknown): void {
    // Of a refusal.
    if (value === -1 || value === "" || value === null) return;
    if (name === "producerId" && value !== this.#told.get(name)) this.startAgain("sequence");
    this.#told.set(name, Buffer.isBuffer(value) ? Buffer.from(value) : value);
  }
}
