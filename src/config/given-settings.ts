// Settings as text, each with where it was given: an error about a value can then name its culprit, whenever it comes up.

export interface Given {
  readonly value: string;
  /** In words that follow "given": "with --set num.partitions", "in server.properties, line 3". */
  readonly place: string;
}

/** By name, as it was written. A map, and of plain objects: it goes to other threads as it is. */
export type GivenSettings = ReadonlyMap<string, Given>;

/** People who write lists in compose files quote values, and the quotes stay. */
export function placeInWords({ value, place }: Given): string {
  return /^\s*(["']).*\1\s*$/s.test(value) ? `${place}; the quotes are part of the value` : place;
}
