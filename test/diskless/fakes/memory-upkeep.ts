// What upkeep sees of the catalog in memory: the same rows, and beside them levels of objects, jobs and marks. The clock that is given is that
// of the database.

import type { AbortedRange, Segment, StoredObject } from "../../../src/diskless/catalog.ts";
import type { Incarnation } from "../../../src/diskless/leases.ts";
import type { StoreTraffic, TrafficPart } from "../../../src/diskless/store-traffic.ts";
import type {
  InlineRequest,
  LogReplacement,
  LogSegment,
  Replacement,
  ReplaceOutcome,
  SmallObjects,
  SmallObjectsRequest,
  UpkeepCatalog,
} from "../../../src/diskless/upkeep/upkeep-catalog.ts";
import type { MeasuredTraffic, ObjectStatistics, TopicSize, Usage } from "../../../src/diskless/usage.ts";
import { type LogRow, type MemoryCatalogRows, storedPlace } from "./memory-catalog.ts";

interface ObjectState {
  readonly createdMs: number;
  level: number;
  takenUntilMs: number;
}

export class MemoryUpkeepRows {
  readonly #rows: MemoryCatalogRows;
  readonly #now: () => number;
  readonly #states = new Map<number, ObjectState>();
  readonly #jobs = new Map<string, { readonly incarnation: number; readonly untilMs: number }>();
  /** By key: since when. */
  readonly #marks = new Map<string, number>();
  /** Of deleted logs: since when they are known. */
  readonly #deletedMs = new Map<number, number>();
  readonly #traffic = new Map<string, TrafficPart & { readonly toldMs: number }>();

  constructor(rows: MemoryCatalogRows, now: () => number) {
    this.#rows = rows;
    this.#now = now;
  }

  /** What this incarnation of a broker sees. */
  catalog({ number }: Incarnation): UpkeepCatalog {
    return {
      takeJob: async (name, ttlMs) => this.#takeJob(number, name, ttlMs),
      endJob: async (name) => {
        if (this.#jobs.get(name)?.incarnation === number) this.#jobs.delete(name);
      },
      takeSmallObjects: async (request) => this.#takeSmallObjects(request),
      inlineSegments: async (request) => this.#inlineSegments(request),
      replace: async (replacement) => this.#replace(number, replacement),
      objectIds: async (afterId, limit) => this.#idsAfter(afterId).slice(0, limit),
      markUnnamed: async (objectIds) => this.#markUnnamed(objectIds),
      markKeys: async (keys) => this.#mark(keys.filter((key) => !this.#objectsByKey.has(key))),
      markedKeys: async (ageMs, limit) => this.#markedKeys(ageMs, limit),
      confirmMarked: async (keys) => this.#confirm(keys),
      forgetRemoved: async (keys) => this.#forget(keys),
      newestKey: async (prefix) => this.#newestKey(prefix),
      logs: async (afterLogId, limit) =>
        [...this.#rows.logs.values()].filter(({ logId, isDeleted }) => logId > afterLogId && !isDeleted).slice(0, limit),
      purgeDeletedLogs: async () => false,
      forgetDeletedLogs: async (keepMs, limit) => this.#forgetLogs(keepMs, limit),
      close: async () => undefined,
      tellTraffic: async (part) => void this.#traffic.set(part.id, { ...part, toldMs: this.#now() }),
    };
  }

  usage(): Usage {
    return {
      objects: async () => this.#statistics(),
      topics: async () => this.#topicSizes(),
      namedKeys: async (after, limit) => this.#namedKeys(after).slice(0, limit),
      traffic: async (withinMs) => this.#measured(withinMs),
    };
  }

  #takeJob(incarnation: number, name: string, ttlMs: number): boolean {
    const job = this.#jobs.get(name);
    if (job !== undefined && job.incarnation !== incarnation && job.untilMs > this.#now()) return false;
    this.#jobs.set(name, { incarnation, untilMs: this.#now() + ttlMs });
    return true;
  }

  #takeSmallObjects({ level, mostBytes, mostObjects, waitMs, ttlMs }: SmallObjectsRequest): SmallObjects {
    const taken: StoredObject[] = [];
    let sizeBytes = 0;
    let isFull = false;
    for (const object of this.#rows.objects) {
      const state = this.#state(object.id);
      if (state.level !== level || state.takenUntilMs > this.#now() || this.#marks.has(object.key)) continue;
      isFull = taken.length === mostObjects || (taken.length > 0 && sizeBytes + object.sizeBytes > mostBytes);
      if (isFull) break;
      taken.push(object);
      sizeBytes += object.sizeBytes;
    }
    const oldest = taken[0];
    const isDue =
      oldest !== undefined && (isFull || taken.length === mostObjects || this.#now() - this.#state(oldest.id).createdMs >= waitMs);
    if (!isDue) return { objects: [], segments: [] };
    for (const { id } of taken) this.#state(id).takenUntilMs = this.#now() + ttlMs;
    const ids = new Set(taken.map(({ id }) => id));
    return { objects: taken, segments: this.#segments(({ place }) => place.kind === "object" && ids.has(place.object.id)) };
  }

  #inlineSegments({ mostRows, mostBytes, limit }: InlineRequest): readonly LogSegment[] {
    const found: LogSegment[] = [];
    const all = this.#segments(({ place }) => place.kind === "inline");
    for (const logId of new Set(all.map((each) => each.logId))) {
      const ofLog = all.filter((each) => each.logId === logId);
      const sizeBytes = ofLog.reduce((sum, { segment }) => sum + segment.sizeBytes, 0);
      if (ofLog.length > mostRows || sizeBytes > mostBytes) found.push(...ofLog);
    }
    return found.slice(0, limit);
  }

  #segments(isWanted: (segment: Segment) => boolean): LogSegment[] {
    return [...this.#rows.logs.values()].flatMap(({ logId, topicId, partition, segments }) =>
      segments.filter(isWanted).map((segment) => ({ logId, topicId, partition, segment })),
    );
  }

  #replace(incarnation: number, { level, objects, logs }: Replacement): ReplaceOutcome {
    if (this.#rows.hasEnded(incarnation)) return { kind: "fenced" };
    const stored = this.#rows.addObjects(objects);
    for (const { id } of stored) this.#state(id).level = level;
    return { kind: "replaced", areDone: logs.map((log) => this.#replaceIn(this.#rows.logs.get(log.logId), log, stored)) };
  }

  #replaceIn(row: LogRow | undefined, { old, segments, endedAbortedRanges }: LogReplacement, objects: readonly StoredObject[]): boolean {
    const [first, last] = [old[0], old.at(-1)];
    if (row === undefined || row.isDeleted || first === undefined || last === undefined) return false;
    const present = row.segments.filter(({ baseOffset, endOffset }) => endOffset > first.baseOffset && baseOffset < last.endOffset);
    const areExact = present.length === old.length && present.every((segment, index) => isSame(segment, old[index]));
    if (!areExact) return false;
    const fresh = segments
      .filter(({ endOffset }) => endOffset > row.startOffset)
      .map((segment): Segment => ({ ...segment, place: storedPlace(segment.place, objects) }));
    row.segments = [...row.segments.filter((segment) => !present.includes(segment)), ...fresh].sort(
      (one, other) => one.baseOffset - other.baseOffset,
    );
    row.abortedRanges = row.abortedRanges.filter((range) => !endedAbortedRanges.some((ended) => isSameRange(range, ended)));
    return true;
  }

  #idsAfter(afterId: number): number[] {
    return this.#rows.objects.map(({ id }) => id).filter((id) => id > afterId);
  }

  #markUnnamed(objectIds: readonly number[]): number {
    const used = this.#rows.usedObjectIds;
    return this.#mark(this.#rows.objects.filter(({ id }) => objectIds.includes(id) && !used.has(id)).map(({ key }) => key));
  }

  #mark(keys: readonly string[]): number {
    const fresh = keys.filter((key) => !this.#marks.has(key));
    for (const key of fresh) this.#marks.set(key, this.#now());
    return fresh.length;
  }

  #markedKeys(ageMs: number, limit: number): readonly string[] {
    const latestMs = this.#now() - ageMs;
    const marks = [...this.#marks].sort(([, one], [, other]) => one - other);
    return marks.flatMap(([key, sinceMs]) => (sinceMs <= latestMs ? [key] : [])).slice(0, limit);
  }

  #confirm(keys: readonly string[]): readonly string[] {
    const used = this.#rows.usedObjectIds;
    const isNamed = (key: string) => used.has(this.#objectsByKey.get(key)?.id ?? -1);
    for (const key of keys) if (isNamed(key)) this.#marks.delete(key);
    return keys.filter((key) => this.#marks.has(key));
  }

  #forget(keys: readonly string[]): void {
    for (const key of keys) {
      this.#marks.delete(key);
      const object = this.#objectsByKey.get(key);
      if (object !== undefined) this.#rows.removeObject(object.id);
    }
  }

  #forgetLogs(keepMs: number, limit: number): number {
    for (const { logId, isDeleted } of this.#rows.logs.values())
      if (isDeleted && !this.#deletedMs.has(logId)) this.#deletedMs.set(logId, this.#now());
    const due = [...this.#deletedMs].filter(([, sinceMs]) => sinceMs <= this.#now() - keepMs).slice(0, limit);
    for (const [logId] of due) {
      this.#deletedMs.delete(logId);
      this.#rows.forgetLog(logId);
    }
    return due.length;
  }

  #newestKey(prefix: string): string | undefined {
    return [...this.#objectsByKey.keys()]
      .filter((key) => key.startsWith(prefix))
      .sort()
      .at(-1);
  }

  get #objectsByKey(): ReadonlyMap<string, StoredObject> {
    return new Map(this.#rows.objects.map((object) => [object.key, object]));
  }

  #statistics(): ObjectStatistics {
    const small = this.#rows.objects.filter(({ id, key }) => this.#state(id).level === 0 && !this.#marks.has(key));
    const smallIds = new Set(small.map(({ id }) => id));
    const marksMs = [...this.#marks.values()];
    const inline = this.#segments(({ place }) => place.kind === "inline").map(({ segment }) => segment);
    const marked = [...this.#marks.keys()].map((key) => this.#objectsByKey.get(key));
    return {
      objectCount: this.#rows.objects.length,
      objectBytes: sizeOf(this.#rows.objects),
      smallObjectCount: small.length,
      smallObjectBytes: sizeOf(small),
      smallSegmentCount: this.#segments(({ place }) => place.kind === "object" && smallIds.has(place.object.id)).length,
      inlineSegmentCount: inline.length,
      inlineBytes: sizeOf(inline),
      markedCount: marksMs.length,
      markedOrphanCount: marked.filter((object) => object === undefined).length,
      markedBytes: sizeOf(marked.filter((object) => object !== undefined)),
      oldestMarkAgeMs: marksMs.length === 0 ? -1 : this.#now() - Math.min(...marksMs),
    };
  }

  #topicSizes(): readonly TopicSize[] {
    const sizes = new Map<string, number>();
    for (const { topicId, segments, isDeleted } of this.#rows.logs.values())
      if (!isDeleted) sizes.set(topicId, (sizes.get(topicId) ?? 0) + sizeOf(segments));
    return [...sizes].map(([topicId, sizeBytes]) => ({ topicId, sizeBytes })).sort((one, other) => other.sizeBytes - one.sizeBytes);
  }

  #namedKeys(after: string): readonly string[] {
    const used = this.#rows.usedObjectIds;
    return this.#rows.objects
      .filter(({ id, key }) => used.has(id) && key > after)
      .map(({ key }) => key)
      .sort();
  }

  #measured(withinMs: number): MeasuredTraffic {
    const parts = [...this.#traffic.values()].filter(({ toldMs }) => toldMs > this.#now() - withinMs);
    const lastMs = Math.max(...parts.map(({ toldMs }) => toldMs));
    const firstMs = Math.min(...parts.map(({ toldMs, spanMs }) => toldMs - spanMs));
    const sum = (count: keyof StoreTraffic) => parts.reduce((total, part) => total + part[count], 0);
    return {
      ...{ putCount: sum("putCount"), getCount: sum("getCount"), listCount: sum("listCount"), deleteCount: sum("deleteCount") },
      ...{ putBytes: sum("putBytes"), gotBytes: sum("gotBytes") },
      ...(parts.length === 0 ? { spanMs: 0, ageMs: -1 } : { spanMs: lastMs - firstMs, ageMs: this.#now() - lastMs }),
    };
  }

  /** Of objects that were committed since the last look, the age is counted from this one. */
  #state(objectId: number): ObjectState {
    const state = this.#states.get(objectId) ?? { createdMs: this.#now(), level: 0, takenUntilMs: 0 };
    this.#states.set(objectId, state);
    return state;
  }
}

function isSame(one: Segment, other: Segment | undefined): boolean {
  if (other === undefined || one.baseOffset !== other.baseOffset || one.endOffset !== other.endOffset) return false;
  if (one.place.kind === "inline" || other.place.kind === "inline")
    return one.place.kind === other.place.kind && one.sizeBytes === other.sizeBytes;
  return one.place.object.id === other.place.object.id;
}

function isSameRange(one: AbortedRange, other: AbortedRange): boolean {
  return one.producerId === other.producerId && one.firstOffset === other.firstOffset && one.lastOffset === other.lastOffset;
}

function sizeOf(objects: readonly { readonly sizeBytes: number }[]): number {
  return objects.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
