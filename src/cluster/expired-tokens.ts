// Takes delegation tokens that have expired out of the metadata, every delegation.token.expiry.check.interval.ms: until then they are described,
// and log in to a session that is over at once. Every broker does so; who comes first finds them.

import type { Clock, Timer } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import { hasExpired } from "../security/delegation-tokens.ts";
import { MAX_CHANGES } from "./batch-limit.ts";
import type { Cluster } from "./cluster.ts";
import type { Change } from "./image.ts";

export interface ExpiredTokensOptions {
  readonly cluster: Cluster;
  readonly config: BrokerConfig;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class ExpiredTokens {
  readonly #options: ExpiredTokensOptions;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: ExpiredTokensOptions) {
    this.#options = options;
    this.#wait();
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  #wait(): void {
    const { clock, config } = this.#options;
    this.#timer = clock.after(config["delegation.token.expiry.check.interval.ms"], () => void this.#check());
  }

  async #check(): Promise<void> {
    const { logger } = this.#options;
    try {
      let count = MAX_CHANGES;
      while (count === MAX_CHANGES && !this.#isClosed) count = await this.#removeSome();
    } catch (error) {
      logger.warn({ err: error }, "could not remove delegation tokens that have expired");
    }
    if (!this.#isClosed) this.#wait();
  }

  async #removeSome(): Promise<number> {
    const { cluster, clock, logger } = this.#options;
    const count = await cluster.transact(({ delegationTokens }) => {
      const nowMs = clock.now();
      const expired = [...delegationTokens.values()].filter((token) => hasExpired(token, nowMs)).slice(0, MAX_CHANGES);
      return { changes: expired.map(({ id }): Change => ({ type: "delegationTokenDeleted", id })), result: expired.length };
    });
    if (count > 0) logger.info({ tokens: count }, "removed delegation tokens that had expired");
    return count;
  }
}
