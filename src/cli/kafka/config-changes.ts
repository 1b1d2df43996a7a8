// What `kafka-configs --alter` asks for, and the line that says it is done.

import type { EntityType } from "./config-entities.ts";

export function completedLine(type: EntityType, name: string | null): string {
  return name === null
    ? `Completed updating default config for ${type} in the cluster.`
    : `Completed updating config for ${type.slice(0, -1)} ${name}.`;
}

export interface Changes {
  readonly added: ReadonlyMap<string, string>;
  readonly deleted: readonly string[];
}
