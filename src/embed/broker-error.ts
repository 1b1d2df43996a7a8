// What the kit throws when the broker says no.

import { type ErrorCode, errorName } from "../../protocol/errors.ts";

/** The broker refused what the test asked of it, for one of the protocol's reasons. */
export class BrokerError extends Error {
  /** Kafka's name of the error. */
  readonly code: string;

  constructor(error: ErrorCode, message: string) {
    super(message);
    this.name = "BrokerError";
    this.code = errorName(error);
  }
}
