// Every API that the broker serves, in order of its key.

import { addOffsetsToTxn } from "./add-offsets-to-txn.ts";
import { addPartitionsToTxn } from "./add-partitions-to-txn.ts";
import { apiVersions } from "./api-versions.ts";
import { createTopics } from "./create-topics.ts";
import { deleteTopics } from "./delete-topics.ts";
import { describeCluster } from "./describe-cluster.ts";
import { describeConfigs } from "./describe-configs.ts";
import { describeTopicPartitions } from "./describe-topic-partitions.ts";
import { describeTransactions } from "./describe-transactions.ts";
import { endTxn } from "./end-txn.ts";
import { fetch } from "./fetch.ts";
import { findCoordinator } from "./find-coordinator.ts";
import * as groups from "./groups.ts";
import type { Handler } from "./handler.ts";
import { initProducerId } from "./init-producer-id.ts";
import { listOffsets } from "./list-offsets.ts";
import { listTransactions } from "./list-transactions.ts";
import { metadata } from "./metadata.ts";
import { offsetForLeaderEpoch } from "./offset-for-leader-epoch.ts";
import { produce } from "./produce.ts";
import { txnOffsetCommit } from "./txn-offset-commit.ts";
import { writeTxnMarkers } from "./write-txn-markers.ts";

const served: readonly Handler[] = [
  produce,
  fetch,
  listOffsets,
  metadata,
  groups.offsetCommit,
  groups.offsetFetch,
  findCoordinator,
  groups.joinGroup,
  groups.heartbeat,
  groups.leaveGroup,
  groups.syncGroup,
  groups.describeGroups,
  groups.listGroups,
  apiVersions,
  createTopics,
  deleteTopics,
  initProducerId,
  offsetForLeaderEpoch,
  addPartitionsToTxn,
  addOffsetsToTxn,
  endTxn,
  writeTxnMarkers,
  txnOffsetCommit,
  describeTransactions,
  listTransactions,
  describeConfigs,
  groups.deleteGroups,
  groups.offsetDelete,
  describeCluster,
  describeTopicPartitions,
];

export const handlers: readonly Handler[] = served.toSorted((a, b) => a.api.key - b.api.key);
