// What clients saw while brokers came and went, and what must hold of it in the end: everything acknowledged is in the log where it was
// said to be, once and in order from an idempotent producer; the group has read all of it without a gap, and went on from what it had
// committed; a transaction took effect wholly or not at all.

export type ProducerName = "idempotent" | "plain";

/** What a client tells as it happens. Values of records are "<producer> <key> <number>", of transactions "<number> a" and "<number> b". */
export type ClientEvent =
  /** Acknowledged. An offset of -1: the client was not told. */
  | { readonly event: "sent"; readonly value: string; readonly partition: number; readonly offset: number }
  /** Given up by the client: it may or may not be in the log. */
  | { readonly event: "unsent"; readonly value: string; readonly error: string }
  | { readonly event: "assigned"; readonly member: string; readonly partitions: readonly number[] }
  | { readonly event: "received"; readonly member: string; readonly partition: number; readonly offset: number; readonly value: string }
  /** A commit that was acknowledged; `offset` is the next to read. */
  | { readonly event: "committed"; readonly member: string; readonly partition: number; readonly offset: number }
  | { readonly event: "transaction"; readonly number: number; readonly outcome: TransactionOutcome }
  /** The client copes with it. */
  | { readonly event: "error"; readonly who: string; readonly error: string }
  /** The client cannot go on. */
  | { readonly event: "died"; readonly who: string; readonly error: string };

/** Unknown: the client was told neither. */
export type TransactionOutcome = "committed" | "aborted" | "unknown";

export interface LogRecord {
  readonly offset: number;
  readonly value: string;
}

/** By partition, in the order of the log. */
export type TopicLog = readonly (readonly LogRecord[])[];

export class History {
  readonly events: ClientEvent[] = [];
  readonly #sent = { idempotent: 0, plain: 0 };
  #received = 0;
  #committedTransactions = 0;

  readonly tell = (event: ClientEvent): void => {
    this.events.push(event);
    if (event.event === "sent") this.#sent[producerOf(event.value)]++;
    else if (event.event === "received") this.#received++;
    else if (event.event === "transaction" && event.outcome === "committed") this.#committedTransactions++;
  };

  /** How far the clients have come: acknowledged records by producer, records of the group, committed transactions. */
  progress(): { readonly [what: string]: number } {
    return { ...this.#sent, received: this.#received, transactions: this.#committedTransactions };
  }

  of<Name extends ClientEvent["event"]>(name: Name): Extract<ClientEvent, { event: Name }>[] {
    return this.events.filter((event): event is Extract<ClientEvent, { event: Name }> => event.event === name);
  }

  /** By partition, the ends of what was received and of what was committed. */
  ends(): { readonly received: readonly number[]; readonly committed: readonly number[] } {
    const [received, committed]: [number[], number[]] = [[], []];
    for (const { partition, offset } of this.of("received")) received[partition] = Math.max(received[partition] ?? 0, offset + 1);
    for (const { partition, offset } of this.of("committed")) committed[partition] = Math.max(committed[partition] ?? 0, offset);
    return { received, committed };
  }

  /** How often each error was told of. */
  errors(): { readonly [error: string]: number } {
    const counts: Record<string, number> = {};
    for (const { who, error } of this.of("error")) counts[`${who}: ${error}`] = (counts[`${who}: ${error}`] ?? 0) + 1;
    return counts;
  }
}

function producerOf(value: string): ProducerName {
  return value.startsWith("idempotent ") ? "idempotent" : "plain";
}

/** What is wrong with a history, a sentence each. `orders` is the topic of the producers and the group, `ledger` that of transactions. */
export function complaintsAbout(history: History, { orders, ledger }: { readonly orders: TopicLog; readonly ledger: TopicLog }): string[] {
  return [
    ...history.of("died").map(({ who, error }) => `${who} ended: ${error}`),
    ...history.of("unsent").map(({ value, error }) => `${value} was given up: ${error}`),
    ...lostRecords(history, orders),
    ...disorder(orders),
    ...groupComplaints(history, orders),
    ...lostCommits(history),
    ...transactionComplaints(history, ledger),
  ];
}

function lostRecords(history: History, log: TopicLog): string[] {
  const complaints: string[] = [];
  const stored = new Set(log.flatMap((records) => records.map(({ value }) => value)));
  const places = placesOf(log);
  for (const { value, partition, offset } of history.of("sent")) {
    if (!stored.has(value)) complaints.push(`${value} was acknowledged at ${partition}/${offset} and is lost`);
    else if (offset >= 0 && places.get(`${partition}/${offset}`) !== value)
      complaints.push(`${value} was acknowledged at ${partition}/${offset}, where ${places.get(`${partition}/${offset}`)} is`);
  }
  return complaints;
}

/** Of an idempotent producer each record is there once; of any, the records of a key first come in the order in which they were sent. */
function disorder(log: TopicLog): string[] {
  const complaints: string[] = [];
  const seen = new Set<string>();
  log.forEach((records, partition) => {
    const last = new Map<string, number>();
    for (const { offset, value } of records) {
      const isAgain = seen.has(value);
      seen.add(value);
      if (isAgain && producerOf(value) === "idempotent") complaints.push(`${value} is there again at ${partition}/${offset}`);
      if (isAgain) continue;
      const [producer, key, number] = value.split(" ");
      const before = last.get(`${producer} ${key}`) ?? -1;
      if (Number(number) < before) complaints.push(`${value} at ${partition}/${offset} comes after number ${before} of its key`);
      last.set(`${producer} ${key}`, Number(number));
    }
  });
  return complaints;
}

/** The group read every record, as it is in the log, and never one before the one in front of it had been read. */
function groupComplaints(history: History, log: TopicLog): string[] {
  const complaints: string[] = [];
  const places = placesOf(log);
  const next = log.map(() => 0);
  for (const { member, partition, offset, value } of history.of("received")) {
    const expected = next[partition] ?? 0;
    if (offset > expected) complaints.push(`${member} was given ${partition}/${offset} when the group had come to ${expected}`);
    if (places.get(`${partition}/${offset}`) !== value)
      complaints.push(`${member} was given ${value} at ${partition}/${offset}, where ${places.get(`${partition}/${offset}`)} is`);
    next[partition] = Math.max(expected, offset + 1);
  }
  log.forEach((records, partition) => {
    if (next[partition] !== records.length)
      complaints.push(`the group has read ${next[partition]} of ${records.length} records in ${partition}`);
  });
  return complaints;
}

/** Where a member that is given a partition begins is not before what had been committed by then. */
function lostCommits(history: History): string[] {
  const complaints: string[] = [];
  const committed = new Map<number, number>();
  const beginnings = new Map<string, number>();
  for (const event of history.events) {
    if (event.event === "committed") committed.set(event.partition, Math.max(committed.get(event.partition) ?? 0, event.offset));
    if (event.event === "assigned")
      for (const partition of event.partitions) beginnings.set(`${event.member} ${partition}`, committed.get(partition) ?? 0);
    if (event.event !== "received") continue;
    const least = beginnings.get(`${event.member} ${event.partition}`);
    beginnings.delete(`${event.member} ${event.partition}`);
    if (least !== undefined && event.offset < least)
      complaints.push(`${event.member} began at ${event.partition}/${event.offset} although ${least} was committed`);
  }
  return complaints;
}

/** `log` as a reader of committed records has it. */
function transactionComplaints(history: History, log: TopicLog): string[] {
  const complaints: string[] = [];
  const counts = new Map<string, number>();
  log.forEach((records, partition) => {
    let last = -1;
    for (const { value } of records) {
      counts.set(value, (counts.get(value) ?? 0) + 1);
      const number = Number(value.split(" ")[0]);
      if (number <= last) complaints.push(`transaction ${number} comes after ${last} in ${partition}`);
      last = number;
    }
  });
  for (const { number, outcome } of history.of("transaction")) {
    const [a, b] = [counts.get(`${number} a`) ?? 0, counts.get(`${number} b`) ?? 0];
    const isWhole = a === 1 && b === 1;
    const isNothing = a === 0 && b === 0;
    const isRight = outcome === "committed" ? isWhole : outcome === "aborted" ? isNothing : isWhole || isNothing;
    if (!isRight) complaints.push(`transaction ${number} was told as ${outcome}, and its records are there ${a} and ${b} times`);
  }
  return complaints;
}

function placesOf(log: TopicLog): ReadonlyMap<string, string> {
  return new Map(log.flatMap((records, partition) => records.map(({ offset, value }) => [`${partition}/${offset}`, value] as const)));
}
