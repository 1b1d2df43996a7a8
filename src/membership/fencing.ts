// Takes brokers out of the cluster whose leases are over: ends a lease that lapsed, and in one unit of changes stops its broker and gives what it
// led to others. Every broker looks, and they need not agree: each step is a condition of its own, and what another has done already is
// found done. A step that could not be done is taken by who looks next: the unit concerns whoever is in the image without a lease.

import { FailureLog } from "../base/failure-log.ts";
import type { Logger } from "../base/logger.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { applyChanges, type Change, type ClusterImage } from "../cluster/image.ts";
import { newLeaders } from "../cluster/leaderships.ts";
import type { Incarnation, Leases, LeaseView } from "../diskless/leases.ts";

export interface FencingOptions {
  readonly leases: Leases;
  readonly cluster: Cluster;
  readonly logger: Logger;
}

/** After which one that has lapsed is looked at again. */
const LAPSED_AGAIN_MS = 200;

/** Stops brokers, and gives what they led to those that are there. */
export function withoutMachines(image: ClusterImage, ids: readonly number[]): Change[] {
  const stopped = ids.filter((id) => image.brokers.has(id)).map((id): Change => ({ type: "brokerStopped", id }));
  return stopped.length === 0 ? [] : [...stopped, ...newLeaders(applyChanges(image, stopped))];
}

export class Fencing {
  readonly #options: FencingOptions;
  readonly #failures: FailureLog;
  #isLooking = false;

  constructor(options: FencingOptions) {
    this.#options = options;
    this.#failures = new FailureLog(options.logger);
  }

  /**
   * After a renewal of one's own lease, which told of these. Gives after how many milliseconds the next lease lapses unless it is renewed, if
   * that is known. Only who may fence (LeaseKeeper.mayFence) calls. Never rejects.
   */
  async look(lapsed: readonly LeaseView[]): Promise<number | undefined> {
    if (this.#isLooking) return undefined;
    this.#isLooking = true;
    try {
      for (const lease of lapsed) await this.#fence(lease);
      const nextLapseMs = await this.#stopThoseWithoutLease();
      this.#failures.worked("fencing");
      return nextLapseMs;
    } catch (error) {
      this.#failures.failed("fencing", error, "could not take over from brokers that are gone");
      return undefined;
    } finally {
      this.#isLooking = false;
    }
  }

  async #fence({ brokerId, number, remainingMs }: LeaseView): Promise<void> {
    const { leases, logger } = this.#options;
    const incarnation: Incarnation = { brokerId, number };
    if (await leases.fence(incarnation)) logger.warn({ broker: brokerId, incarnation: number, lapsedForMs: -remainingMs }, "ended a lease");
  }

  /** One that has a lease and is not in the image, or with an earlier one, is about to register. */
  async #stopThoseWithoutLease(): Promise<number | undefined> {
    const { leases, cluster, logger } = this.#options;
    const known = [...cluster.image.brokers.values()];
    // Leases are claimed before brokers register, and given back after they stopped: those that are in an image have had one since.
    const held = (await leases.list()).filter(({ isEnded }) => !isEnded);
    const holders = new Set(held.map(({ brokerId }) => brokerId));
    // One that has lapsed since the renewal, or for a time in which nobody may end it.
    const remaining = held.map(({ remainingMs }) => (remainingMs < 0 ? LAPSED_AGAIN_MS : remainingMs));
    const nextLapseMs = remaining.length === 0 ? undefined : Math.min(...remaining);
    const gone = known.filter(({ id, incarnation }) => incarnation !== undefined && !holders.has(id));
    if (gone.length === 0) return nextLapseMs;
    const stoppedIds = await cluster.transact((image) => {
      const ids = gone.filter(({ id, incarnation }) => image.brokers.get(id)?.incarnation === incarnation).map(({ id }) => id);
      return { changes: withoutMachines(image, ids), result: ids };
    });
    if (stoppedIds.length > 0) logger.warn({ brokers: stoppedIds }, "took over from brokers that are gone");
    return nextLapseMs;
  }
}
