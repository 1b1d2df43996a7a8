// `odradek cluster --adopt`: the objects of a cluster become those of the database to which it was moved by a dump.

import { silentLogger } from "../../../base/logger.ts";
import { ObjectStoreError } from "../../../base/object-store.ts";
import { systemClock } from "../../../base/system-clock.ts";
import { type AdoptionCase, adopt, adoptionCase } from "../../../membership/adoption.ts";
import { shownDatabase } from "../../../membership/shown-database.ts";
import { CommandError, usageError } from "../../command-error.ts";
import type { Terminal } from "../../terminal.ts";
import { countText, durationText } from "../amounts.ts";
import { withDatabase } from "../machines-database.ts";

interface AdoptionGiven {
  readonly url: string;
  /** "s3://bucket/prefix" */
  readonly objects: string | undefined;
  /** Although objects are missing. */
  readonly isForced: boolean;
}

/** Raises CommandError. */
export async function adoptObjects({ url, objects, isForced }: AdoptionGiven, terminal: Terminal): Promise<void> {
  if (objects === undefined) throw usageError("--adopt needs the place where the cluster's records are: --objects s3://bucket/prefix");
  const { S3ObjectStore } = await import("../../../diskless/s3/s3-object-store.ts");
  try {
    const { environment } = terminal;
    const store = await S3ObjectStore.open({ location: objects, environment, clock: systemClock, logger: silentLogger });
    using closing = new DisposableStack();
    closing.defer(() => store.close());
    await withDatabase(url, async (database) => {
      const found = await adoptionCase({ store, database });
      const names = { objects, database: shownDatabase(url), clusterId: database.clusterId };
      for (const sentence of sentencesOf(found, names, isForced)) terminal.out(`${sentence}\n`);
      if (found.kind !== "foreign") return;
      await adopt({ store, database });
      terminal.out("Done.\n");
    });
  } catch (error) {
    if (!(error instanceof ObjectStoreError)) throw error;
    throw new CommandError(`The place for records ${objects} cannot be used: ${error.message.replace(/\.$/, "")}.`);
  }
}

interface Names {
  readonly objects: string;
  readonly database: string;
  readonly clusterId: string;
}

/** What is so, and what will be done about it. Raises CommandError where nothing is to be done. */
function sentencesOf(found: AdoptionCase, { objects, database, clusterId }: Names, isForced: boolean): readonly string[] {
  switch (found.kind) {
    case "absent":
      throw new CommandError(`Nothing in ${objects} is of the cluster ${clusterId}: its records are elsewhere, or were never stored.`);
    case "ours":
      return [`What is in ${objects} of the cluster ${clusterId} belongs to ${database} already; nothing is to be done.`];
    case "served":
      throw new CommandError(
        `${brokersText(found.brokers)} in ${database}, for another ${durationText(found.remainingMs)}; ` +
          "stop the cluster's brokers first, or wait until their leases have lapsed.",
      );
    case "foreign": {
      const { owner, namedCount, missingCount } = found;
      const missing = `${countText(missingCount)} of ${countText(namedCount)} objects in which its records lie are not there any more`;
      if (missingCount > 0 && !isForced)
        throw new CommandError(
          `${missing}: brokers of the database that they belong to have deleted them after ${database} was copied from it. ` +
            "Nothing was changed. --force adopts what is left; records in the others are lost, and partitions that have them fail to be read there.",
        );
      return [
        `What is in ${objects} of the cluster ${clusterId} belongs to the database ${owner}, of which ${database} is a copy.`,
        missingCount > 0 ? `${missing}.` : `All ${countText(namedCount)} objects in which its records lie are there.`,
        `From now on it belongs to ${database}: brokers start on that, and delete what the other has stored since it was copied.`,
        "No broker of the other may run any more.",
      ];
    }
  }
}

function brokersText(brokers: readonly number[]): string {
  return brokers.length === 1 ? `Broker ${brokers[0]} has a lease` : `Brokers ${brokers.join(", ")} have leases`;
}
