// A wish of a client that is not granted, as decisions about the cluster tell it.

import type { ErrorCode } from "../../protocol/errors.ts";

/** A wish that is not granted. */
export interface Refusal {
  readonly error: ErrorCode;
  /** Kafka's, because tools print it; empty where Kafka gives only the code. */
  readonly message: string;
}

export function isRefusal<T extends object>(outcome: T | Refusal): outcome is Refusal {
  return "error" in outcome;
}
