// What is left of a metadata journal that is damaged, cut off or missing: every whole line, also those behind the damage. The journal is
// then written anew from what its reader makes of them; the damaged file stays beside it.
//
//   metadata.journal.<32 hex digits>-damaged

import type { Filesystem } from "../base/filesystem.ts";
import { encodeLine, wholeLines } from "./journal-lines.ts";
import { closedVersionOf, JOURNAL_FORMAT, type JournalHeader, refuseNewer, writeClosedVersion } from "./journal-metadata-store.ts";

export interface DamagedJournal<Change> {
  /** In order, some missing: what comes later may rest on what is lost. */
  readonly units: readonly (readonly Change[])[];
  /** As many as there must have been at least, the lost ones too. */
  readonly version: number;
  readonly lostUnits: number;
}

/** Throws StorageError DIRECTORY_TOO_NEW. */
export function readDamagedJournal<Change>(filesystem: Filesystem, path: string): DamagedJournal<Change> {
  const content = filesystem.stat(path) === undefined ? Buffer.alloc(0) : filesystem.readFile(path);
  const { texts, damaged, isFirstWhole } = wholeLines(content);
  const [first, ...others] = texts;
  const header: JournalHeader<Change> | undefined = isFirstWhole && first !== undefined ? JSON.parse(first) : undefined;
  if (header !== undefined) refuseNewer(header, path);
  const units: (readonly Change[])[] = (header === undefined ? texts : others).map((text) => JSON.parse(text));
  const headerVersion = header?.version ?? 0;
  const version = Math.max(headerVersion + units.length + damaged, closedVersionOf(filesystem, path));
  return {
    units: header === undefined ? units : [header.changes, ...units],
    version,
    lostUnits: version - headerVersion - units.length,
  };
}

/** Gives the name under which the damaged one is kept; `undefined` when there was none. */
export function replaceDamagedJournal<Change>(
  filesystem: Filesystem,
  path: string,
  { version, changes, uniqueHex }: { readonly version: number; readonly changes: readonly Change[]; readonly uniqueHex: string },
): string | undefined {
  const kept = filesystem.stat(path) === undefined ? undefined : `${path}.${uniqueHex}-damaged`;
  if (kept !== undefined) filesystem.replaceFile(kept, filesystem.readFile(path), "private");
  filesystem.replaceFile(path, encodeLine({ format: JOURNAL_FORMAT, version, changes }), "private");
  writeClosedVersion(filesystem, path, version);
  return kept;
}
