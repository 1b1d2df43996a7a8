// What `kafka-reassign-partitions --generate` proposes: the replicas of topics spread over the brokers named, as a new topic's would be, over
// racks first.

import type { Broker } from "../../client/brokers.ts";
import { comparePartitions, type TopicPartition } from "../../client/topic-partition.ts";
import { CommandError } from "../command-error.ts";

export interface PlacedPartition extends TopicPartition {
  readonly replicas: readonly number[];
}

/** Raises CommandError for what is no list of ids. */
export function parseBrokerList(text: string): number[] {
  const ids = text.split(",").map((id) => {
    if (!/^\s*-?\d+\s*$/.test(id)) throw new CommandError(`For input string: "${id}"`);
    return Number(id);
  });
  const twice = ids.filter((id, index) => ids.indexOf(id) !== index);
  if (twice.length > 0) throw new CommandError(`Broker list contains duplicate entries: [${twice.join(", ")}]`);
  return ids;
}

/** As many replicas each as there are now. `first` falls on the broker that the first partition of each topic begins with. */
export function proposePlacement(
  current: readonly PlacedPartition[],
  brokers: readonly Pick<Broker, "id" | "rack">[],
  { isRackAware, first }: { readonly isRackAware: boolean; readonly first: number },
): PlacedPartition[] {
  const racks = brokers.filter(({ rack }) => rack !== null).length;
  if (isRackAware && racks > 0 && racks < brokers.length)
    throw new CommandError(
      "Not all brokers have rack information. Add --disable-rack-aware in command line to make replica assignment without rack information.",
    );
  const order = isRackAware ? rackByRack(brokers) : brokers;
  return [...Map.groupBy(current, ({ topic }) => topic)].flatMap(([topic, partitions]) => {
    const factor = partitions[0]?.replicas.length ?? 0;
    if (order.length === 0) throw new CommandError("All brokers are currently fenced, or have all their log directories cordoned.");
    if (factor > order.length)
      throw new CommandError(
        `The target replication factor of ${factor} cannot be reached because only ${order.length} broker(s) are registered or some brokers have all their log directories cordoned.`,
      );
    return partitions.toSorted(comparePartitions).map(({ partition }, index) => ({
      topic,
      partition,
      replicas: Array.from({ length: factor }, (_, replica) => order[(first + index + replica) % order.length]?.id ?? -1),
    }));
  });
}

/** One of each rack in turn, so that neighbours are of different racks as far as there are so many. */
function rackByRack(brokers: readonly Pick<Broker, "id" | "rack">[]): readonly Pick<Broker, "id" | "rack">[] {
  const byRack = [...Map.groupBy(brokers, ({ rack }) => rack).values()];
  const most = Math.max(0, ...byRack.map((ofRack) => ofRack.length));
  return Array.from({ length: most }, (_, turn) => byRack.flatMap((ofRack) => ofRack[turn] ?? [])).flat();
}
