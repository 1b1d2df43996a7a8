// What is done to a cluster of machines, when and for how long, as a seed decides.

import { SeededChance } from "../../../src/faults/seeded-chance.ts";
import type { LineState } from "./line.ts";
import type { FarEnd, ServiceName } from "./machines.ts";

export type Deed =
  /** Ended, and started again after a while. */
  | { readonly does: "stop" | "kill"; readonly place: number; readonly forMs: number }
  /** Stands still for a while. */
  | { readonly does: "freeze"; readonly place: number; readonly forMs: number }
  /** When it is over, what was held comes after all, or is lost. */
  | {
      readonly does: "cut";
      readonly place: number;
      readonly from: FarEnd;
      readonly how: Exclude<LineState, "open">;
      readonly forMs: number;
      readonly isLost: boolean;
    }
  /** A service is killed, and resumed after a while. */
  | { readonly does: "fell"; readonly service: ServiceName; readonly forMs: number }
  /** A broker is started in a place that was free until then, the last one. */
  | { readonly does: "add"; readonly place: number }
  /** The topic of the groups gets a partition more. */
  | { readonly does: "grow" };

export interface PlannedDeed {
  readonly atMs: number;
  readonly deed: Deed;
}

export interface PlanLimits {
  readonly places: number;
  /** How many of them are free at first: the last, or none. */
  readonly free: 0 | 1;
  /** Brokers without any can be cut off from their clients. */
  readonly services: readonly ServiceName[];
  /** The last deed begins before. */
  readonly lengthMs: number;
  /** How long a broker counts as there without a word from it. */
  readonly sessionMs: number;
  /** Brokers that are stopped, killed, still or cut off at a time. */
  readonly mostAway: number;
  readonly deeds: readonly Deed["does"][];
}

const CUTS = ["refused", "silent", "no requests", "no answers"] as const;
const MOST_PAUSE_MS = 1500;

/** In the order of their beginnings. Nothing is done to a broker or a service to which something is being done. */
export function planDeeds(seed: number, limits: PlanLimits): readonly PlannedDeed[] {
  const chance = new Chance(seed);
  const plan: PlannedDeed[] = [];
  const busyUntilMs = new Map<string, number>();
  const isBusy = (what: string, atMs: number): boolean => (busyUntilMs.get(what) ?? 0) > atMs;
  for (let atMs = 0; atMs < limits.lengthMs; atMs += chance.upTo(MOST_PAUSE_MS)) {
    const away = Array.from({ length: limits.places }, (_, place) => `${place}`).filter((place) => isBusy(place, atMs));
    const deed = chance.deed(limits, plan);
    const on = subjectOf(deed);
    const takesAway = "place" in deed && deed.does !== "add";
    if (on !== undefined && (isBusy(on, atMs) || (takesAway && away.length >= limits.mostAway))) continue;
    if (on !== undefined && "forMs" in deed) busyUntilMs.set(on, atMs + deed.forMs + limits.sessionMs / 2);
    plan.push({ atMs: Math.round(atMs), deed });
  }
  return plan;
}

export function subjectOf(deed: Deed): string | undefined {
  if ("place" in deed) return `${deed.place}`;
  return deed.does === "fell" ? deed.service : undefined;
}

class Chance {
  readonly #chance: SeededChance;

  constructor(seed: number) {
    this.#chance = new SeededChance(seed);
    for (let turn = 0; turn < 8; turn++) this.#chance.next(); // Small seeds begin alike.
  }

  upTo(most: number): number {
    return this.#chance.next() * most;
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#chance.next() * from.length)] as T;
  }

  /** Adding and growing once each. */
  deed({ places, free, services, sessionMs, deeds }: PlanLimits, plan: readonly PlannedDeed[]): Deed {
    const hasDone = (does: Deed["does"]): boolean => plan.some(({ deed }) => deed.does === does);
    const does = this.#pick(deeds.filter((each) => (each !== "add" && each !== "grow") || !hasDone(each)));
    if (does === "grow") return { does };
    if (does === "add") return { does, place: places - 1 };
    const forMs = this.#duration(sessionMs);
    const service = services.length > 0 ? this.#pick(services) : undefined;
    if (does === "fell" && service !== undefined) return { does, service, forMs };
    const place = Math.floor(this.upTo(places - (hasDone("add") ? 0 : free)));
    if (does !== "cut" && does !== "fell") return { does, place, forMs };
    return { does: "cut", place, from: service ?? "clients", how: this.#pick(CUTS), forMs, isLost: this.#chance.next() < 0.5 };
  }

  /** Shorter than the session, or so long that it is over. */
  #duration(sessionMs: number): number {
    const share = this.#chance.next() < 0.5 ? 0.1 + this.upTo(0.6) : 1.3 + this.upTo(1);
    return Math.round(sessionMs * share);
  }
}
