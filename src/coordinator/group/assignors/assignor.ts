// What an assignor of the coordinator is: from members with their subscriptions, and what each of them should have had so far, to what
// each should have (KIP-848). An assignor knows of no epochs and of nobody who still holds what is another's from now on. Nor does it know
// of racks: Kafka's assignors have not looked at them since 4.0.

/** Partitions by topic id, ascending; no topic without partitions. */
export type Assignment = ReadonlyMap<string, readonly number[]>;

export interface AssignmentMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  /** Ids of the topics that it subscribes to, all of which exist. Members of the same subscription may share one set. */
  readonly topicIds: ReadonlySet<string>;
  /** Its part of the assignment before; topics in it may be gone or no longer subscribed to. */
  readonly current: Assignment;
}

export interface AssignmentInput {
  readonly members: readonly AssignmentMember[];
  readonly partitionCount: (topicId: string) => number;
}

export interface Assignor {
  readonly name: string;
  /**
   * By member id, everyone's; what a member keeps whole is the object that it had. The same input gives the same, and members that have
   * what comes out get it again. A generator, so that a large group's can be computed in slices: it yields now and then, and changes
   * nothing that it was given. Whoever cannot wait takes it to its end at once.
   */
  assign(input: AssignmentInput): Generator<void, ReadonlyMap<string, Assignment>>;
}

/** Partitions of each topic in the same order. */
export function isSameAssignment(a: Assignment, b: Assignment): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [topicId, partitions] of a) {
    const others = b.get(topicId);
    if (others === undefined || others.length !== partitions.length) return false;
    if (!partitions.every((partition, index) => partition === others[index])) return false;
  }
  return true;
}

/** So many of them take a few microseconds to a few hundred. */
const MEMBERS_PER_STEP = 64;

/** For assignors: does something for each member in order, and yields now and then. */
export function* forEachMember(
  members: readonly AssignmentMember[],
  act: (member: AssignmentMember, index: number) => void,
): Generator<void, void> {
  for (let start = 0; start < members.length; start += MEMBERS_PER_STEP) {
    for (let index = start; index < start + MEMBERS_PER_STEP; index++) {
      const member = members[index];
      if (member !== undefined) act(member, index);
    }
    yield;
  }
}
