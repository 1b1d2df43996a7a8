// Leases in memory, shared by all who have a view of them, by a clock that stands for the database's. For slow, lost and failing calls put a
// Link before a view (link.ts).

import type { Clock } from "../../../src/base/clock.ts";
import { type Claimant, ID_REST_MS, type Incarnation, type Leases, type LeaseView, type Renewal } from "../../../src/diskless/leases.ts";

interface LeaseRow extends Incarnation {
  untilMs: number;
  isEnded: boolean;
  readonly address: string | undefined;
}

export class MemoryLeases {
  readonly #clock: Clock;
  readonly #rows = new Map<number, LeaseRow>();
  readonly #onEnded: (incarnation: Incarnation) => void;
  #lastNumber = 0;

  /** @param onEnded called when one is not held any more and never will be again */
  constructor(clock: Clock, onEnded: (incarnation: Incarnation) => void = () => undefined) {
    this.#clock = clock;
    this.#onEnded = onEnded;
  }

  view(): Leases {
    return {
      claim: async (claimant, ttlMs) => this.#claim(claimant, ttlMs),
      renew: async (incarnation, ttlMs) => this.#renew(incarnation, ttlMs),
      fence: async (incarnation) => this.#fence(incarnation),
      release: async (incarnation) => {
        const row = this.#heldRow(incarnation);
        if (row !== undefined) this.#end(row);
      },
      list: async () => this.#views(),
      passOver: async (numberCount) => {
        this.#lastNumber += numberCount;
      },
    };
  }

  #claim(claimant: Claimant, ttlMs: number): Incarnation {
    const brokerId = claimant.brokerId ?? this.#freeId(claimant.address);
    const number = ++this.#lastNumber;
    const previous = this.#rows.get(brokerId);
    const address = claimant.address ?? previous?.address;
    if (previous?.isEnded === false) this.#end(previous);
    this.#rows.set(brokerId, { brokerId, number, untilMs: this.#clock.now() + ttlMs, isEnded: false, address });
    return { brokerId, number };
  }

  #freeId(address: string | undefined): number {
    const now = this.#clock.now();
    const rows = [...this.#rows.values()].toSorted((one, other) => one.brokerId - other.brokerId);
    const here = rows.filter((row) => address !== undefined && row.address === address).sort((one, other) => other.number - one.number)[0];
    const rested = rows.find(({ isEnded, untilMs }) => isEnded && untilMs < now - ID_REST_MS);
    return (here ?? rested)?.brokerId ?? Math.max(0, ...this.#rows.keys()) + 1;
  }

  #renew(incarnation: Incarnation, ttlMs: number): Renewal {
    const row = this.#heldRow(incarnation);
    if (row !== undefined) row.untilMs = this.#clock.now() + ttlMs;
    const lapsed = this.#views().filter(
      ({ brokerId, remainingMs, isEnded }) => brokerId !== incarnation.brokerId && remainingMs < 0 && !isEnded,
    );
    return { isHeld: row !== undefined, lapsed };
  }

  #fence({ brokerId, number }: Incarnation): boolean {
    const row = this.#rows.get(brokerId);
    if (row === undefined || row.number < number) return false;
    if (row.number === number && !row.isEnded && row.untilMs < this.#clock.now()) this.#end(row);
    return row.number > number || row.isEnded;
  }

  #heldRow({ brokerId, number }: Incarnation): LeaseRow | undefined {
    const row = this.#rows.get(brokerId);
    return row?.number === number && !row.isEnded ? row : undefined;
  }

  #end(row: LeaseRow): void {
    row.isEnded = true;
    this.#onEnded(row);
  }

  #views(): LeaseView[] {
    const now = this.#clock.now();
    return [...this.#rows.values()]
      .map(({ brokerId, number, untilMs, isEnded }) => ({ brokerId, number, remainingMs: untilMs - now, isEnded }))
      .sort((one, other) => one.brokerId - other.brokerId);
  }
}
