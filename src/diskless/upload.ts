// An object on its way into the store: parts of many logs, one after another.

import { assert } from "../base/assert.ts";
import type { Chunk, NewObject } from "./catalog.ts";
import type { LogPart } from "./log-part.ts";
import { layOut, type ObjectOrigin } from "./object-layout.ts";
import type { WritingLog } from "./writing-log.ts";

export class Upload {
  readonly sequence: number;
  readonly parts: ReadonlyMap<WritingLog, LogPart>;
  readonly content: readonly Buffer[];
  readonly #sizeBytes: number;
  readonly #chunks: ReadonlyMap<LogPart, readonly Chunk[]>;
  state: "closed" | "putting" | "stored" = "closed";
  #key = "";

  constructor(parts: ReadonlyMap<WritingLog, LogPart>, origin: ObjectOrigin) {
    this.sequence = origin.sequence;
    this.parts = parts;
    const withBatches = [...parts].filter(([, part]) => part.sizeBytes > 0).sort(([one], [other]) => one.logId - other.logId);
    const newParts = withBatches.map(([log, { baseOffset, endOffset, chunks }]) => ({
      ...log.key,
      leaderEpoch: log.leaderEpoch,
      baseOffset,
      endOffset,
      chunks,
    }));
    const { buffers, sizeBytes, chunks } = layOut(newParts, origin);
    this.content = buffers;
    this.#sizeBytes = sizeBytes;
    this.#chunks = new Map(withBatches.map(([, part], index) => [part, chunks[index] ?? []]));
  }

  stored(key: string): void {
    this.#key = key;
    this.state = "stored";
  }

  get object(): NewObject {
    assert(this.state === "stored", "an object is committed when it is stored");
    return { key: this.#key, sizeBytes: this.#sizeBytes };
  }

  chunksOf(part: LogPart): readonly Chunk[] {
    return this.#chunks.get(part) ?? [];
  }
}
