// What a soak holds a broker to: every record that was acknowledged is read once and in order, every group is given every record, a transaction
// is read wholly or not at all. Each account forgets what is settled, so that an hour takes no more memory than a minute.

/** Told as it happens; a list that stays empty. */
export type Complain = (complaint: string) => void;

/** One writer's records in one partition: numbers that rise by one. */
export class WrittenStream {
  readonly #name: string;
  readonly #complain: Complain;
  /** Given up by the client: they may be there or not. */
  readonly #unknown = new Set<number>();
  #acknowledged = -1;
  #read = -1;

  constructor(name: string, complain: Complain) {
    this.#name = name;
    this.#complain = complain;
  }

  acknowledged(number: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, number);
  }

  unknown(number: number): void {
    this.#unknown.add(number);
  }

  read(number: number): void {
    if (number <= this.#read) {
      this.#complain(`${this.#name}: ${number} is read after ${this.#read}: doubled, or out of order`);
      return;
    }
    for (let missing = this.#read + 1; missing < number; missing++) this.#missed(missing);
    this.#read = number;
  }

  /** All is read that there is. */
  end(): void {
    for (let missing = this.#read + 1; missing <= this.#acknowledged; missing++) this.#missed(missing);
  }

  #missed(number: number): void {
    if (!this.#unknown.delete(number)) this.#complain(`${this.#name}: ${number} is lost`);
  }
}

/** What one group was given of one partition without transactions: every offset, again where a member came or went. */
export class GivenOffsets {
  /** Deliveries beyond the first. */
  repeated = 0;
  readonly #name: string;
  readonly #complain: Complain;
  #next = 0;

  constructor(name: string, complain: Complain) {
    this.#name = name;
    this.#complain = complain;
  }

  get next(): number {
    return this.#next;
  }

  given(offset: number): void {
    if (offset < this.#next) {
      this.repeated++;
      return;
    }
    if (offset > this.#next) this.#complain(`${this.#name}: ${this.#next} to ${offset - 1} were passed over, ${offset} is given`);
    this.#next = offset + 1;
  }
}

/** What a share group was given: each record that was acknowledged at least once, in any order. */
export class SharedRecords {
  repeated = 0;
  readonly #owed = new Set<string>();
  /** Given before its producer heard of it. */
  readonly #early = new Set<string>();

  /** Not given yet. */
  get owed(): number {
    return this.#owed.size;
  }

  acknowledged(place: string): void {
    if (!this.#early.delete(place)) this.#owed.add(place);
  }

  given(place: string, deliveryCount: number): void {
    if (deliveryCount > 1) this.repeated++;
    if (!this.#owed.delete(place) && deliveryCount === 1) this.#early.add(place);
  }
}

export type TransactionOutcome = "committed" | "aborted" | "unknown";

/** One writer's transactions, which put a record into each of so many partitions. */
export class WrittenTransactions {
  readonly counts: Record<TransactionOutcome, number> = { committed: 0, aborted: 0, unknown: 0 };
  readonly #name: string;
  readonly #parts: number;
  readonly #complain: Complain;
  readonly #outcomes = new Map<number, TransactionOutcome>();
  /** How many parts were read. */
  readonly #read = new Map<number, number>();
  readonly #last = new Map<number, number>();

  constructor(name: string, parts: number, complain: Complain) {
    this.#name = name;
    this.#parts = parts;
    this.#complain = complain;
  }

  ended(number: number, outcome: TransactionOutcome): void {
    this.counts[outcome]++;
    this.#outcomes.set(number, outcome);
    this.#settle(number);
  }

  /** By a reader of committed records. */
  read(number: number, partition: number): void {
    if (number <= (this.#last.get(partition) ?? -1)) {
      this.#complain(`${this.#name}: ${number} is read in partition ${partition} after ${this.#last.get(partition)}`);
      return;
    }
    this.#last.set(partition, number);
    this.#read.set(number, (this.#read.get(number) ?? 0) + 1);
    this.#settle(number);
  }

  /** Committed, and not read wholly yet. */
  get owed(): number {
    return [...this.#outcomes.values()].filter((outcome) => outcome === "committed").length;
  }

  end(): void {
    for (const [number, outcome] of this.#outcomes) {
      const parts = this.#read.get(number) ?? 0;
      if (outcome === "committed")
        this.#complain(`${this.#name}: transaction ${number} was committed, ${parts} of ${this.#parts} parts are read`);
      else if (parts > 0) this.#complain(`${this.#name}: transaction ${number} is ${outcome}, ${parts} of ${this.#parts} parts are read`);
    }
  }

  #settle(number: number): void {
    const outcome = this.#outcomes.get(number);
    const parts = this.#read.get(number) ?? 0;
    if (outcome === "aborted" && parts > 0) this.#complain(`${this.#name}: transaction ${number} was aborted, and is read`);
    if (outcome === undefined || (outcome !== "aborted" && parts < this.#parts)) return;
    this.#outcomes.delete(number);
    this.#read.delete(number);
  }
}
