// Assertions are always on: a broken invariant fails one connection or one partition rather than lie.

/** Raised when our own code broke a promise that it makes. */
export class BrokenInvariant extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BrokenInvariant";
  }
}

/** `claim` is the sentence that holds: "batches follow one another without a gap". */
export function assert(condition: boolean, claim: string): asserts condition {
  if (!condition) throw new BrokenInvariant(claim);
}
