// The keys of an issuer as they are now: read when they are first needed, read anew when they are old or a token names one that is not among
// them, and used on while the issuer cannot be reached.
//
//   read ──they get old, or a key is unknown──▶ reading ──▶ read
//                                                  └──fails──▶ the keys before, or none; again after a pause that doubles
//
// Nothing happens by itself: who needs keys has them read. All that wait, wait for the same read, and for no longer than LONGEST_WAIT_MS.

import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { type KeySet, loadKeySets } from "./signed-tokens.ts";

export interface IssuerKeysOptions {
  /** Where they are, for the log. */
  readonly location: string;
  readonly read: (signal: AbortSignal) => Promise<string>;
  /** After which they are read anew. */
  readonly refreshMs: number;
  /** At least so much between two reads that went well. */
  readonly pauseMs: number;
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** How long a login waits, and the read of the keys may take. Clients give a login up after ten seconds or more. */
export const LONGEST_WAIT_MS = 5000;

export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  readonly #ended = new AbortController();
  #known: { readonly text: string; readonly keys: KeySet } | undefined;
  #readMs = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;
  #failures = 0;
  #earliestMs = Number.NEGATIVE_INFINITY;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
  }

  /** Those that count now; `undefined` while none could be read. */
  async current(): Promise<KeySet | undefined> {
    const { clock, refreshMs } = this.#options;
    const isOld = clock.now() - this.#readMs >= refreshMs;
    // An issuer that could not be reached before is not waited for again, as long as there are keys.
    if (this.#known === undefined || (isOld && this.#failures === 0)) await this.#readAnew();
    else if (isOld) void this.#readAnew();
    return this.#known?.keys;
  }

  /** Others than those, if there are. */
  async otherThan(keys: KeySet): Promise<KeySet | undefined> {
    if (this.#known?.keys === keys) await this.#readAnew();
    return this.#known?.keys === keys ? undefined : this.#known?.keys;
  }

  close(): void {
    this.#ended.abort();
  }

  /** Never rejects. */
  async #readAnew(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    const deadline = Promise.withResolvers<void>();
    const timer = this.#options.clock.after(LONGEST_WAIT_MS, deadline.resolve);
    await Promise.race([this.#reading, deadline.promise]);
    timer.cancel();
  }

  async #read(): Promise<void> {
    const { clock, logger, location, pauseMs, retryBackoffMs, retryBackoffMaxMs } = this.#options;
    await this.#pause(this.#earliestMs - clock.now());
    try {
      const text = await this.#readInTime();
      // Keys that stay the same stay imported.
      if (this.#known?.text !== text) this.#known = { text, keys: (await loadKeySets())(text) };
      this.#readMs = clock.now();
      this.#earliestMs = this.#readMs + pauseMs;
      if (this.#failures > 0) logger.info({ location, keys: "read" }, "the issuer's keys can be read again");
      this.#failures = 0;
    } catch (error) {
      this.#earliestMs = clock.now() + Math.min(retryBackoffMaxMs, retryBackoffMs * 2 ** this.#failures);
      this.#failures++;
      if (this.#failures > 1 || this.#ended.signal.aborted) return;
      const consequence = this.#known === undefined ? "nobody can log in by OAUTHBEARER" : "the keys from before are used on";
      logger.warn(
        { location, reason: error instanceof Error ? error.message : String(error), consequence },
        "could not read an issuer's keys",
      );
    }
  }

  async #readInTime(): Promise<string> {
    const { clock, read } = this.#options;
    const late = new AbortController();
    const deadline = Promise.withResolvers<never>();
    const timer = clock.after(LONGEST_WAIT_MS, () => {
      deadline.reject(new Error(`no answer came within ${LONGEST_WAIT_MS / 1000} s`));
      late.abort();
    });
    try {
      return await Promise.race([read(AbortSignal.any([late.signal, this.#ended.signal])), deadline.promise]);
    } finally {
      timer.cancel();
    }
  }

  async #pause(pauseMs: number): Promise<void> {
    if (pauseMs > 0) await new Promise<void>((resolve) => this.#options.clock.after(pauseMs, resolve));
  }
}
