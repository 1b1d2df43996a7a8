// Objects in a store as S3 has them: whole, under keys, never changed. A key is used once: what was put under it stays as it is until it is
// deleted, so that nobody ever meets an object that is being replaced.

export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
}

export interface ListedPage {
  /** In the order of their keys. */
  readonly objects: readonly ListedObject[];
  /** There may be more after the last key. */
  readonly isTruncated: boolean;
}

export interface ByteRange {
  readonly from: number;
  /** At least 1. */
  readonly length: number;
}

/** One attempt each: who asks knows how long it may wait, and tries again. All reject with ObjectStoreError. */
export interface ObjectStore {
  /** Stores the parts, one after another, as one object. After a rejection it may be there all the same, or come later. */
  put(key: string, parts: readonly Buffer[], signal?: AbortSignal): Promise<void>;
  /** The whole object, or exactly the range: a shorter answer is a failure. */
  get(key: string, range?: ByteRange, signal?: AbortSignal): Promise<Buffer>;
  /** At most 1000 of the objects whose keys begin with `prefix`, after the key `after`. */
  list(prefix: string, after?: string): Promise<ListedPage>;
  /** At most 1000 keys. Gives those that could not be deleted; one that is not there counts as deleted. */
  delete(keys: readonly string[]): Promise<readonly string[]>;
  close(): void;
}

/**
 *   NOT_FOUND    no such object
 *   REFUSED      not for us, or not so (403, 400): trying again changes nothing
 *   SLOW_DOWN    the store asks for fewer requests (503, 429)
 *   UNAVAILABLE  no answer, a broken or a wrong one: whether it was done is not known
 */
export type ObjectStoreErrorCode = "NOT_FOUND" | "REFUSED" | "SLOW_DOWN" | "UNAVAILABLE";

export class ObjectStoreError extends Error {
  override readonly name = "ObjectStoreError";
  readonly code: ObjectStoreErrorCode;

  constructor(code: ObjectStoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
