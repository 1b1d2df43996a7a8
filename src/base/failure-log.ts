// Says once what fails again and again: a failure has a line in the log when it is the first of its kind for what it concerns, and so has
// the moment when that works again.

import type { Logger } from "./logger.ts";

export class FailureLog {
  readonly #logger: Logger;
  /** Of the last failure, by what it concerned. */
  readonly #kinds = new Map<string, string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @param subject "orders-0"; @param message a fixed phrase */
  failed(subject: string, error: unknown, message: string): void {
    const kind = `${message} ${kindOf(error)}`;
    if (this.#kinds.get(subject) === kind) return;
    this.#kinds.set(subject, kind);
    this.#logger.error({ err: error, partition: subject }, message);
  }

  worked(subject: string): void {
    if (this.#kinds.delete(subject)) this.#logger.info({ partition: subject }, "works again");
  }
}

/** Its code and that of its cause: messages carry paths and numbers. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : error.message;
  return error.cause === undefined ? code : `${code} ${kindOf(error.cause)}`;
}
