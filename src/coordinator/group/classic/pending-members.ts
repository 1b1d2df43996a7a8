// Ids given out with MEMBER_ID_REQUIRED (KIP-394) to members that have not joined with them yet. A round of joins waits for them, but
// only as long as their session timeout.

import type { Clock } from "../../../base/clock.ts";
import { Deadline } from "../../deadline.ts";
import { ConnectionLink } from "../connection-link.ts";
import type { MemberConnection } from "../request-context.ts";

interface PendingMember {
  readonly deadline: Deadline;
  readonly link: ConnectionLink;
}

export interface PendingMemberAlarms {
  readonly ended: (memberId: string) => void;
  readonly connectionClosed: () => void;
}

export class PendingMembers {
  readonly #clock: Clock;
  readonly #alarms: PendingMemberAlarms;
  readonly #members = new Map<string, PendingMember>();

  constructor(clock: Clock, alarms: PendingMemberAlarms) {
    this.#clock = clock;
    this.#alarms = alarms;
  }

  get size(): number {
    return this.#members.size;
  }

  has(memberId: string): boolean {
    return this.#members.has(memberId);
  }

  add(memberId: string, sessionTimeoutMs: number, connection: MemberConnection): void {
    const deadline = new Deadline(this.#clock, () => this.#alarms.ended(memberId));
    const link = new ConnectionLink(this.#clock, this.#alarms.connectionClosed);
    this.#members.set(memberId, { deadline, link });
    deadline.set(sessionTimeoutMs);
    link.bind(connection);
  }

  /** False when there is none of that id. */
  remove(memberId: string): boolean {
    const pending = this.#members.get(memberId);
    pending?.deadline.clear();
    pending?.link.release();
    return this.#members.delete(memberId);
  }

  clear(): void {
    for (const memberId of [...this.#members.keys()]) this.remove(memberId);
  }

  links(): { readonly memberId: string; readonly link: ConnectionLink }[] {
    return [...this.#members].map(([memberId, { link }]) => ({ memberId, link }));
  }
}
