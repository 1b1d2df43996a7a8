// New topics and partitions: decided on, their logs made, and only then committed, so that a partition that is in the metadata has its log. What a
// client chose the number of is done in slices; what comes into the metadata meanwhile is looked at when it is committed.
//
// Wishes are fulfilled one after another: two who want a topic of one name must not make its logs at the same time.

import { Errors } from "../../protocol/errors.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { Slices } from "../base/slices.ts";
import type { LogSpec } from "../storage/storage-engine.ts";
import { StorageError } from "../storage/storage-error.ts";
import { TOO_MANY_CHANGES } from "./batch-limit.ts";
import type { Cluster } from "./cluster.ts";
import type { Change, ClusterImage } from "./image.ts";
import { type MayMutate, MutationQuota } from "./mutation-quota.ts";
import { isRefusal, type Refusal } from "./refusal.ts";
import type { SharedLogs } from "./shared-logs.ts";

export interface NewPartitionsOptions {
  readonly cluster: Cluster;
  readonly clock: Clock;
  readonly logger: Logger;
  /** `undefined`: the leaders make them, afterwards. */
  readonly logs: SharedLogs | undefined;
}

/** A change that makes partitions. */
type NewPartitionsChange = Extract<Change, { readonly partitions: readonly unknown[] }>;

/** What is wanted of the cluster as it is. */
export interface Plan<Wish, Wanted extends NewPartitionsChange> {
  /** Asked about one wish after another. */
  readonly decide: (wish: Wish) => Wanted | Refusal;
  readonly logsOf: (change: Wanted) => readonly LogSpec[];
  /** Whether a change may be made in a later image, of the same brokers. */
  readonly standsIn: (later: ClusterImage) => (change: Wanted) => boolean;
}

export interface Fulfilment<Wish, Wanted extends NewPartitionsChange> {
  readonly wishes: readonly Wish[];
  /** Nothing is made. */
  readonly validateOnly: boolean;
  /** Then all wishes are refused. */
  readonly isTooMuch: (changes: readonly Wanted[]) => boolean;
  /** Of who asks. */
  readonly mayMutate: MayMutate | undefined;
  readonly plan: (image: ClusterImage) => Plan<Wish, Wanted>;
}

export class NewPartitions {
  readonly #options: NewPartitionsOptions;

  constructor(options: NewPartitionsOptions) {
    this.#options = options;
  }

  /** One outcome a wish, in order; those that are allowed, and that the storage can take, are made together. */
  fulfil<Wish, Wanted extends NewPartitionsChange>(wanted: Fulfilment<Wish, Wanted>): Promise<(Wanted | Refusal)[]> {
    const { logs } = this.#options;
    return logs === undefined ? this.#fulfil(wanted) : logs.inTurn(() => this.#fulfil(wanted));
  }

  async #fulfil<Wish, Wanted extends NewPartitionsChange>(wanted: Fulfilment<Wish, Wanted>): Promise<(Wanted | Refusal)[]> {
    const { cluster, clock } = this.#options;
    const slices = new Slices(clock);
    const quota = new MutationQuota<Wish>(wanted.mayMutate);
    for (;;) {
      const { image } = cluster;
      const plan = wanted.plan(image);
      const decided = await slices.map(wanted.wishes, (wish) => {
        const outcome = plan.decide(wish);
        return isRefusal(outcome) ? outcome : (quota.refusal(wish, outcome.partitions.length) ?? outcome);
      });
      if (wanted.isTooMuch(decided.filter(isAllowed))) return decided.map(() => TOO_MANY_CHANGES);
      if (wanted.validateOnly) return decided;
      const outcomes = await this.#makeAndCommit(decided, { image, plan, slices });
      if (outcomes !== undefined) return outcomes;
    }
  }

  /** `undefined`: the cluster is another by now, and nothing was made. */
  async #makeAndCommit<Wish, Wanted extends NewPartitionsChange>(
    decided: readonly (Wanted | Refusal)[],
    { image, plan, slices }: { readonly image: ClusterImage; readonly plan: Plan<Wish, Wanted>; readonly slices: Slices },
  ): Promise<(Wanted | Refusal)[] | undefined> {
    const made: LogSpec[] = [];
    let isCommitted = false;
    try {
      const outcomes: (Wanted | Refusal)[] = [];
      for (const change of decided)
        outcomes.push(isRefusal(change) ? change : ((await this.#make(plan.logsOf(change), slices, made)) ?? change));
      const changes = outcomes.filter(isAllowed);
      isCommitted = await this.#options.cluster.transact((later) => {
        const stands = later === image || (later.brokers === image.brokers && changes.every(plan.standsIn(later)));
        return { changes: stands ? changes : [], result: stands };
      });
      return isCommitted ? outcomes : undefined;
    } catch (error) {
      const refusal = refusalOf(error);
      this.#options.logger.error({ err: error }, "could not store new topics or partitions");
      return decided.map(() => refusal);
    } finally {
      if (!isCommitted) this.#unmake(made);
    }
  }

  /** All of them or none; gives why they could not be made. */
  async #make(specs: readonly LogSpec[], slices: Slices, made: LogSpec[]): Promise<Refusal | undefined> {
    const { logs, logger } = this.#options;
    try {
      await logs?.make(specs, slices);
    } catch (error) {
      const refusal = refusalOf(error);
      logger.error({ topic: specs[0]?.topic, err: error }, "could not make the logs of new partitions");
      return refusal;
    }
    for (const spec of specs) made.push(spec);
    return undefined;
  }

  /** But for what is in the metadata by now: a commit that failed may have reached it. */
  #unmake(made: readonly LogSpec[]): void {
    const { cluster, logs } = this.#options;
    const { topicsById } = cluster.image;
    logs?.unmake(made.filter(({ topicId, partition }) => topicsById.get(topicId)?.partitions[partition] === undefined));
  }
}

function isAllowed<Wanted extends Change>(outcome: Wanted | Refusal): outcome is Wanted {
  return !isRefusal(outcome);
}

/** Throws what is no fault of the storage. */
function refusalOf(error: unknown): Refusal {
  if (!(error instanceof StorageError)) throw error;
  return { error: Errors.KAFKA_STORAGE_ERROR, message: error.message };
}
