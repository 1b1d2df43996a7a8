// A member of a classic group on a connection of its own, as the clients have it, without the client.

import { Errors } from "../../protocol/errors.ts";
import { encodeResponse } from "../../protocol/headers.ts";
import * as messages from "../../protocol/messages/index.ts";
import { ZERO_UUID } from "../../protocol/schema/support.ts";
import { encodeAssignment, encodeSubscription } from "../../protocol/state/consumer-protocol.ts";
import { findCoordinator, NOT_YET, RETRY_MS } from "./coordinator.ts";
import { checkCode, encodedRequest, FrameSocket } from "./frame-socket.ts";
import type { Address } from "./load-socket.ts";
import { pause } from "./pause.ts";

const SESSION_TIMEOUT_MS = 120_000;
/** What a consumer of one topic sends. */
const SUBSCRIPTION = encodeSubscription(0, { topics: ["groups"] });
const ASSIGNMENT = encodeAssignment(0, { assignedPartitions: [{ topic: "groups", partitions: [0] }] });

const JOIN_VERSION = 5;
const SYNC_VERSION = 3;
const HEARTBEAT_VERSION = 3;
const COMMIT_VERSION = 7;

export class GroupMember {
  readonly groupId: string;
  readonly #socket: FrameSocket;
  /** Of the last generation that it synced; -1 before. */
  generationId = -1;
  /** How many members that generation has, where this one is its leader; 0 elsewhere. */
  ledMembers = 0;
  #memberId = "";

  private constructor(groupId: string, socket: FrameSocket) {
    this.groupId = groupId;
    this.#socket = socket;
  }

  static async connect(at: Address, groupId: string): Promise<GroupMember> {
    return new GroupMember(groupId, await FrameSocket.connect(at));
  }

  /** Waits until the coordinator of the group is there. */
  findCoordinator(): Promise<void> {
    return findCoordinator(this.#socket, this.groupId);
  }

  /** Joins and syncs, again where a round was overtaken by the next. */
  async join(): Promise<void> {
    while (!(await this.#tryJoin()));
  }

  async #tryJoin(): Promise<boolean> {
    const joined = await this.#socket.call(messages.joinGroup, JOIN_VERSION, {
      groupId: this.groupId,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      rebalanceTimeoutMs: SESSION_TIMEOUT_MS,
      memberId: this.#memberId,
      protocolType: "consumer",
      protocols: [{ name: "range", metadata: SUBSCRIPTION }],
    });
    if (joined.errorCode === Errors.MEMBER_ID_REQUIRED) this.#memberId = joined.memberId;
    if (joined.errorCode === Errors.MEMBER_ID_REQUIRED || joined.errorCode === Errors.REBALANCE_IN_PROGRESS) return false;
    if (NOT_YET.includes(joined.errorCode)) {
      await pause(RETRY_MS);
      return false;
    }
    checkCode("JoinGroup", joined.errorCode);
    this.#memberId = joined.memberId;
    const synced = await this.#socket.call(messages.syncGroup, SYNC_VERSION, {
      groupId: this.groupId,
      generationId: joined.generationId,
      memberId: joined.memberId,
      assignments: joined.members.map(({ memberId }) => ({ memberId, assignment: ASSIGNMENT })),
    });
    if (synced.errorCode === Errors.REBALANCE_IN_PROGRESS) return false;
    checkCode("SyncGroup", synced.errorCode);
    this.generationId = joined.generationId;
    this.ledMembers = joined.members.length;
    return true;
  }

  /** Whether the generation goes on: `false` when the member is to join again. */
  async heartbeat(): Promise<boolean> {
    const { errorCode } = await this.#socket.call(messages.heartbeat, HEARTBEAT_VERSION, this.#identity());
    if (errorCode === Errors.REBALANCE_IN_PROGRESS) return false;
    checkCode("Heartbeat", errorCode);
    return true;
  }

  async leave(): Promise<void> {
    const { errorCode } = await this.#socket.call(messages.leaveGroup, 2, { groupId: this.groupId, memberId: this.#memberId });
    checkCode("LeaveGroup", errorCode);
  }

  /**
   * Heartbeats and commits of one partition in turn, each as soon as the one before is answered, until `isOver`; `answered` is told
   * how long each took. The requests are encoded before, and an answer is compared with the bytes of success.
   */
  keepGoing(topic: string, isOver: () => boolean, answered: (tookMs: number) => void): Promise<void> {
    const partitions = [{ partitionIndex: 0, committedOffset: 1, committedMetadata: "" }];
    const { groupId, generationId, memberId } = this.#identity();
    const commit = { groupId, generationIdOrMemberEpoch: generationId, memberId, topics: [{ name: topic, partitions }] };
    const committed = { topics: [{ name: topic, topicId: ZERO_UUID, partitions: [{ partitionIndex: 0, errorCode: Errors.NONE }] }] };
    const exchanges = [
      {
        request: encodedRequest(messages.heartbeat, HEARTBEAT_VERSION, this.#identity()),
        success: Buffer.concat(encodeResponse(messages.heartbeat, HEARTBEAT_VERSION, 1, { errorCode: Errors.NONE })).subarray(4),
      },
      {
        request: encodedRequest(messages.offsetCommit, COMMIT_VERSION, commit),
        success: Buffer.concat(encodeResponse(messages.offsetCommit, COMMIT_VERSION, 1, committed)).subarray(4),
      },
    ];
    return new Promise((done, fail) => {
      let turn = 0;
      let sentMs = 0;
      const send = () => {
        sentMs = performance.now();
        this.#socket.write(exchanges[turn]?.request ?? Buffer.alloc(0));
      };
      this.#socket.onFrame = (frame) => {
        if (exchanges[turn]?.success.equals(frame) !== true) {
          fail(new Error(`${turn === 0 ? "Heartbeat" : "OffsetCommit"} failed: ${frame.toString("hex")}`));
          return;
        }
        answered(performance.now() - sentMs);
        turn = 1 - turn;
        if (isOver()) done();
        else send();
      };
      send();
    });
  }

  close(): void {
    this.#socket.close();
  }

  #identity() {
    return { groupId: this.groupId, generationId: this.generationId, memberId: this.#memberId };
  }
}
