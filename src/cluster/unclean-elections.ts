// Leaders for partitions that nobody leads, where the topic allows an unclean election: any replica that is there.

import { assert } from "../base/assert.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import { topicSettings } from "../config/topic-config.ts";
import type { Change, ClusterImage } from "./image.ts";
import { decideElection, ElectionTypes } from "./leader-election.ts";
import { isRefusal } from "./refusal.ts";

/** Of partitions that nobody leads, in topics that allow it. */
export function uncleanElections(image: ClusterImage, config: BrokerConfig): Change[] {
  const changes: Change[] = [];
  for (const { name, partitions, configs } of image.topicsByName.values()) {
    if (!partitions.some(({ leader }) => leader === -1) || !topicSettings(config, configs)["unclean.leader.election.enable"]) continue;
    partitions.forEach(({ leader }, partition) => {
      if (leader !== -1) return;
      const decision = decideElection(image, { topic: name, partition, electionType: ElectionTypes.UNCLEAN });
      if (isRefusal(decision)) return;
      assert(decision.partition.leader !== -1, "an election gives a leader");
      changes.push(decision);
    });
  }
  return changes;
}
