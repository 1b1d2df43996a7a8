// The registry: every API that a client or a tool may send, in the order of keys. Loading it builds declarations only; a codec is
// compiled when a message of its version is first read or written.

import type { Api } from "../schema/message.ts";
import { produce } from "./00-produce.ts";
import { fetch } from "./01-fetch.ts";
import { listOffsets } from "./02-list-offsets.ts";
import { metadata } from "./03-metadata.ts";
import { offsetCommit } from "./08-offset-commit.ts";
import { offsetFetch } from "./09-offset-fetch.ts";
import { findCoordinator } from "./10-find-coordinator.ts";
import { joinGroup } from "./11-join-group.ts";
import { heartbeat } from "./12-heartbeat.ts";
import { leaveGroup } from "./13-leave-group.ts";
import { syncGroup } from "./14-sync-group.ts";
import { describeGroups } from "./15-describe-groups.ts";
import { listGroups } from "./16-list-groups.ts";
import { apiVersions } from "./18-api-versions.ts";
import { createTopics } from "./19-create-topics.ts";
import { deleteTopics } from "./20-delete-topics.ts";
import { initProducerId } from "./22-init-producer-id.ts";
import { offsetForLeaderEpoch } from "./23-offset-for-leader-epoch.ts";
import { describeConfigs } from "./32-describe-configs.ts";
import { deleteGroups } from "./42-delete-groups.ts";
import { describeCluster } from "./60-describe-cluster.ts";
import { describeTopicPartitions } from "./75-describe-topic-partitions.ts";

export {
  apiVersions,
  createTopics,
  deleteGroups,
  deleteTopics,
  describeCluster,
  describeConfigs,
  describeGroups,
  describeTopicPartitions,
  fetch,
  findCoordinator,
  heartbeat,
  initProducerId,
  joinGroup,
  leaveGroup,
  listGroups,
  listOffsets,
  metadata,
  offsetCommit,
  offsetFetch,
  offsetForLeaderEpoch,
  produce,
  syncGroup,
};

export const apis = [
  produce,
  fetch,
  listOffsets,
  metadata,
  offsetCommit,
  offsetFetch,
  findCoordinator,
  joinGroup,
  heartbeat,
  leaveGroup,
  syncGroup,
  describeGroups,
  listGroups,
  apiVersions,
  createTopics,
  deleteTopics,
  initProducerId,
  offsetForLeaderEpoch,
  describeConfigs,
  deleteGroups,
  describeCluster,
  describeTopicPartitions,
] as const satisfies readonly Api[];

export const apiByKey: ReadonlyMap<number, Api> = new Map(apis.map((api) => [api.key, api]));
