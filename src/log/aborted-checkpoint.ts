// `aborted-transactions-checkpoint` in a partition's folder: how many entries the indexes of aborted transactions had when producers were last noted,
// and their checksums. Without it an index that is missing or says something else would show aborted records to who reads what is committed.
// Apache Kafka neither has it nor minds it. Written without waiting for the disk: what differs is made anew from the batches.
//
//   <CRC-32C, 8 hex digits> {"0":[2,1234567890],"1042":[1,987654321]}      base offset: entries, CRC-32C of them

import type { Filesystem } from "../base/filesystem.ts";
import type { Logger } from "../base/logger.ts";
import { decodeLine, encodeLine } from "./journal-lines.ts";
import type { Segment } from "./segment.ts";
import type { TransactionIndex, TransactionIndexSummary } from "./transaction-index.ts";

const FILE = "aborted-transactions-checkpoint";

export class AbortedCheckpoint {
  readonly #filesystem: Filesystem;
  readonly #path: string;
  /** By base offset. */
  #summaries: ReadonlyMap<number, TransactionIndexSummary>;
  #written: string;

  constructor(filesystem: Filesystem, directory: string, logger: Logger) {
    this.#filesystem = filesystem;
    this.#path = `${directory}/${FILE}`;
    const text = this.#read(logger);
    const entries: Record<string, TransactionIndexSummary> = text === undefined ? {} : JSON.parse(text);
    this.#summaries = new Map(Object.entries(entries).map(([baseOffset, summary]) => [Number(baseOffset), summary]));
    this.#written = text ?? "{}";
  }

  /** `undefined` when there is none, or none that reads. */
  #read(logger: Logger): string | undefined {
    if (this.#filesystem.stat(this.#path) === undefined) return undefined;
    const content = this.#filesystem.readFile(this.#path);
    const line = decodeLine(content, 0);
    if (line?.end === content.length) return line.text;
    logger.warn({ path: this.#path, positionBytes: 0 }, "what was noted of indexes of aborted transactions is damaged, and is noted anew");
    this.#filesystem.remove(this.#path);
    return undefined;
  }

  get baseOffsets(): readonly number[] {
    return [...this.#summaries.keys()];
  }

  /** Where an index says something else than when it was noted, in bytes; `undefined` when nowhere. Entries may have been added since. */
  differsAt(baseOffset: number, index: TransactionIndex): number | undefined {
    const noted = this.#summaries.get(baseOffset);
    if (noted === undefined) return undefined;
    const [count, crc] = noted;
    const [foundCount, foundCrc] = index.summary(count);
    if (foundCount < count) return index.sizeBytes;
    return foundCrc === crc ? undefined : 0;
  }

  /** An index as it is now. */
  note(baseOffset: number, summary: TransactionIndexSummary): void {
    this.#summaries = new Map(this.#summaries).set(baseOffset, summary);
  }

  /** Notes the indexes of these segments as they are; others are forgotten. */
  save(segments: readonly Segment[]): void {
    const summaries = new Map<number, TransactionIndexSummary>();
    for (const { baseOffset, loadedTransactions } of segments) {
      const summary = loadedTransactions?.summary() ?? this.#summaries.get(baseOffset);
      if (summary !== undefined && summary[0] > 0) summaries.set(baseOffset, summary);
    }
    this.#summaries = summaries;
    const text = JSON.stringify(Object.fromEntries(summaries));
    if (text === this.#written) return;
    if (summaries.size === 0) this.#filesystem.remove(this.#path);
    else this.#filesystem.replaceFileUnsynced(this.#path, encodeLine(Object.fromEntries(summaries)));
    this.#written = text;
  }
}
