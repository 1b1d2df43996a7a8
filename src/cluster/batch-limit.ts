// How much of the cluster's metadata one request may change: as much as in Kafka, which counts the records that it would write. What goes
// beyond is refused as a whole, so that no client holds up the others. Messages are Kafka's.

import { Errors } from "../../protocol/errors.ts";
import type { Change } from "./image.ts";
import type { Refusal } from "./refusal.ts";

export const MAX_CHANGES = 10_000;

export const TOO_MANY_PARTITIONS: Refusal = {
  error: Errors.POLICY_VIOLATION,
  message: "Excessively large number of partitions per request.",
};
export const TOO_MANY_CHANGES: Refusal = {
  error: Errors.POLICY_VIOLATION,
  message: "Unable to perform excessively large batch operation.",
};

export function exceedsBatch(changes: readonly Change[]): boolean {
  let count = 0;
  for (const change of changes) count += recordCount(change);
  return count > MAX_CHANGES;
}

function recordCount(change: Change): number {
  switch (change.type) {
    case "topic":
      return 1 + change.partitions.length + Object.keys(change.configs).length;
    case "partitionsAdded":
      return change.partitions.length;
    case "delegationToken":
      return 1 + change.renewers.length;
    default:
      return 1;
  }
}
