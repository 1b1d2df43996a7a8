// What a seed has done to a cluster of machines.

import { expect, test } from "vitest";
import { SERVICES } from "../interop/machines/machines.ts";
import { type Deed, planDeeds, subjectOf } from "../interop/machines/plan.ts";

const DEEDS: readonly Deed["does"][] = ["stop", "kill", "freeze", "cut", "fell", "add", "grow"];
const LIMITS = { places: 4, free: 1, services: SERVICES, lengthMs: 12_000, sessionMs: 3000, mostAway: 2, deeds: DEEDS } as const;

test("a plan is the same for the same seed, and does one thing at a time to a broker or a service", () => {
  const done = new Set<string>();
  for (let seed = 1; seed <= 50; seed++) {
    const plan = planDeeds(seed, LIMITS);
    expect(planDeeds(seed, LIMITS)).toEqual(plan);
    expect(plan.length).toBeGreaterThan(5);
    const busyUntilMs = new Map<string, number>();
    for (const { atMs, deed } of plan) {
      done.add(deed.does);
      const subject = subjectOf(deed);
      if (subject === undefined || !("forMs" in deed)) continue;
      expect(atMs).toBeGreaterThanOrEqual(busyUntilMs.get(subject) ?? 0);
      busyUntilMs.set(subject, atMs + deed.forMs);
      const away = [...busyUntilMs].filter(([name, untilMs]) => /^\d$/.test(name) && untilMs > atMs);
      expect(away.length).toBeLessThanOrEqual(LIMITS.mostAway);
    }
    for (const once of ["add", "grow"]) expect(plan.filter(({ deed }) => deed.does === once).length).toBeLessThanOrEqual(1);
  }
  expect([...done].toSorted()).toEqual(DEEDS.toSorted());
});

test("only what a cluster can have done to it is planned", () => {
  const plan = planDeeds(1, { ...LIMITS, deeds: ["kill", "add"] });
  expect(new Set(plan.map(({ deed }) => deed.does))).toEqual(new Set(["kill", "add"]));
});

test("a lone broker is cut off from its clients", () => {
  const lone = { ...LIMITS, places: 1, free: 0, services: [], mostAway: 1, deeds: ["kill", "cut"] } as const;
  const deeds = [1, 2, 3, 4, 5].flatMap((seed) => planDeeds(seed, lone).map(({ deed }) => deed));
  expect(new Set(deeds.map((deed) => "place" in deed && deed.place))).toEqual(new Set([0]));
  expect(new Set(deeds.flatMap((deed) => (deed.does === "cut" ? [deed.from] : [])))).toEqual(new Set(["clients"]));
});
