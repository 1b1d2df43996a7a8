// Transactional batches whose place in a transaction is being looked up with its coordinator (KIP-890). Between question and append the
// transaction may end: its marker takes the verification away, and the batch is refused rather than left hanging for ever.
//
// Batches of one producer share a verification, which remembers the lowest sequence that it saw: when the first of several batches is turned
// away, those after it must not be taken for the beginning.

export interface Verification {
  readonly producerId: number;
  /** Whether each transaction of the producer has an epoch of its own; the marker of one has the epoch of the next (KIP-890). */
  readonly hasOwnEpoch: boolean;
  producerEpoch: number;
  lowestSequence: number;
}

/** Of producers that never came back; the oldest go. */
const MOST_VERIFICATIONS = 10_000;

export class Verifications {
  readonly #verifications = new Map<number, Verification>();

  start(producerId: number, producerEpoch: number, baseSequence: number, hasOwnEpoch: boolean): Verification {
    let verification = this.#verifications.get(producerId);
    if (verification === undefined) {
      verification = { producerId, hasOwnEpoch, producerEpoch, lowestSequence: baseSequence };
      this.#makeRoom();
      this.#verifications.set(producerId, verification);
    } else if (producerEpoch > verification.producerEpoch) {
      verification.producerEpoch = producerEpoch;
      verification.lowestSequence = baseSequence;
    } else if (producerEpoch === verification.producerEpoch) {
      verification.lowestSequence = Math.min(verification.lowestSequence, baseSequence);
    }
    return verification;
  }

  /** False once a marker came. */
  isValid(verification: Verification): boolean {
    return this.#verifications.get(verification.producerId) === verification;
  }

  /** The transaction is open in the partition. */
  end(producerId: number): void {
    this.#verifications.delete(producerId);
  }

  /** A transaction has ended; its marker has that epoch. */
  ended({ producerId, producerEpoch }: { readonly producerId: number; readonly producerEpoch: number }): void {
    const verification = this.#verifications.get(producerId);
    const isOfNext = verification?.hasOwnEpoch === true && verification.producerEpoch === producerEpoch;
    if (!isOfNext) this.#verifications.delete(producerId);
  }

  #makeRoom(): void {
    if (this.#verifications.size < MOST_VERIFICATIONS) return;
    const [oldest] = this.#verifications.keys();
    if (oldest !== undefined) this.#verifications.delete(oldest);
  }
}
