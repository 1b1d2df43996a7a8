// What a member of a streams group is told to stand in the way, beside its tasks (KIP-1071). None of it is an error: the group goes on as far as it can.

export const Statuses = {
  STALE_TOPOLOGY: 0,
  MISSING_SOURCE_TOPICS: 1,
  INCORRECTLY_PARTITIONED_TOPICS: 2,
  MISSING_INTERNAL_TOPICS: 3,
  SHUTDOWN_APPLICATION: 4,
  ASSIGNMENT_DELAYED: 5,
} as const;

export interface Status {
  /** One of Statuses, which are the codes on the wire. */
  readonly statusCode: number;
  readonly statusDetail: string;
}

export function isStatus(outcome: object): outcome is Status {
  return "statusCode" in outcome;
}
