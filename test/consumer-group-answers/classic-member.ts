// A member of the classic protocol with a connection of its own: it remembers its id, its generation and its assignment. Joining and syncing
// may have to wait for others, so they can be sent first and their answers taken later.

import { decodeResponse } from "../../protocol/headers.ts";
import { heartbeat, joinGroup, leaveGroup, syncGroup } from "../../protocol/messages/index.ts";
import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api, EncodableMessage } from "../../protocol/schema/message.ts";
import { decodeAssignment, encodeAssignment, encodeSubscription } from "../../protocol/state/consumer-protocol.ts";
import type { RawClient } from "../support/raw-client.ts";
import type { Partitions } from "./consumer-member.ts";
import type { Stage } from "./stage.ts";

export interface Join {
  readonly topics?: readonly string[];
  readonly protocols?: readonly string[];
  readonly protocolType?: string;
  readonly owned?: Partitions;
  readonly generation?: number;
  /** Of the subscription; 3 if absent. */
  readonly subscriptionVersion?: number;
  readonly userData?: Buffer;
  /** Instead of a subscription. */
  readonly metadata?: Buffer;
  readonly rack?: string;
  readonly instance?: string;
  readonly memberId?: string;
  readonly version?: number;
  readonly sessionTimeoutMs?: number;
  readonly rebalanceTimeoutMs?: number;
  readonly group?: string;
}

export interface Sync {
  readonly generation?: number;
  readonly memberId?: string;
  readonly instance?: string;
  readonly protocolType?: string | null;
  readonly protocolName?: string | null;
  /** By member: what the leader decides. */
  readonly assigns?: Readonly<Record<string, Partitions>>;
  readonly version?: number;
}

export class ClassicMember {
  readonly #stage: Stage;
  readonly #client: RawClient;
  readonly #ids = new Set<string>();
  readonly title: string;
  readonly group: string;
  memberId = "";
  generation = -1;
  protocolName: string | null = null;
  /** By topic's short name, as last synced. */
  assigned: Partitions = {};

  private constructor(stage: Stage, client: RawClient, title: string, group: string) {
    this.#stage = stage;
    this.#client = client;
    this.title = title;
    this.group = group;
  }

  static async of(stage: Stage, title: string, group = "g"): Promise<ClassicMember> {
    return new ClassicMember(stage, await stage.connect(), title, group);
  }

  async join(join: Join = {}) {
    return (await this.startJoin(join))();
  }

  /** Asks for the id first, as clients do. */
  async enter(join: Join = {}) {
    const asked = await this.join(join);
    return asked.errorCode === MEMBER_ID_REQUIRED ? this.join(join) : asked;
  }

  /** Gives what waits for the answer, and keeps it. */
  async startJoin(join: Join = {}) {
    const version = join.version ?? 9;
    const body = this.#joinRequest(join, version);
    const answered = this.#send(joinGroup, version, body);
    return async () => {
      const answer = await answered();
      this.#callIds(answer.memberId);
      this.#stage.keep(joinGroup, version, body, answer);
      if (answer.memberId !== "") this.memberId = answer.memberId;
      if (answer.errorCode === 0) {
        this.generation = answer.generationId;
        this.protocolName = answer.protocolName;
      }
      return answer;
    };
  }

  async sync(sync: Sync = {}) {
    return (await this.startSync(sync))();
  }

  async startSync(sync: Sync = {}) {
    const { version = 5, protocolType = "consumer", protocolName = this.protocolName } = sync;
    const body = {
      groupId: this.#stage.name(this.group),
      generationId: sync.generation ?? this.generation,
      memberId: sync.memberId ?? this.memberId,
      ...(sync.instance === undefined ? {} : { groupInstanceId: sync.instance }),
      ...(version >= 5 ? { protocolType, protocolName } : {}),
      assignments: Object.entries(sync.assigns ?? {}).map(([memberId, partitions]) => ({
        memberId,
        assignment: encodeAssignment(3, { assignedPartitions: this.#partitions(partitions), userData: null }),
      })),
    };
    const answered = this.#send(syncGroup, version, body);
    return async () => {
      const answer = await answered();
      this.#stage.keep(syncGroup, version, body, answer);
      if (answer.errorCode === 0 && answer.assignment.length > 0) {
        const { assignedPartitions } = decodeAssignment(answer.assignment).assignment;
        const prefix = this.#stage.names.prefix.length;
        this.assigned = Object.fromEntries(assignedPartitions.map(({ topic, partitions }) => [topic.slice(prefix), partitions]));
      }
      return answer;
    };
  }

  heartbeat(
    options: { readonly generation?: number; readonly memberId?: string; readonly instance?: string; readonly version?: number } = {},
  ) {
    return this.#stage.ask(heartbeat, options.version ?? 4, this.#heartbeatRequest(options), this.#client);
  }

  /** Heartbeats until the answer has this error, or none. */
  untilTold(errorCode: number) {
    const request = { api: heartbeat, version: 4, body: () => this.#heartbeatRequest({}) };
    return this.#stage.until((answer) => answer.errorCode === errorCode, request);
  }

  leave(options: { readonly memberId?: string; readonly instance?: string; readonly version?: number } = {}) {
    const { memberId = this.memberId, instance, version = 5 } = options;
    const groupId = this.#stage.name(this.group);
    const member = { memberId, groupInstanceId: instance ?? null, ...(version >= 5 ? { reason: null } : {}) };
    return this.#stage.ask(leaveGroup, version, version < 3 ? { groupId, memberId } : { groupId, members: [member] }, this.#client);
  }

  /** The first is the title, "C'" a later one. */
  #callIds(memberId: string): void {
    if (memberId === "" || this.#ids.has(memberId)) return;
    this.#stage.names.call(memberId, `${this.title}${"'".repeat(this.#ids.size)}`);
    this.#ids.add(memberId);
  }

  #heartbeatRequest(options: { readonly generation?: number; readonly memberId?: string; readonly instance?: string }) {
    const { generation = this.generation, memberId = this.memberId, instance } = options;
    return {
      groupId: this.#stage.name(this.group),
      generationId: generation,
      memberId,
      ...(instance === undefined ? {} : { groupInstanceId: instance }),
    };
  }

  #joinRequest(join: Join, version: number): EncodableMessage<typeof joinGroup.request> {
    const { topics = [], protocols = ["range"], protocolType = "consumer", owned = {}, generation = -1, instance, memberId, group } = join;
    const { subscriptionVersion = 3, userData = null, rack, sessionTimeoutMs = 30_000, rebalanceTimeoutMs = 30_000 } = join;
    const subscription = encodeSubscription(subscriptionVersion, {
      topics: topics.map((topic) => this.#stage.name(topic)),
      userData,
      ...(subscriptionVersion >= 1 ? { ownedPartitions: this.#partitions(owned) } : {}),
      ...(subscriptionVersion >= 2 ? { generationId: generation } : {}),
      ...(subscriptionVersion >= 3 ? { rackId: rack ?? null } : {}),
    });
    return {
      groupId: this.#stage.name(group ?? this.group),
      sessionTimeoutMs,
      ...(version >= 1 ? { rebalanceTimeoutMs } : {}),
      memberId: memberId ?? this.memberId,
      ...(instance === undefined ? {} : { groupInstanceId: instance }),
      protocolType,
      protocols: protocols.map((name) => ({ name, metadata: join.metadata ?? subscription })),
    };
  }

  #partitions(partitions: Partitions) {
    return Object.entries(partitions).map(([topic, indexes]) => ({ topic: this.#stage.name(topic), partitions: indexes }));
  }

  #send<Q extends Shape, R extends Shape>(api: Api<Q, R>, version: number, body: Encodable<Q>): () => Promise<Decoded<R>> {
    this.#client.send(api, version, body);
    const next = this.#client.next();
    return async () => {
      const frame = await next;
      if (frame === undefined) throw new Error(`the connection was closed at ${api.name} ${version}`);
      return decodeResponse(api, version, frame).body;
    };
  }
}

const MEMBER_ID_REQUIRED = 79;
