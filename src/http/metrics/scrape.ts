// One reading of all metrics.

import type { Access } from "../../security/access.ts";
import type { Permission } from "../../security/permission.ts";
import type { BrokerView } from "../broker-view.ts";
import type { Exposition } from "./exposition.ts";

export interface Scrape {
  readonly view: BrokerView;
  readonly out: Exposition;
  readonly access: Access<Permission>;
  /** Partitions, or offsets of groups, beyond which the rest is left out. */
  readonly mostRows: number;
}

export function maySeeTopic({ access }: Scrape): (topic: string) => boolean {
  return (topic) => access.permitsQuietly("DESCRIBE TOPIC", topic);
}
