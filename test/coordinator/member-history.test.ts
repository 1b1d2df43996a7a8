// The checker of members' logs, which the suite with real clients judges groups by: that it sees what is wrong, and nothing else.

import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { complaintsAbout, ownersIn } from "../interop/member-history.ts";
import { type MemberEvent, MemberLog, type Offsets, type Place } from "../interop/member-log.ts";

const P = "orders/0";

/** A member's log; what it tells happens at the times that are given, in microseconds. */
class Told {
  readonly events: MemberEvent[] = [];
  readonly #member: string;

  constructor(member: string) {
    this.#member = member;
  }

  assigned(atUs: number, ...places: Place[]): this {
    return this.#add({ member: this.#member, atUs, event: "assigned", places });
  }

  revoked(atUs: number, ...places: Place[]): this {
    return this.#add({ member: this.#member, atUs, event: "revoked", places });
  }

  lost(atUs: number, ...places: Place[]): this {
    return this.#add({ member: this.#member, atUs, event: "lost", places });
  }

  /** Of the one partition. */
  consumed(atUs: number, ...offsets: number[]): this {
    for (const offset of offsets) this.#add({ member: this.#member, atUs, event: "consumed", place: P, offset });
    return this;
  }

  committed(atUs: number, offset: number, sinceUs = atUs - 1): this {
    return this.#add({ member: this.#member, atUs, event: "committed", sinceUs, offsets: { [P]: offset } });
  }

  refused(atUs: number, offset: number): this {
    return this.#add({ member: this.#member, atUs, event: "refused", offsets: { [P]: offset }, error: "UNKNOWN_MEMBER_ID" });
  }

  is(event: "killed" | "stopped" | "continued" | "left", atUs: number): this {
    return this.#add({ member: this.#member, atUs, event });
  }

  failed(atUs: number, error: string): this {
    return this.#add({ member: this.#member, atUs, event: "failed", error });
  }

  #add(event: MemberEvent): this {
    this.events.push(event);
    return this;
  }
}

function complaints(ends: Offsets, ...logs: Told[]): string[] {
  return complaintsAbout(
    logs.map(({ events }) => events),
    ends,
  );
}

describe("nothing is wrong with", () => {
  test("a partition that is handed over when its owner has given it up, in the same microsecond at the earliest", () => {
    const a = new Told("a").assigned(1, P).consumed(2, 0, 1).committed(3, 2).revoked(4, P).is("left", 5);
    const b = new Told("b").assigned(4, P).consumed(5, 2).committed(6, 3);
    expect(complaints({ [P]: 3 }, a, b)).toEqual([]);
    expect(complaints({ [P]: 3 }, b, a)).toEqual([]);
  });

  test("a member that begins again where nothing was committed, when it is given the partition again", () => {
    const a = new Told("a").assigned(1, P).consumed(2, 0, 1).revoked(3, P).assigned(4, P).consumed(5, 0, 1).committed(6, 2);
    expect(complaints({ [P]: 2 }, a)).toEqual([]);
  });

  test("a member that begins again where its commit was refused", () => {
    const a = new Told("a").assigned(1, P).consumed(2, 0, 1).refused(3, 2).consumed(4, 0, 1).committed(5, 2);
    expect(complaints({ [P]: 2 }, a)).toEqual([]);
  });

  test("records that are consumed again because nobody had committed them", () => {
    const a = new Told("a").assigned(1, P).consumed(2, 0).committed(3, 1).consumed(4, 1, 2).is("killed", 5);
    const b = new Told("b").assigned(100, P).consumed(101, 1, 2, 3).committed(102, 4);
    expect(complaints({ [P]: 4 }, a, b)).toEqual([]);
  });

  test("a member that stood still, consumes what it has lost, is refused, and comes back", () => {
    const a = new Told("a").assigned(1, P).consumed(2, 0).is("stopped", 3).is("continued", 50);
    a.consumed(51, 1).refused(52, 2).lost(53, P).assigned(60, P).consumed(61, 3).committed(62, 4);
    const b = new Told("b").assigned(20, P).consumed(21, 0, 1, 2).committed(22, 3).revoked(59, P);
    expect(complaints({ [P]: 4 }, a, b)).toEqual([]);
  });
});

test("nothing is wrong with a commit that was accepted before a member stood still, and is heard of afterwards", () => {
  const a = new Told("a").assigned(1, P).consumed(2, 0).is("stopped", 5).is("continued", 50).committed(51, 1, 4).lost(52, P);
  const b = new Told("b").assigned(20, P).consumed(21, 1).committed(22, 2);
  expect(complaints({ [P]: 2 }, a, b)).toEqual([]);
});

describe("a member that stood still beyond its session reads what it was given before", () => {
  const a = () => new Told("a").is("stopped", 5).is("continued", 50).assigned(51, P);
  const b = () => new Told("b").assigned(20, P).consumed(21, 0);

  test("and is told that it has lost that: it never was its owner", () => {
    const late = a().consumed(52, 0).refused(53, 1).lost(54, P).assigned(60, P).consumed(61, 1).committed(62, 2);
    expect(complaints({ [P]: 2 }, late, b().committed(22, 1).revoked(59, P))).toEqual([]);
  });

  test("and may not commit it", () => {
    const late = a().consumed(52, 0).committed(53, 1).lost(54, P);
    expect(complaints({ [P]: 1 }, late, b())).toContain("orders/0 was given to a while b had it, at 51 µs");
  });

  test("but what it keeps it owns, and what it is given once it is a member again", () => {
    expect(complaints({ [P]: 1 }, a().revoked(60, P), b())).toEqual(["orders/0 was given to a while b had it, at 51 µs"]);
    const again = new Told("a").is("stopped", 5).is("continued", 50).assigned(51, P).lost(52, P).assigned(53, P).lost(54, P);
    expect(complaints({ [P]: 1 }, again, b())).toEqual(["orders/0 was given to a while b had it, at 53 µs"]);
  });
});

describe("complaints are made of", () => {
  test("a partition that is given while another member has it", () => {
    const a = new Told("a").assigned(1, P).revoked(5, P);
    const b = new Told("b").assigned(4, P);
    expect(complaints({}, a, b)).toEqual(["orders/0 was given to b while a had it, at 4 µs"]);
  });

  test("a partition of which the lost owner was not told yet", () => {
    const a = new Told("a").assigned(1, P, "orders/1").revoked(3, "orders/1").lost(9, P);
    expect(complaints({}, a, new Told("b").assigned(8, "orders/1", P))).toEqual(["orders/0 was given to b while a had it, at 8 µs"]);
  });

  test("a record that nobody has consumed, in the middle or at the end", () => {
    const a = new Told("a").assigned(1, P).consumed(2, 0, 3).committed(3, 4);
    expect(complaints({ [P]: 6 }, a)).toEqual(["orders/0 from 1 to 2 was never consumed", "orders/0 from 4 to 5 was never consumed"]);
  });

  test("a partition that nobody has consumed at all", () => {
    expect(complaints({ [P]: 2 }, new Told("a"))).toEqual(["orders/0 from 0 to 1 was never consumed"]);
  });

  test("a record that is consumed again although it was committed, by another member or the same", () => {
    const a = new Told("a").assigned(1, P).consumed(2, 0, 1).committed(3, 2).revoked(4, P);
    const b = new Told("b").assigned(5, P).consumed(6, 1, 2);
    expect(complaints({ [P]: 3 }, a, b)).toEqual(["b consumed orders/0 at 1 again although a had committed 2"]);
    expect(complaints({ [P]: 2 }, a.assigned(7, P).consumed(8, 0))).toEqual(["a consumed orders/0 at 0 again although a had committed 2"]);
  });

  test("a member that goes back in a partition that it has kept", () => {
    const a = new Told("a").assigned(1, P).consumed(2, 0, 1, 1, 2, 0);
    expect(complaints({ [P]: 3 }, a)).toEqual(["a consumed orders/0 at 1 after 1", "a consumed orders/0 at 0 after 2"]);
  });

  test("what is consumed or committed by a member that does not own it", () => {
    const a = new Told("a").assigned(1, P).consumed(2, 0).revoked(3, P).consumed(4, 1).committed(5, 2);
    expect(complaints({ [P]: 2 }, a)).toEqual(["a consumed orders/0 at 1 without owning it", "a committed orders/0 without owning it"]);
  });

  test("a commit that is accepted of a member whose session was over", () => {
    const a = new Told("a").assigned(1, P).consumed(2, 0).is("stopped", 3).is("continued", 50).committed(51, 1);
    const b = new Told("b").assigned(20, P).consumed(21, 0, 1).committed(22, 2);
    expect(complaints({ [P]: 2 }, a, b)).toEqual([
      "a commit of orders/0 by a was accepted although its session was over",
      "a committed 1 of orders/0 where b had committed 2",
    ]);
  });

  test("a commit that takes another back", () => {
    const a = new Told("a").assigned(1, P).consumed(2, 0, 1, 2).committed(3, 3).committed(4, 1);
    expect(complaints({ [P]: 3 }, a)).toEqual(["a committed 1 of orders/0 where a had committed 3"]);
  });

  test("a commit beyond what was consumed", () => {
    const a = new Told("a").assigned(1, P).consumed(2, 0).committed(3, 5);
    expect(complaints({ [P]: 1 }, a)).toEqual(["a committed 5 of orders/0, which nobody had consumed"]);
  });

  test("a member that ends by an error, or leaves without giving up what it has", () => {
    expect(complaints({}, new Told("a").failed(1, "fatal"))).toEqual(["a ended: fatal"]);
    expect(complaints({}, new Told("a").assigned(1, P).is("left", 2))).toEqual(["a left and was never told that orders/0 is taken"]);
  });
});

test("owners are those who have a partition now", () => {
  const a = new Told("a").assigned(1, P, "orders/1").revoked(3, P);
  const b = new Told("b").assigned(4, P).is("killed", 5);
  const owners = ownersIn([a.events, b.events]);
  expect([...owners].map(([place, members]) => [place, [...members]])).toEqual([
    [P, []],
    ["orders/1", ["a"]],
  ]);
});

test("a log is read as it grows, and a line that is not all there is read later", () => {
  const folder = mkdtempSync(join(tmpdir(), "member-log-"));
  const path = join(folder, "a.log");
  const log = new MemberLog(path, "a");
  expect(log.read()).toEqual([]);
  appendFileSync(path, '{"atUs":1,"event":"assigned","places":["orders/0"]}\n{"atUs":2,"eve');
  expect(log.read()).toEqual([{ member: "a", atUs: 1, event: "assigned", places: [P] }]);
  appendFileSync(path, 'nt":"held"}\n');
  log.add("killed", 3);
  expect(log.read()).toEqual([
    { member: "a", atUs: 1, event: "assigned", places: [P] },
    { member: "a", atUs: 2, event: "held" },
    { member: "a", atUs: 3, event: "killed" },
  ]);
  rmSync(folder, { recursive: true, force: true });
});
