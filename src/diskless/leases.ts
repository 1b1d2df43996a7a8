// Which brokers are there: a lease each, by the database's clock. A lease belongs to an incarnation, a number that is given out once; who
// claims a broker id that another process has takes it away from that process.

export interface Incarnation {
  readonly brokerId: number;
  /** Given out by the cluster, never twice. */
  readonly number: number;
}

export interface LeaseView extends Incarnation {
  /** By the database's clock; negative: it lapsed so long ago. */
  readonly remainingMs: number;
  /** It is not held any more, and never will be again. */
  readonly isEnded: boolean;
}

export interface Renewal {
  /** False: the lease was ended, by a fence or by another claim of the id. */
  readonly isHeld: boolean;
  /** Leases of others that lapsed and were not ended yet. */
  readonly lapsed: readonly LeaseView[];
}

/** All reject with StorageError: "UNAVAILABLE" where it is not known whether it was done. */
export interface Leases {
  /** A new incarnation, with its lease. Without an id: the lowest whose lease has ended, else one above the highest. */
  claim(brokerId: number | undefined, ttlMs: number): Promise<Incarnation>;
  /** From now on for `ttlMs`, unless it was ended. A lapsed lease that nobody ended is held again. */
  renew(incarnation: Incarnation, ttlMs: number): Promise<Renewal>;
  /** Ends a lease that has lapsed, for good; `false` when it has not, or was renewed meanwhile. True also when it was ended before. */
  fence(incarnation: Incarnation): Promise<boolean>;
  /** Ends one's own. */
  release(incarnation: Incarnation): Promise<void>;
  list(): Promise<readonly LeaseView[]>;
  /** So many of the next numbers are never given out. */
  passOver(numberCount: number): Promise<void>;
}
