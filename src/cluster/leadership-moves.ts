// Which changes of the cluster may give a partition another leader. Where brokers share their storage but no open logs, whoever leads it until
// then hears of them first (MetadataStore.subscribeToComing).

import type { Change } from "./image.ts";

const MOVES: readonly Change["type"][] = ["partition", "broker", "brokerRemoved", "brokerStopped"];

export function mayMoveLeaderships(changes: readonly Change[]): boolean {
  return changes.some(({ type }) => MOVES.includes(type));
}
