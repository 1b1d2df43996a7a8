// What a client was told by a broker whose disk fails, and what it asked for without being told: plain data, so that many lives can begin
// with the same. Values of records are never used twice.

export type Outcome =
  | "acknowledged"
  /** Answered with an error. */
  | "refused"
  /** Never answered: it may have been done. */
  | "unknown";

export interface Attempt {
  readonly key: string;
  readonly value: string;
  outcome: Outcome;
  /** -1 unless it is acknowledged. */
  offset: number;
  /** Of the transaction in which it was sent. */
  readonly transaction?: number;
}

export interface PartitionKnowledge {
  readonly attempts: Attempt[];
  /** Somebody asked for what lies below it to be gone, and was told that it is. */
  deletedBelow: number;
  /** Somebody asked for it. */
  deletionAskedBelow: number;
}

export interface Transaction {
  readonly transactionalId: string;
  end: "open" | "committed" | "aborted" | "unknown";
}

/** A value that is set by requests: what was acknowledged last, and what was asked for since without being acknowledged. */
export interface Register {
  acknowledged: string;
  readonly later: string[];
}

export interface TopicKnowledge {
  /** `unknown`: its making or its deletion was not answered. */
  state: "there" | "gone" | "unknown";
  partitionCount: number;
  /** Retention or compaction may take records away. */
  readonly keeps: "all" | "newest" | "keys";
  /** Acknowledged records are on the disk. */
  readonly isFlushed: boolean;
}

export interface ProducerKnowledge {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly topic: string;
  /** The next one. */
  sequence: number;
  /** Sent and not acknowledged, by sequence. */
  waiting: readonly SentBatch[];
  /** The last batch that was acknowledged. */
  last: (SentBatch & { readonly offset: number }) | undefined;
}

export interface SentBatch {
  readonly sequence: number;
  /** Of the partition. */
  readonly index: number;
  readonly value: string;
}

export interface Knowledge {
  readonly topics: Record<string, TopicKnowledge>;
  readonly partitions: Record<string, PartitionKnowledge>;
  readonly transactions: Transaction[];
  readonly registers: Record<string, Register>;
  readonly producers: Record<string, ProducerKnowledge>;
  lastValue: number;
}

export function newKnowledge(): Knowledge {
  return { topics: {}, partitions: {}, transactions: [], registers: {}, producers: {}, lastValue: 0 };
}

export function partitionOf(knowledge: Knowledge, topic: string, index: number): PartitionKnowledge {
  const known = knowledge.partitions[`${topic}-${index}`] ?? { attempts: [], deletedBelow: 0, deletionAskedBelow: 0 };
  knowledge.partitions[`${topic}-${index}`] = known;
  return known;
}

/** The register is asked to have the value from now on; the answer comes, or not. */
export function attemptSet(knowledge: Knowledge, name: string, value: string, absent: string): Register {
  const register = knowledge.registers[name] ?? { acknowledged: absent, later: [] };
  knowledge.registers[name] = register;
  register.later.push(value);
  return register;
}

export function acknowledgeSet(register: Register, value: string): void {
  register.acknowledged = value;
  register.later.length = 0;
}
