// The database of a cluster of machines, for commands that look into it.

import { systemClock } from "../../base/system-clock.ts";
import { type Change, compactChanges } from "../../cluster/image.ts";
import type { ClusterDatabase } from "../../diskless/cluster-database.ts";
import { shownDatabase } from "../../membership/shown-database.ts";
import { StorageError } from "../../storage/storage-error.ts";
import { CommandError } from "../command-error.ts";

/** While the work lasts. Raises CommandError where the database cannot be used. */
export async function withDatabase<T>(url: string, work: (database: ClusterDatabase<Change>) => Promise<T>): Promise<T> {
  const { openPostgresDatabase } = await import("../../diskless/postgres/database.ts");
  try {
    const options = { url, compact: compactChanges, mayMoveLeaderships: () => false, clock: systemClock };
    await using closing = new AsyncDisposableStack();
    const database = closing.adopt(await openPostgresDatabase<Change>(options), (opened) => opened.close());
    return await work(database);
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    throw new CommandError(`The database ${shownDatabase(url)} cannot be used: ${error.message.replace(/\.$/, "")}.`);
  }
}
