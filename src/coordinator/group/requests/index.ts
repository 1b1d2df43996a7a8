// Every request that the group coordinator answers for whoever asks. TxnOffsetCommit is not among them: a producer's right to the
// group's partition is seen to first, by its handler.

import type { GroupRequest } from "../group-request.ts";
import { alterShareGroupOffsetsRequest } from "./alter-share-group-offsets.ts";
import { consumerGroupDescribeRequest } from "./consumer-group-describe.ts";
import { consumerGroupHeartbeatRequest } from "./consumer-group-heartbeat.ts";
import { deleteGroupsRequest } from "./delete-groups.ts";
import { deleteShareGroupOffsetsRequest } from "./delete-share-group-offsets.ts";
import { describeGroupsRequest } from "./describe-groups.ts";
import { describeShareGroupOffsetsRequest } from "./describe-share-group-offsets.ts";
import { heartbeatRequest } from "./heartbeat.ts";
import { joinGroupRequest } from "./join-group.ts";
import { leaveGroupRequest } from "./leave-group.ts";
import { listGroupsRequest } from "./list-groups.ts";
import { offsetCommitRequest } from "./offset-commit.ts";
import { offsetDeleteRequest } from "./offset-delete.ts";
import { offsetFetchRequest } from "./offset-fetch.ts";
import { shareGroupDescribeRequest } from "./share-group-describe.ts";
import { shareGroupHeartbeatRequest } from "./share-group-heartbeat.ts";
import { streamsGroupDescribeRequest } from "./streams-group-describe.ts";
import { streamsGroupHeartbeatRequest } from "./streams-group-heartbeat.ts";
import { syncGroupRequest } from "./sync-group.ts";

export const groupRequests: readonly GroupRequest[] = [
  offsetCommitRequest,
  offsetFetchRequest,
  joinGroupRequest,
  heartbeatRequest,
  leaveGroupRequest,
  syncGroupRequest,
  describeGroupsRequest,
  listGroupsRequest,
  deleteGroupsRequest,
  offsetDeleteRequest,
  consumerGroupHeartbeatRequest,
  consumerGroupDescribeRequest,
  shareGroupHeartbeatRequest,
  shareGroupDescribeRequest,
  describeShareGroupOffsetsRequest,
  alterShareGroupOffsetsRequest,
  deleteShareGroupOffsetsRequest,
  streamsGroupHeartbeatRequest,
  streamsGroupDescribeRequest,
];
