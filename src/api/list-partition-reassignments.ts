// ListPartitionReassignments (key 46, KIP-455). The moves that are going on: none, since each is done when it is answered (see
// cluster/reassignment.ts).

import { Errors } from "../../protocol/errors.ts";
import { listPartitionReassignments as listPartitionReassignmentsApi } from "../../protocol/messages/index.ts";
import { serve } from "./handler.ts";

export const listPartitionReassignments = serve(listPartitionReassignmentsApi, "0", ["DESCRIBE CLUSTER"], () => ({
  errorCode: Errors.NONE,
  topics: [],
}));
