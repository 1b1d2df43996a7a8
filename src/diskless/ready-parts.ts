// What is ready to be committed, of all logs, as one commit; and what becomes of it.

import { assert } from "../base/assert.ts";
import type { Commit, CommitOutcome, LogCommit, NewObject, NewSegment, NewSegmentPlace, StoredObject } from "./catalog.ts";
import type { LogPart } from "./log-part.ts";
import type { Upload } from "./upload.ts";
import type { PlacedPart, WritingLog } from "./writing-log.ts";

interface ReadyPart {
  readonly part: LogPart;
  readonly place: NewSegmentPlace;
}

export class ReadyParts {
  readonly #logs = new Map<WritingLog, ReadyPart[]>();
  readonly #objects: NewObject[] = [];
  #sizeBytes = 0;
  #isEmpty = true;

  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get objectCount(): number {
    return this.#objects.length;
  }

  addInline(log: WritingLog, part: LogPart): void {
    this.#add(log, { part, place: { kind: "inline", bytes: bytesOf(part) } });
  }

  addUpload(upload: Upload): void {
    const object = this.#objects.push(upload.object) - 1;
    for (const [log, part] of upload.parts) this.#add(log, { part, place: { kind: "object", object, chunks: upload.chunksOf(part) } });
  }

  #add(log: WritingLog, ready: ReadyPart): void {
    this.#isEmpty = false;
    this.#sizeBytes += ready.part.sizeBytes;
    if (!log.isWritten) return;
    const parts = this.#logs.get(log);
    if (parts === undefined) this.#logs.set(log, [ready]);
    else parts.push(ready);
  }

  /** Of the logs that are still written; none when there is nothing to be said. */
  commit(sequence: number): Commit {
    const logs: LogCommit[] = [];
    for (const [log, parts] of this.#logs) logs.push(logCommit(log, parts));
    logs.sort((one, other) => one.logId - other.logId);
    return { sequence, objects: logs.length === 0 ? [] : this.#objects, logs };
  }

  settle({ objectIds, refusedLogIds }: Extract<CommitOutcome, { readonly kind: "committed" }>): void {
    const refused = new Set(refusedLogIds);
    const objects = this.#objects.map((object, index): StoredObject => ({ ...object, id: objectIds[index] ?? 0 }));
    for (const [log, parts] of this.#logs) {
      if (!log.isWritten) continue;
      if (refused.has(log.logId)) log.refused();
      else log.committed(parts.map(({ part, place }): PlacedPart => ({ part, place, object: objectOf(place, objects) })));
    }
  }
}

function logCommit({ logId, leaderEpoch, durableOffset }: WritingLog, parts: readonly ReadyPart[]): LogCommit {
  let endOffset = durableOffset;
  const segments: NewSegment[] = [];
  for (const { part, place } of parts) {
    assert(part.baseOffset === endOffset, "parts of a log are committed in the order of their offsets");
    endOffset = part.endOffset;
    if (part.sizeBytes === 0) continue;
    const maxTimestampMs = Math.max(...part.chunks.map((chunk) => chunk.maxTimestampMs));
    segments.push({ baseOffset: part.baseOffset, endOffset, sizeBytes: part.sizeBytes, maxTimestampMs, place });
  }
  return {
    logId,
    leaderEpoch,
    expectedEndOffset: durableOffset,
    endOffset,
    segments,
    leaderEpochs: parts.flatMap(({ part }) => part.leaderEpochs),
    // Of a producer in several parts the last state is the one that counts.
    producers: [...new Map(parts.flatMap(({ part }) => part.producers.map((state) => [state.producerId, state]))).values()],
    abortedRanges: parts.flatMap(({ part }) => part.abortedRanges),
  };
}

function objectOf(place: NewSegmentPlace, objects: readonly StoredObject[]): StoredObject | undefined {
  return place.kind === "object" ? objects[place.object] : undefined;
}

function bytesOf({ chunks }: LogPart): Buffer {
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only.bytes : Buffer.concat(chunks.map(({ bytes }) => bytes));
}
