// `odradek cluster --cluster postgres://…`: a cluster of machines as its database knows it, whether or not any of its brokers can be reached.

import { systemClock } from "../../../base/system-clock.ts";
import { applyChanges, type Change, compactChanges, emptyImage } from "../../../cluster/image.ts";
import { overviewOf } from "../../../membership/overview.ts";
import { shownDatabase } from "../../../membership/shown-database.ts";
import { StorageError } from "../../../storage/storage-error.ts";
import { CommandError } from "../../command-error.ts";
import type { Terminal } from "../../terminal.ts";
import { printRows } from "../table.ts";

/** Raises CommandError. */
export async function printMachines(url: string, { json }: { readonly json?: boolean | undefined }, terminal: Terminal): Promise<void> {
  const { clusterId, brokers, waiting } = await overviewIn(url);
  if (json === true) {
    terminal.out(`${JSON.stringify({ clusterId, brokers, waiting })}\n`);
    return;
  }
  terminal.out(`cluster ${clusterId}\n`);
  const rows = brokers.map(({ broker, address, rack, state, incarnation, leaseRemainingMs, leads, replicas }) => ({
    ...{
      broker,
      address: address ?? null,
      rack,
      state,
      lease: leaseText(leaseRemainingMs),
      incarnation: incarnation ?? null,
      leads,
      replicas,
    },
  }));
  printRows(terminal, rows, { isJson: false, nothing: "There are no brokers." });
  for (const sentence of waiting) terminal.out(`${sentence}\n`);
}

async function overviewIn(url: string) {
  const { openPostgresDatabase } = await import("../../../diskless/postgres/database.ts");
  try {
    const options = { url, compact: compactChanges, mayMoveLeaderships: () => false, clock: systemClock };
    await using closing = new AsyncDisposableStack();
    const database = closing.adopt(await openPostgresDatabase<Change>(options), (opened) => opened.close());
    const image = applyChanges(emptyImage(database.clusterId), await database.metadata.load());
    return overviewOf(image, await database.leases.list());
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    throw new CommandError(`The database ${shownDatabase(url)} cannot be used: ${error.message.replace(/\.$/, "")}.`);
  }
}

function leaseText(remainingMs: number | undefined): string {
  if (remainingMs === undefined) return "none";
  const seconds = (Math.abs(remainingMs) / 1000).toFixed(1);
  return remainingMs < 0 ? `over for ${seconds} s` : `${seconds} s left`;
}
