// The logs of all members of a group together, and what must hold of them, whichever clients and protocols they are of: no partition has two
// owners at any instant, nobody consumes or commits what he does not own, everything that was produced is consumed, whoever is given a
// partition goes only forward in it, and what was committed is neither consumed again nor taken back.
//
// A member owns a partition from the beginning of the callback that gives it to the end of the callback that takes it. One that is killed owns
// nothing from then on. One that is stopped beyond its session does not know what it has lost until it hears of it: what it still consumes
// is its own affair, but no commit of it may be accepted. The same is true of what it was given in an answer that it had before it was stopped
// and reads only when it goes on.

import type { MemberEvent, Offsets, Place } from "./member-log.ts";

interface Stop {
  readonly atUs: number;
  readonly places: Set<Place>;
}

interface Commit {
  readonly offset: number;
  readonly member: string;
}

/** What is wrong, a sentence each. `ends` is the next offset of each partition to which something was produced. */
export function complaintsAbout(logs: readonly (readonly MemberEvent[])[], ends: Offsets): string[] {
  const events = inOrder(logs);
  const history = new MemberHistory(givenTooLate(events));
  for (const event of events) history.follow(event);
  return [...history.complaints, ...lostIn(logs, ends)];
}

/** What nobody has consumed of what was produced, a sentence for each run of offsets. */
export function lostIn(logs: readonly (readonly MemberEvent[])[], ends: Offsets): string[] {
  const consumed = new Map(Object.keys(ends).map((place) => [place, new Set<number>()]));
  for (const event of logs.flat()) if (event.event === "consumed") consumed.get(event.place)?.add(event.offset);
  const complaints: string[] = [];
  for (const [place, end] of Object.entries(ends)) {
    for (let offset = 0, first = 0; offset <= end; offset++) {
      if (offset < end && consumed.get(place)?.has(offset) !== true) continue;
      if (offset > first) complaints.push(`${place} from ${first} to ${offset - 1} was never consumed`);
      first = offset + 1;
    }
  }
  return complaints;
}

/** By time; a partition that is given away and taken in the same microsecond is given away first. */
export function inOrder(logs: readonly (readonly MemberEvent[])[]): MemberEvent[] {
  const rank = ({ event }: MemberEvent): number => (event === "assigned" ? 1 : 0);
  return logs.flat().toSorted((a, b) => a.atUs - b.atUs || (a.member === b.member ? 0 : rank(a) - rank(b)));
}

/** Who owns what now, by the members' own logs. */
export function ownersIn(logs: readonly (readonly MemberEvent[])[]): ReadonlyMap<Place, ReadonlySet<string>> {
  const history = new MemberHistory();
  const moves = logs.map((events) => events.filter(({ event }) => event !== "consumed" && event !== "committed"));
  for (const event of inOrder(moves)) history.follow(event);
  return history.owners;
}

/** What members that were stopped were given after they went on, and lost before they could commit anything: their sessions were over. */
function givenTooLate(events: readonly MemberEvent[]): ReadonlySet<MemberEvent> {
  const late = new Set<MemberEvent>();
  const stops = new Map<string, { readonly atUs: number; readonly given: MemberEvent[] }>();
  for (const event of events) {
    const { member } = event;
    const stop = stops.get(member);
    if (event.event === "stopped") stops.set(member, { atUs: event.atUs, given: [] });
    if (event.event === "assigned") stop?.given.push(event);
    // It is a member again.
    if (event.event === "committed" && stop !== undefined && event.sinceUs > stop.atUs) stops.delete(member);
    if (event.event !== "lost" || stop === undefined) continue;
    for (const each of stop.given) late.add(each);
    stops.delete(member);
  }
  return late;
}

class MemberHistory {
  readonly complaints: string[] = [];
  readonly owners = new Map<Place, Set<string>>();
  readonly #consumed = new Map<Place, Set<number>>();
  readonly #committed = new Map<Place, Commit>();
  /** The last that a member has consumed of a partition since it was given it. */
  readonly #positions = new Map<string, number>();
  /** Members that were stopped, with what they may still believe to own. */
  readonly #stopped = new Map<string, Stop>();
  readonly #late: ReadonlySet<MemberEvent>;

  constructor(late: ReadonlySet<MemberEvent> = new Set()) {
    this.#late = late;
  }

  follow(event: MemberEvent): void {
    switch (event.event) {
      case "assigned":
        if (this.#late.has(event)) this.#assignTooLate(event.member, event.places);
        else this.#assign(event.member, event.places, event.atUs);
        return;
      case "revoked":
      case "lost":
        this.#take(event.member, event.places);
        return;
      case "consumed":
        this.#consume(event.member, event.place, event.offset);
        return;
      case "committed":
        this.#commit(event);
        return;
      case "killed":
        this.#ownedBy(event.member);
        this.#stopped.delete(event.member);
        return;
      case "stopped":
        this.#stopped.set(event.member, { atUs: event.atUs, places: this.#ownedBy(event.member) });
        return;
      case "failed":
        this.complaints.push(`${event.member} ended: ${event.error}`);
        return;
      case "left":
        for (const place of this.#ownedBy(event.member))
          this.complaints.push(`${event.member} left and was never told that ${place} is taken`);
        return;
      case "refused":
        // A transformer whose transaction was aborted begins anew.
        for (const place of Object.keys(event.offsets)) this.#positions.delete(`${event.member} ${place}`);
        return;
      case "held":
      case "error":
      case "continued":
        return;
    }
  }

  #assign(member: string, places: readonly Place[], atUs: number): void {
    for (const place of places) {
      const owners = this.owners.get(place) ?? new Set();
      this.owners.set(place, owners);
      for (const other of owners)
        if (other !== member) this.complaints.push(`${place} was given to ${member} while ${other} had it, at ${atUs} µs`);
      owners.add(member);
      this.#positions.delete(`${member} ${place}`);
      this.#stopped.get(member)?.places.delete(place);
    }
  }

  #assignTooLate(member: string, places: readonly Place[]): void {
    for (const place of places) this.#stopped.get(member)?.places.add(place);
  }

  #take(member: string, places: readonly Place[]): void {
    for (const place of places) {
      this.owners.get(place)?.delete(member);
      this.#stopped.get(member)?.places.delete(place);
    }
  }

  /** All that it owns, which it does not own any more. */
  #ownedBy(member: string): Set<Place> {
    return new Set([...this.owners].filter(([, owners]) => owners.delete(member)).map(([place]) => place));
  }

  #consume(member: string, place: Place, offset: number): void {
    if (this.#stopped.get(member)?.places.has(place) === true) return;
    if (this.owners.get(place)?.has(member) !== true) this.complaints.push(`${member} consumed ${place} at ${offset} without owning it`);
    const consumed = this.#consumed.get(place) ?? new Set();
    this.#consumed.set(place, consumed);
    const position = this.#positions.get(`${member} ${place}`) ?? -1;
    if (offset <= position) this.complaints.push(`${member} consumed ${place} at ${offset} after ${position}`);
    this.#positions.set(`${member} ${place}`, offset);
    const committed = this.#committed.get(place);
    if (consumed.has(offset) && committed !== undefined && committed.offset > offset)
      this.complaints.push(`${member} consumed ${place} at ${offset} again although ${committed.member} had committed ${committed.offset}`);
    consumed.add(offset);
  }

  #commit({ member, sinceUs, offsets }: Extract<MemberEvent, { event: "committed" }>): void {
    const stop = this.#stopped.get(member);
    for (const [place, offset] of Object.entries(offsets)) {
      const before = this.#committed.get(place);
      if (stop?.places.has(place) === true) {
        // Accepted before, and heard of only now.
        if (sinceUs < stop.atUs) continue;
        this.complaints.push(`a commit of ${place} by ${member} was accepted although its session was over`);
      } else if (this.owners.get(place)?.has(member) !== true) this.complaints.push(`${member} committed ${place} without owning it`);
      if (before !== undefined && before.offset > offset)
        this.complaints.push(`${member} committed ${offset} of ${place} where ${before.member} had committed ${before.offset}`);
      if (this.#consumed.get(place)?.has(offset - 1) !== true)
        this.complaints.push(`${member} committed ${offset} of ${place}, which nobody had consumed`);
      this.#committed.set(place, { offset, member });
    }
  }
}
