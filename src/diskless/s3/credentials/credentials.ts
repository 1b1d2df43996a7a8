// Keys to sign with, and how they are kept: those that expire are read again before they do, once for all who ask, and nobody waits for that
// as long as those that there are serve.

import type { Clock } from "../../../base/clock.ts";
import type { Logger } from "../../../base/logger.ts";
import { ObjectStoreError } from "../../../base/object-store.ts";
import type { SigningKeys } from "../signature.ts";

export interface Credentials extends SigningKeys {
  /** Undefined where that was not said: they are good until they are refused. */
  readonly expiresAtMs: number | undefined;
}

/** A place where credentials may be: undefined where it is not set up. Rejects with ObjectStoreError where it is, and has none to give. */
export type CredentialsSource = () => Promise<Credentials | undefined>;

/** So long before they expire they are read again. */
const EARLY_MS = 5 * 60_000;
/** With less left than this one waits for new ones. */
const LATE_MS = 60_000;
const AGAIN_AFTER_MS = 10_000;

export class KeptCredentials {
  readonly #read: () => Promise<Credentials>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #kept: Credentials | undefined;
  #readAgainAtMs = 0;
  #reading: Promise<Credentials> | undefined;

  constructor(read: () => Promise<Credentials>, parts: { readonly clock: Clock; readonly logger: Logger }) {
    this.#read = read;
    this.#clock = parts.clock;
    this.#logger = parts.logger;
  }

  async get(): Promise<Credentials> {
    const kept = this.#kept;
    if (kept !== undefined && this.#clock.now() < this.#readAgainAtMs) return kept;
    this.#reading ??= this.#readAgain().finally(() => {
      this.#reading = undefined;
    });
    if (kept === undefined || this.#remainingMs(kept) < LATE_MS) return await this.#reading;
    this.#reading.catch(() => undefined);
    return kept;
  }

  /** The store takes these no more, whatever was said of when they expire. */
  forget(credentials: Credentials): void {
    if (this.#kept === credentials) this.#kept = undefined;
  }

  async #readAgain(): Promise<Credentials> {
    try {
      const credentials = await this.#read();
      this.#kept = credentials;
      this.#readAgainAtMs = this.#clock.now() + Math.max(this.#remainingMs(credentials) - EARLY_MS, LATE_MS);
      return credentials;
    } catch (error) {
      const kept = this.#kept;
      if (kept === undefined) throw error;
      this.#readAgainAtMs = this.#clock.now() + AGAIN_AFTER_MS;
      const remainingMs = this.#remainingMs(kept);
      this.#logger.warn({ err: error, remainingMs }, "credentials for the object store could not be renewed");
      if (remainingMs <= 0) throw renewalFailed(error);
      return kept;
    }
  }

  #remainingMs(credentials: Credentials): number {
    return (credentials.expiresAtMs ?? Number.POSITIVE_INFINITY) - this.#clock.now();
  }
}

/** There were some: so there will be again, whatever is said now. */
function renewalFailed(error: unknown): ObjectStoreError {
  const reason = error instanceof Error ? error.message : String(error);
  return new ObjectStoreError("UNAVAILABLE", `The credentials for the object store have expired. ${reason}`, { cause: error });
}
