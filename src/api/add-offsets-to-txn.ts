// AddOffsetsToTxn (key 25). Takes the group's partition of __consumer_offsets into a transaction, before TxnOffsetCommit goes there. Only
// the older protocol needs it. Before version 2 a fenced producer hears INVALID_PRODUCER_EPOCH.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { addOffsetsToTxn as addOffsetsToTxnApi } from "../../protocol/messages/index.ts";
import { GROUP_OFFSETS_TOPIC } from "../cluster/topic-name.ts";
import { serve } from "./handler.ts";

const PRODUCER_FENCED_VERSION = 2;

export const addOffsetsToTxn = serve(
  addOffsetsToTxnApi,
  "0-4",
  ["WRITE TRANSACTIONAL_ID", "READ GROUP"],
  async (services, request, context) => {
    const { groupId, ...transaction } = request;
    const { access } = context;
    if (!access.permits("WRITE TRANSACTIONAL_ID", request.transactionalId))
      return { errorCode: Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED };
    if (!access.permits("READ GROUP", groupId)) return { errorCode: Errors.GROUP_AUTHORIZATION_FAILED };
    if (!services.cluster.image.topicsByName.has(GROUP_OFFSETS_TOPIC)) {
      const refusal = await services.topics.autoCreate(GROUP_OFFSETS_TOPIC);
      if (refusal !== undefined) return { errorCode: Errors.COORDINATOR_NOT_AVAILABLE };
    }
    const partitions = new Map([[GROUP_OFFSETS_TOPIC, new Set([services.groups.partitionFor(groupId)])]]);
    const errorCode: ErrorCode = await services.transactions.addPartitions({ ...transaction, partitions, clientTransactionVersion: 0 });
    const isUnknownError = errorCode === Errors.PRODUCER_FENCED && context.apiVersion < PRODUCER_FENCED_VERSION;
    return { errorCode: isUnknownError ? Errors.INVALID_PRODUCER_EPOCH : errorCode };
  },
);
