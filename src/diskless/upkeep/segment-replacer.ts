// Puts segments that were written anew into an object, and then in the place of the old ones. Nothing is taken away here: objects of which
// nothing is left are the collector's.

import type { Logger } from "../../base/logger.ts";
import type { ObjectStore } from "../../base/object-store.ts";
import type { AbortedRange, LogKey, Segment } from "../catalog.ts";
import type { ObjectKeys } from "../object-keys.ts";
import { layOut, type NewPart } from "../object-layout.ts";
import type { RewrittenBatches } from "./rewritten-batches.ts";
import type { LogReplacement, ReplacingSegment, UpkeepCatalog } from "./upkeep-catalog.ts";

/** Neighbouring segments of a log, and what they become: one segment. */
export interface RewrittenSegment extends LogKey {
  readonly logId: number;
  /** They touch. */
  readonly old: readonly Segment[];
  /** Ended; perhaps without any batch. */
  readonly batches: RewrittenBatches;
  readonly compactedUntil: number;
  /** Of which nothing is left. */
  readonly endedAbortedRanges: readonly AbortedRange[];
}

export interface SegmentReplacerOptions {
  readonly catalog: UpkeepCatalog;
  readonly store: ObjectStore;
  readonly keys: ObjectKeys;
  readonly clusterId: string;
  readonly incarnation: number;
  readonly logger: Logger;
}

export class SegmentReplacer {
  readonly #options: SegmentReplacerOptions;
  #sequence = 0;

  constructor(options: SegmentReplacerOptions) {
    this.#options = options;
  }

  /**
   * One object for all. Gives for each whether it was replaced: not where its old segments were others by then. Rejects with ObjectStoreError
   * and StorageError: it is not known then, and whoever wants to know looks at the rows.
   */
  async replace(segments: readonly RewrittenSegment[], level: number): Promise<readonly boolean[]> {
    const { catalog, store, keys, clusterId, incarnation } = this.#options;
    const sequence = ++this.#sequence;
    const key = keys.merged(sequence);
    const filled = segments.filter(({ batches }) => batches.chunks.length > 0);
    const { buffers, sizeBytes, chunks } = layOut(filled.map(partOf), { clusterId, incarnation, sequence });
    const logs = segments.map((segment) => replacementOf(segment, chunks[filled.indexOf(segment)]));
    try {
      if (filled.length > 0) await store.put(key, buffers);
      const outcome = await catalog.replace({ level, objects: filled.length === 0 ? [] : [{ key, sizeBytes }], logs });
      return outcome.kind === "fenced" ? segments.map(() => false) : outcome.areDone;
    } catch (error) {
      await this.#abandon(key);
      throw error;
    }
  }

  /** The key is not used again. What may have come, or comes yet, is found by its mark, unless the database knows better. */
  async #abandon(key: string): Promise<void> {
    try {
      await this.#options.catalog.markKeys([key]);
    } catch (error) {
      this.#options.logger.debug({ err: error, key }, "an object is left over until this broker's incarnation has ended");
    }
  }
}

function partOf({ topicId, partition, old, batches }: RewrittenSegment): NewPart {
  const { baseOffset, chunks, leaderEpoch } = batches;
  return { topicId, partition, leaderEpoch, baseOffset, endOffset: old.at(-1)?.endOffset ?? baseOffset, chunks };
}

function replacementOf(segment: RewrittenSegment, chunks: ReplacingChunks | undefined): LogReplacement {
  const { logId, old, batches, compactedUntil, endedAbortedRanges } = segment;
  const { baseOffset, sizeBytes, maxTimestampMs } = batches;
  const endOffset = old.at(-1)?.endOffset ?? baseOffset;
  const place = chunks === undefined ? ({ kind: "inline", bytes: NOTHING } as const) : ({ kind: "object", object: 0, chunks } as const);
  return { logId, old, segments: [{ baseOffset, endOffset, sizeBytes, maxTimestampMs, compactedUntil, place }], endedAbortedRanges };
}

type ReplacingChunks = Extract<ReplacingSegment["place"], { readonly kind: "object" }>["chunks"];

const NOTHING = Buffer.alloc(0);
