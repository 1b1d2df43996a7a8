// Which brokers are there: a lease each, by the database's clock. A lease belongs to an incarnation, a number that is given out once; who
// claims a broker id that another process has takes it away from that process.

export interface Incarnation {
  readonly brokerId: number;
  /** Given out by the cluster, never twice. */
  readonly number: number;
}

/** Who claims a lease: a process that was given its id, or one that gets one given out. */
export interface Claimant {
  readonly brokerId?: number | undefined;
  /** Where clients find it. What they know of an id they know of an address, too, so the id of an address stays with it. */
  readonly address?: string | undefined;
}

/** Clients may take an id for the broker at another address for as long: twice their `metadata.max.age.ms`. */
export const ID_REST_MS = 600_000;

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
  /**
   * A new incarnation, with its lease. Without an id: the one that was last at the address, whoever has it, since nobody else can be there
   * any more; else the lowest whose lease has ended and that nobody had for ID_REST_MS; else one above the highest.
   */
  claim(claimant: Claimant, ttlMs: number): Promise<Incarnation>;
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
