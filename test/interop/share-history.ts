// What happened to the records of a share group whose members each do as they do, and what is wrong with it.

import type { Committed, SharedRecord } from "./share-client.ts";

/** "<partition>/<offset>". */
type Place = string;

export class ShareHistory {
  readonly #deliveries = new Map<Place, number>();
  readonly #accepted = new Map<Place, number>();
  /** Accepted as far as its consumer knows, which was not answered, or refused: it may or may not be so. */
  readonly #doubtful = new Set<Place>();
  readonly #complaints: string[] = [];

  delivered(member: string, records: readonly SharedRecord[]): void {
    for (const record of records) {
      const place = placeOf(record);
      this.#deliveries.set(place, Math.max(this.#deliveries.get(place) ?? 0, record.deliveries));
      if (this.#accepted.has(place)) this.#complaints.push(`${place} was delivered to ${member} after it was accepted`);
    }
  }

  /** @param outcome without one, nothing was answered */
  accepted(records: readonly SharedRecord[], outcome?: Committed): void {
    for (const record of records) {
      const place = placeOf(record);
      if (outcome?.[`${record.partition}`] !== null) this.#doubtful.add(place);
      else this.#accepted.set(place, (this.#accepted.get(place) ?? 0) + 1);
    }
  }

  /** Of these partitions' records, up to these ends: those that nobody has accepted. */
  missing(ends: readonly number[]): Place[] {
    return placesUpTo(ends).filter((place) => !this.#accepted.has(place) && !this.#doubtful.has(place));
  }

  get acceptedCount(): number {
    return this.#accepted.size;
  }

  get mostDeliveries(): number {
    return Math.max(0, ...this.#deliveries.values());
  }

  /** What must not be, once nothing is left. */
  complaints(ends: readonly number[]): string[] {
    const twice = [...this.#accepted].filter(([, count]) => count > 1).map(([place, count]) => `${place} was accepted ${count} times`);
    const lost = this.missing(ends).map((place) => `${place} was ${this.#deliveries.has(place) ? "delivered and never accepted" : "lost"}`);
    return [...this.#complaints, ...twice, ...lost];
  }
}

function placeOf({ partition, offset }: SharedRecord): Place {
  return `${partition}/${offset}`;
}

function placesUpTo(ends: readonly number[]): Place[] {
  return ends.flatMap((end, partition) => Array.from({ length: end }, (_, offset) => `${partition}/${offset}`));
}
