// Which of the protocols (assignors) that its members support a group uses. Rolling upgrades from one assignor to another depend on
// it: a protocol is a candidate when every member supports it, and each member votes for the first candidate in its own order.

import type { MemberProtocol } from "./classic-member.ts";

/** How many members support each protocol. */
export class ProtocolSupport {
  readonly #members = new Map<string, number>();

  add(protocols: readonly MemberProtocol[]): void {
    for (const name of namesOf(protocols)) this.#members.set(name, this.count(name) + 1);
  }

  remove(protocols: readonly MemberProtocol[]): void {
    for (const name of namesOf(protocols)) {
      const count = this.count(name) - 1;
      if (count === 0) this.#members.delete(name);
      else this.#members.set(name, count);
    }
  }

  count(name: string): number {
    return this.#members.get(name) ?? 0;
  }
}

/** The one with most votes; of equals the one voted for first. `undefined` when no protocol is common to all. */
export function chooseProtocol(ballots: Iterable<readonly MemberProtocol[]>, isCandidate: (name: string) => boolean): string | undefined {
  const votes = new Map<string, number>();
  for (const protocols of ballots) {
    const choice = protocols.find(({ name }) => isCandidate(name));
    if (choice !== undefined) votes.set(choice.name, (votes.get(choice.name) ?? 0) + 1);
  }
  let chosen: string | undefined;
  let most = 0;
  for (const [name, count] of votes) {
    if (count > most) {
      chosen = name;
      most = count;
    }
  }
  return chosen;
}

/** A member may list a protocol twice. */
function namesOf(protocols: readonly MemberProtocol[]): Set<string> {
  return new Set(protocols.map(({ name }) => name));
}
