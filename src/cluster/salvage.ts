// Makes the best of a history of which units are lost: what still can be applied is, and what the logs know better than the metadata, leader
// epochs and producer ids, is raised to what they say. Pure: the caller writes the history anew.

import { type LogState, raisedProducerIds } from "./adoption.ts";
import { applyChanges, type Change, type ClusterImage, emptyImage } from "./image.ts";

/** Producer ids are taken in blocks of so many, one block a unit. */
const BLOCK_SIZE = 1000;
/** So many units may be lost without a trace: those at the end of a journal that was not closed in order. */
const UNTRACED_UNITS = 1000;

/** The changes that rest on nothing that is lost, in order. */
export function salvageChanges(units: readonly (readonly Change[])[]): readonly Change[] {
  let image = emptyImage("");
  const changes: Change[] = [];
  for (const change of units.flat()) {
    for (const each of applicable(image, change)) {
      image = applyChanges(image, [each]);
      changes.push(each);
    }
  }
  return changes;
}

function applicable(image: ClusterImage, change: Change): readonly Change[] {
  switch (change.type) {
    case "topic": {
      const namesake = image.topicsByName.get(change.name);
      return namesake === undefined ? [change] : [{ type: "topicDeleted", id: namesake.id }, change];
    }
    case "topicDeleted":
    case "topicConfigs":
    case "partitionsAdded":
      return image.topicsById.has(change.id) ? [change] : [];
    case "partition":
      return image.topicsById.get(change.id)?.partitions[change.index] === undefined ? [] : [change];
    default:
      return [change];
  }
}

export interface KnownLog extends LogState {
  readonly topicId: string;
}

/** What the logs of topics that the image knows say beyond it. */
export function raisedChanges(image: ClusterImage, logs: readonly KnownLog[], lostUnits: number): readonly Change[] {
  const raised = logs.flatMap(({ topicId, partition: index, leaderEpoch }): Change[] => {
    const partition = image.topicsById.get(topicId)?.partitions[index];
    if (partition === undefined || leaderEpoch <= partition.leaderEpoch) return [];
    return [{ type: "partition", id: topicId, index, partition: { ...partition, leaderEpoch } }];
  });
  return [...raised, ...raisedProducerIds(image, logs, BLOCK_SIZE * (lostUnits + UNTRACED_UNITS))];
}
