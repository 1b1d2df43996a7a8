/** What the world did to stored data; `code` is stable, `facts` go into the log line. Caught once at the edge. */
export type StorageErrorCode =
  | "SEGMENT_CORRUPT"
  | "SEGMENT_TOO_OLD"
  | "DIRECTORY_IN_USE"
  | "DIRECTORY_UNWRITABLE"
  | "DIRECTORY_TOO_NEW"
  | "WRITE_FAILED"
  | "READ_FAILED"
  /** The database, or the object store, did not answer: whether it was done is not known. */
  | "UNAVAILABLE"
  /** The database refused a statement: nothing was done. */
  | "DATABASE_REFUSED"
  /** The database is not one to keep this in, or not as it is set up. */
  | "DATABASE_UNFIT"
  | "METADATA_CORRUPT"
  | "PROPERTIES_CORRUPT";

export class StorageError extends Error {
  readonly code: StorageErrorCode;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(code: StorageErrorCode, message: string, facts: Readonly<Record<string, unknown>> = {}) {
    super(message, "cause" in facts ? { cause: facts["cause"] } : undefined);
    this.name = "StorageError";
    this.code = code;
    this.facts = facts;
  }
}
