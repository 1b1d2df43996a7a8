// Pairs of an older and a newer schema, with who can read whom.

/** `backward`: the newer reads what the older wrote; `forward`: the older reads what the newer writes. */
export type Verdict = "both" | "backward" | "forward" | "neither";

export interface Pair {
  /** What the newer schema has that the older one has not. */
  readonly change: string;
  readonly older: string;
  readonly newer: string;
  readonly verdict: Verdict;
}

/** A pair of schemas that are JSON. */
export function pair(change: string, older: unknown, newer: unknown, verdict: Verdict): Pair {
  return { change, older: JSON.stringify(older), newer: JSON.stringify(newer), verdict };
}
