// A client's quota of changes to the cluster, as decisions ask it: once about each wish, however often the wish is decided on because something
// else came in between.

import { Errors } from "../../protocol/errors.ts";
import type { Refusal } from "./refusal.ts";

/** Whether so many partitions may be made or deleted. */
export type MayMutate = (partitionCount: number) => boolean;

const EXCEEDED: Refusal = { error: Errors.THROTTLING_QUOTA_EXCEEDED, message: "" };

export class MutationQuota<Wish> {
  readonly #mayMutate: MayMutate | undefined;
  readonly #asked = new Map<Wish, boolean>();

  /** @param mayMutate absent: nobody counts */
  constructor(mayMutate: MayMutate | undefined) {
    this.#mayMutate = mayMutate;
  }

  /** Of a wish that is otherwise granted. */
  refusal(wish: Wish, partitionCount: number): Refusal | undefined {
    if (this.#mayMutate === undefined) return undefined;
    const isGranted = this.#asked.get(wish) ?? this.#mayMutate(partitionCount);
    this.#asked.set(wish, isGranted);
    return isGranted ? undefined : EXCEEDED;
  }
}
