// One reading of all metrics.

import type { Slices } from "../../base/slices.ts";
import type { Access } from "../../security/access.ts";
import type { Permission } from "../../security/permission.ts";
import type { BrokerView } from "../broker-view.ts";
import type { Exposition } from "./exposition.ts";

export interface Scrape {
  readonly view: BrokerView;
  readonly out: Exposition;
  readonly access: Access<Permission>;
  /** Rows may be many, and others have their turn between them. */
  readonly slices: Slices;
  /** Partitions, or offsets of groups, beyond which the rest is left out. */
  readonly mostRows: number;
}

export function maySeeTopic({ access }: Scrape): (topic: string) => boolean {
  return (topic) => access.permitsQuietly("DESCRIBE TOPIC", topic);
}

/** A step for each of what may be many. */
export async function forEachRow<Row>({ slices }: Scrape, rows: Iterable<Row>, step: (row: Row) => void): Promise<void> {
  for (const row of rows) {
    if (slices.isOver) await slices.next();
    step(row);
  }
}
