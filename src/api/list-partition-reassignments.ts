// ListPartitionReassignments (key 46, KIP-455). The moves that are going on: none, since each is done when it is answered (see
// cluster/reassignment.ts).

import { Errors } from "../../protocol/errors.ts";
import { listPartitionReassignments as listPartitionReassignmentsApi } from "../../protocol/messages/index.ts";
import { serve } from "./handler.ts";
import { lackingOnCluster } from "./unauthorized.ts";

export const listPartitionReassignments = serve(listPartitionReassignmentsApi, "0", ["DESCRIBE CLUSTER"], (_, { topics }, { access }) => {
  if (access.permitsOnCluster("DESCRIBE CLUSTER")) return { errorCode: Errors.NONE, topics: [] };
  const { error: errorCode, message: errorMessage } = lackingOnCluster(listPartitionReassignmentsApi, "DESCRIBE");
  // Who may not ask hears back what they asked for.
  const asked = (topics ?? []).map(({ name, partitionIndexes }) => ({
    name,
    partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, replicas: [], addingReplicas: [], removingReplicas: [] })),
  }));
  return { errorCode, errorMessage, topics: asked };
});
