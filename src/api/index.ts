// Every API that the broker serves, in order of its key.

import { createAcls, deleteAcls, describeAcls } from "./acls.ts";
import { addOffsetsToTxn } from "./add-offsets-to-txn.ts";
import { addPartitionsToTxn } from "./add-partitions-to-txn.ts";
import { alterConfigs } from "./alter-configs.ts";
import { alterPartitionReassignments } from "./alter-partition-reassignments.ts";
import { alterReplicaLogDirs } from "./alter-replica-log-dirs.ts";
import { apiVersions } from "./api-versions.ts";
import { alterClientQuotas, describeClientQuotas } from "./client-quotas.ts";
import { getTelemetrySubscriptions, pushTelemetry } from "./client-telemetry.ts";
import { createPartitions } from "./create-partitions.ts";
import { createTopics } from "./create-topics.ts";
import * as delegationTokens from "./delegation-tokens.ts";
import { deleteRecords } from "./delete-records.ts";
import { deleteTopics } from "./delete-topics.ts";
import { describeCluster } from "./describe-cluster.ts";
import { describeConfigs } from "./describe-configs.ts";
import { describeLogDirs } from "./describe-log-dirs.ts";
import { describeProducers } from "./describe-producers.ts";
import { describeQuorum } from "./describe-quorum.ts";
import { describeTopicPartitions } from "./describe-topic-partitions.ts";
import { describeTransactions } from "./describe-transactions.ts";
import { electLeaders } from "./elect-leaders.ts";
import { endTxn } from "./end-txn.ts";
import { fetch } from "./fetch.ts";
import { findCoordinator } from "./find-coordinator.ts";
import { groupHandlers } from "./groups.ts";
import type { Handler } from "./handler.ts";
import { incrementalAlterConfigs } from "./incremental-alter-configs.ts";
import { initProducerId } from "./init-producer-id.ts";
import { listConfigResources } from "./list-config-resources.ts";
import { listOffsets } from "./list-offsets.ts";
import { listPartitionReassignments } from "./list-partition-reassignments.ts";
import { listTransactions } from "./list-transactions.ts";
import { metadata } from "./metadata.ts";
import { offsetForLeaderEpoch } from "./offset-for-leader-epoch.ts";
import { produce } from "./produce.ts";
import { addRaftVoter, removeRaftVoter } from "./raft-voters.ts";
import { saslAuthenticate, saslHandshake } from "./sasl.ts";
import { alterUserScramCredentials, describeUserScramCredentials } from "./scram-credentials.ts";
import { shareAcknowledge } from "./share-acknowledge.ts";
import { shareFetch } from "./share-fetch.ts";
import * as shareGroupState from "./share-group-state.ts";
import { txnOffsetCommit } from "./txn-offset-commit.ts";
import { unregisterBroker } from "./unregister-broker.ts";
import { updateFeatures } from "./update-features.ts";
import { writeTxnMarkers } from "./write-txn-markers.ts";

const served: readonly Handler[] = [
  produce,
  fetch,
  listOffsets,
  metadata,
  ...groupHandlers,
  findCoordinator,
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
  describeCluster,
  describeTopicPartitions,
  createAcls,
  deleteAcls,
  describeAcls,
  alterConfigs,
  alterPartitionReassignments,
  alterReplicaLogDirs,
  alterClientQuotas,
  describeClientQuotas,
  createPartitions,
  deleteRecords,
  describeLogDirs,
  describeProducers,
  describeQuorum,
  electLeaders,
  incrementalAlterConfigs,
  listConfigResources,
  listPartitionReassignments,
  addRaftVoter,
  removeRaftVoter,
  alterUserScramCredentials,
  describeUserScramCredentials,
  unregisterBroker,
  updateFeatures,
  getTelemetrySubscriptions,
  pushTelemetry,
  shareFetch,
  shareAcknowledge,
  shareGroupState.initializeShareGroupState,
  shareGroupState.readShareGroupState,
  shareGroupState.writeShareGroupState,
  shareGroupState.deleteShareGroupState,
  shareGroupState.readShareGroupStateSummary,
  saslHandshake,
  saslAuthenticate,
  delegationTokens.createDelegationToken,
  delegationTokens.renewDelegationToken,
  delegationTokens.expireDelegationToken,
  delegationTokens.describeDelegationToken,
];

export const handlers: readonly Handler[] = served.toSorted((a, b) => a.api.key - b.api.key);
