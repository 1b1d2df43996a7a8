// The cluster's metadata as brokers of many machines keep it: numbered units of changes in one place, and now and then the history up to one
// of them in short. Which unit comes next is decided there; what else a MetadataStore promises is made of it (unit-metadata-store.ts).

export interface StoredUnit<Change> {
  /** From 1, without gaps. */
  readonly version: number;
  /** A UUID of whoever committed it, to know it again. */
  readonly id: string;
  readonly changes: readonly Change[];
}

export interface UnitsAfter<Change> {
  /** In order, at most as many as were asked for. */
  readonly units: readonly StoredUnit<Change>[];
  readonly newestVersion: number;
  /** Of the unit after which was asked; `undefined` when it is not kept any more, or there is none. */
  readonly id: string | undefined;
}

/** `snapshot` stands for the units up to one of them, `newer` is what the units since then changed. */
export interface History<Change> {
  readonly snapshot: readonly Change[];
  readonly newer: readonly Change[];
}

/** All reject with StorageError: "UNAVAILABLE" where it is not known whether it was done. */
export interface MetadataUnits<Change> {
  /** False when it is not the next one: another has its version, or it has it already itself, or those before it are missing. */
  add(unit: StoredUnit<Change>): Promise<boolean>;
  after(version: number, limit: number): Promise<UnitsAfter<Change>>;
  /** All that led to the version. `undefined` when only what led to later ones is kept. */
  history(version: number): Promise<History<Change> | undefined>;
  /** Old units that it stands for may go. */
  keepSnapshot(version: number, changes: readonly Change[]): Promise<void>;
}
