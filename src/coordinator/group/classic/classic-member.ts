// A member of a classic group. The snapshot part survives a restart; the rest is between the member and this broker.

import type { Deadline } from "../../deadline.ts";
import type { ConnectionLink } from "../connection-link.ts";
import type { ClassicMemberSnapshot } from "../group-record.ts";
import type { JoinAnswer, SyncAnswer } from "./answers.ts";
import { Waiter } from "./waiter.ts";

/** A protocol (assignor) that a member supports, with what it wants the group's leader to know. */
export interface MemberProtocol {
  readonly name: string;
  readonly metadata: Buffer;
}

export interface MemberIdentity {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
}

/** What a member states anew with each join. */
export interface MemberTerms {
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /** In the member's order of preference. */
  readonly protocols: readonly MemberProtocol[];
}

const NO_BYTES: Buffer = Buffer.alloc(0);

export class ClassicMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly clientId: string;
  readonly clientHost: string;
  terms: MemberTerms;
  assignment: Buffer = NO_BYTES;
  /** True until its first round of joins is complete: it cannot heartbeat before. */
  isNew = true;
  readonly session: Deadline;
  readonly link: ConnectionLink;
  #join: Waiter<JoinAnswer> | undefined;
  #sync: Waiter<SyncAnswer> | undefined;

  constructor(identity: MemberIdentity, terms: MemberTerms, watch: { readonly session: Deadline; readonly link: ConnectionLink }) {
    this.memberId = identity.memberId;
    this.instanceId = identity.instanceId;
    this.clientId = identity.clientId;
    this.clientHost = identity.clientHost;
    this.terms = terms;
    this.session = watch.session;
    this.link = watch.link;
  }

  get isStatic(): boolean {
    return this.instanceId !== null;
  }

  get isWaitingForJoin(): boolean {
    return this.#join !== undefined;
  }

  get isWaitingForSync(): boolean {
    return this.#sync !== undefined;
  }

  waitForJoin(): Promise<JoinAnswer> {
    this.#join = new Waiter();
    return this.#join.reply;
  }

  waitForSync(): Promise<SyncAnswer> {
    this.#sync = new Waiter();
    return this.#sync.reply;
  }

  answerJoin(answer: JoinAnswer): void {
    const waiter = this.#join;
    this.#join = undefined;
    waiter?.resolve(answer);
  }

  answerSync(answer: SyncAnswer): void {
    const waiter = this.#sync;
    this.#sync = undefined;
    waiter?.resolve(answer);
  }

  /** What it told about one protocol; empty when it does not support it. */
  metadataFor(protocolName: string | null): Buffer {
    return this.terms.protocols.find(({ name }) => name === protocolName)?.metadata ?? NO_BYTES;
  }

  hasSameProtocols(protocols: readonly MemberProtocol[]): boolean {
    const own = this.terms.protocols;
    return (
      own.length === protocols.length &&
      own.every(({ name, metadata }, index) => name === protocols[index]?.name && metadata.equals(protocols[index].metadata))
    );
  }

  /** The session starts anew. Costs nothing while it is only moved further away. */
  heard(): void {
    this.session.set(this.terms.sessionTimeoutMs);
  }

  snapshot(protocolName: string | null, assignment: Buffer): ClassicMemberSnapshot {
    return {
      memberId: this.memberId,
      instanceId: this.instanceId,
      clientId: this.clientId,
      clientHost: this.clientHost,
      rebalanceTimeoutMs: this.terms.rebalanceTimeoutMs,
      sessionTimeoutMs: this.terms.sessionTimeoutMs,
      subscription: this.metadataFor(protocolName),
      assignment,
    };
  }

  /** No longer a member: nothing of it fires any more. */
  release(): void {
    this.session.clear();
    this.link.release();
  }
}
