// Which topics a unit of changes makes, deletes, or gives another shape, found from the changes: nobody looks at the topics that they do
// not name, but where a broker comes back in another rack.

import type { Change, ClusterImage, TopicImage } from "./image.ts";
import { rackOf, replicaRacks } from "./replica-racks.ts";

/** By their names, each once. */
export interface TopicChanges {
  readonly deleted: readonly string[];
  /** Made, deleted, or with more partitions or replicas in other racks (KIP-1101): the deleted ones too. */
  readonly reshaped: readonly string[];
}

const NONE: TopicChanges = { deleted: [], reshaped: [] };

/** @param changes those that lead from `previous` to `image` */
export function topicChanges(changes: readonly Change[], image: ClusterImage, previous: ClusterImage): TopicChanges {
  const areRacksSame = !changes.some((change) => movesBroker(change, image, previous));
  const names = new Set(areRacksSame ? [] : image.topicsByName.keys());
  for (const change of changes) {
    const name = topicNamed(change, image, previous);
    if (name !== undefined) names.add(name);
  }
  if (names.size === 0) return NONE;
  const hasSameRacks = (now: TopicImage, before: TopicImage) =>
    now.partitions.every((partition, index) => {
      const earlier = before.partitions[index];
      if (earlier === undefined || (areRacksSame && earlier.replicas === partition.replicas)) return true;
      return isSame(replicaRacks(image, partition.replicas), replicaRacks(previous, earlier.replicas));
    });
  const deleted: string[] = [];
  const reshaped: string[] = [];
  for (const name of names) {
    const now = image.topicsByName.get(name);
    const before = previous.topicsByName.get(name);
    if (now === undefined && before !== undefined) deleted.push(name);
    if (now === before && areRacksSame) continue;
    const isReshaped = now?.id !== before?.id || now?.partitions.length !== before?.partitions.length;
    if (isReshaped || (now !== undefined && before !== undefined && !hasSameRacks(now, before))) reshaped.push(name);
  }
  return { deleted, reshaped };
}

function topicNamed(change: Change, image: ClusterImage, previous: ClusterImage): string | undefined {
  switch (change.type) {
    case "topic":
      return change.name;
    case "topicDeleted":
    case "partitionsAdded":
    case "partition":
      return (image.topicsById.get(change.id) ?? previous.topicsById.get(change.id))?.name;
    default:
      return undefined;
  }
}

/** Into another rack, or out of the cluster. */
function movesBroker(change: Change, image: ClusterImage, previous: ClusterImage): boolean {
  if (change.type !== "broker" && change.type !== "brokerRemoved") return false;
  return rackOf(image, change.id) !== rackOf(previous, change.id);
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((rack, index) => rack === other[index]);
}
