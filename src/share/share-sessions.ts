// Share sessions (KIP-932): which partitions a member of a share group fetches from this broker. A session lasts until the member ends it or the
// connection on which it began closes: what the member has then is released. Requests carry the session's epoch,
// which rises with each of them.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";

/** A connection, as far as sessions may know it. */
export interface SessionConnection {
  onClose(listener: () => void): () => void;
}

/** A partition that a member fetches. */
export interface SharedPartition {
  readonly topicId: string;
  readonly partition: number;
  /** The member knows that it is fetched: it is told of it again when there is something to tell. */
  isTold: boolean;
}

export interface ShareSessionsOptions {
  /** The most there may be; read each time that it matters. */
  readonly limit: () => number;
  /** A session is over: what its member has of these partitions is to be released. */
  readonly onEnd: (session: ShareSession) => void;
  /** A connection is closed, and no member of the group has a session here any more. */
  readonly onGroupGone: (groupId: string) => void;
}

const LAST_EPOCH = 2 ** 31 - 1;
/** The epochs with which a member begins a session, and ends it. */
export const INITIAL_EPOCH = 0;
export const FINAL_EPOCH = -1;

export class ShareSession {
  readonly groupId: string;
  readonly memberId: string;
  /** The epoch that the next request must carry. */
  epoch = 1;
  readonly #partitions = new Map<string, SharedPartition>();

  constructor(groupId: string, memberId: string) {
    this.groupId = groupId;
    this.memberId = memberId;
  }

  get partitions(): ReadonlyMap<string, SharedPartition> {
    return this.#partitions;
  }

  /** @param isTold it need not be told of for the sake of being told of */
  add(topicId: string, partition: number, isTold: boolean): void {
    const key = keyOf(topicId, partition);
    if (!this.#partitions.has(key)) this.#partitions.set(key, { topicId, partition, isTold });
  }

  forget(topicId: string, partition: number): void {
    this.#partitions.delete(keyOf(topicId, partition));
  }

  /** Each request begins with another partition, so that none comes last for ever. */
  inTurn(): SharedPartition[] {
    const all = [...this.#partitions.values()];
    const first = all.length === 0 ? 0 : this.epoch % all.length;
    return [...all.slice(first), ...all.slice(0, first)];
  }
}

export class ShareSessions {
  readonly #options: ShareSessionsOptions;
  readonly #groups = new Map<string, Map<string, ShareSession>>();
  readonly #begunOn = new Map<SessionConnection, ShareSession>();
  #count = 0;

  constructor(options: ShareSessionsOptions) {
    this.#options = options;
  }

  /** Another one in the place of the member's, if it has one: what it had acquired stays locked. `undefined` where there are too many. */
  begin(groupId: string, memberId: string, connection: SessionConnection): ShareSession | undefined {
    const members = this.#groups.get(groupId) ?? new Map<string, ShareSession>();
    if (!members.has(memberId)) {
      if (this.#count >= this.#options.limit()) return undefined;
      this.#count++;
    }
    const session = new ShareSession(groupId, memberId);
    members.set(memberId, session);
    this.#groups.set(groupId, members);
    if (!this.#begunOn.has(connection)) connection.onClose(() => this.#closed(connection));
    this.#begunOn.set(connection, session);
    return session;
  }

  /** The member's, whose epoch rises, unless the request has another one; in the last request of a session it may have any. */
  use(groupId: string, memberId: string, epoch: number): ShareSession | ErrorCode {
    const session = this.#groups.get(groupId)?.get(memberId);
    if (session === undefined) return Errors.SHARE_SESSION_NOT_FOUND;
    if (epoch === FINAL_EPOCH) return session;
    if (epoch !== session.epoch) return Errors.INVALID_SHARE_SESSION_EPOCH;
    session.epoch = session.epoch === LAST_EPOCH ? 1 : session.epoch + 1;
    return session;
  }

  end(session: ShareSession): void {
    const members = this.#groups.get(session.groupId);
    if (members?.get(session.memberId) !== session) return;
    members.delete(session.memberId);
    if (members.size === 0) this.#groups.delete(session.groupId);
    this.#count--;
    this.#options.onEnd(session);
  }

  /** What members have stays locked. */
  forgetAll(): void {
    this.#groups.clear();
    this.#begunOn.clear();
    this.#count = 0;
  }

  #closed(connection: SessionConnection): void {
    const session = this.#begunOn.get(connection);
    if (session === undefined) return;
    this.#begunOn.delete(connection);
    this.end(session);
    if (!this.#groups.has(session.groupId)) this.#options.onGroupGone(session.groupId);
  }
}

function keyOf(topicId: string, partition: number): string {
  return `${topicId} ${partition}`;
}
