// A cluster of machines at a glance: its brokers with their leases and what they lead, and what waits for somebody. Pure.

import type { ClusterImage, Endpoint } from "../cluster/image.ts";
import type { LeaseView } from "../diskless/leases.ts";

export interface BrokerOverview {
  readonly broker: number;
  /** Where clients are sent to; `undefined` for one that never registered. */
  readonly address: string | undefined;
  readonly rack: string | null;
  /** "serves": registered, with a lease. "starts": has a lease only. "lapsed": silent for too long, and not taken over from yet. "gone" */
  readonly state: "serves" | "starts" | "lapsed" | "gone";
  readonly incarnation: number | undefined;
  /** By the database's clock; negative: it lapsed so long ago. `undefined` without a lease. */
  readonly leaseRemainingMs: number | undefined;
  readonly leads: number;
  readonly replicas: number;
}

export interface Overview {
  readonly clusterId: string;
  readonly brokers: readonly BrokerOverview[];
  /** Sentences, none where all is well. */
  readonly waiting: readonly string[];
}

export function overviewOf(image: ClusterImage, leases: readonly LeaseView[]): Overview {
  const held = new Map(leases.filter(({ isEnded }) => !isEnded).map((lease) => [lease.brokerId, lease]));
  const ids = new Set([...image.brokers.keys(), ...image.stoppedBrokers.keys(), ...held.keys()]);
  const partitions = [...image.topicsByName.values()].flatMap((topic) => topic.partitions);
  const brokers = [...ids]
    .sort((one, other) => one - other)
    .map((id): BrokerOverview => {
      const known = image.brokers.get(id) ?? image.stoppedBrokers.get(id);
      const lease = held.get(id);
      return {
        broker: id,
        address: addressOf(known?.endpoints),
        rack: known?.rack ?? null,
        state: stateOf(image.brokers.has(id), lease),
        incarnation: lease?.number ?? known?.incarnation,
        leaseRemainingMs: lease?.remainingMs,
        leads: partitions.filter(({ leader }) => leader === id).length,
        replicas: partitions.filter(({ replicas }) => replicas.includes(id)).length,
      };
    });
  const unled = partitions.filter(({ leader }) => leader === -1).length;
  return { clusterId: image.clusterId, brokers, waiting: whatWaits(image, brokers, unled) };
}

function stateOf(isRegistered: boolean, lease: LeaseView | undefined): BrokerOverview["state"] {
  if (lease === undefined) return isRegistered ? "lapsed" : "gone";
  if (lease.remainingMs < 0) return "lapsed";
  return isRegistered ? "serves" : "starts";
}

function addressOf(endpoints: readonly Endpoint[] = []): string | undefined {
  const [first] = endpoints;
  if (first === undefined) return undefined;
  const { host, port } = first;
  return `${host === null ? "*" : host.includes(":") ? `[${host}]` : host}:${port}`;
}

function whatWaits({ brokers: registered }: ClusterImage, brokers: readonly BrokerOverview[], unled: number): string[] {
  const waiting: string[] = [];
  for (const { broker, state, leads } of brokers) {
    if (state === "lapsed" && registered.has(broker))
      waiting.push(`Broker ${broker} is silent; ${countOf(leads)} for others to take over.`);
    if (state === "starts") waiting.push(`Broker ${broker} has a lease and has not registered yet.`);
  }
  if (unled > 0)
    waiting.push(
      `${unled === 1 ? "A partition has" : `${unled} partitions have`} no leader; the next broker that starts leads what it finds so.`,
    );
  return waiting;
}

function countOf(partitions: number): string {
  return partitions === 1 ? "1 partition waits" : `${partitions} partitions wait`;
}
