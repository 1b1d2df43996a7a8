// TxnOffsetCommit (key 28). Offsets that a producer commits in its transaction, at the coordinator of the group. The group's partition of
// __consumer_offsets must belong to the transaction; from version 5 on it is added here (KIP-890).

import { Errors } from "../../protocol/errors.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import { GROUP_OFFSETS_TOPIC } from "../cluster/topic-name.ts";
import { coordinatorError } from "../coordinator/coordinator-error.ts";
import {
  namesCommittablePartitions,
  refuseTxnOffsetCommit,
  refuseWholeTxnOffsetCommit,
  txnOffsetCommitRequest,
} from "../coordinator/group/requests/txn-offset-commit.ts";
import type { VerificationMode } from "../coordinator/transaction/partition-verifier.ts";
import { type RequestContext, serve } from "./handler.ts";
import type { Services } from "./services.ts";
import { type Verified, verifyTransaction } from "./transaction-verification.ts";

const { api, versions, needs } = txnOffsetCommitRequest;

type Request = DecodedMessage<typeof api.request>;
type Response = EncodableMessage<typeof api.response>;

/** Offsets have no sequence. */
const NO_SEQUENCE = -1;

export const txnOffsetCommit = serve(api, versions, [...needs, "WRITE TRANSACTIONAL_ID"], handle);

type Context = RequestContext<(typeof needs)[number] | "WRITE TRANSACTIONAL_ID">;

function handle(services: Services, request: Request, context: Context): Response | Promise<Response> {
  const { parts } = services.groups;
  const { access } = context;
  if (!access.permits("WRITE TRANSACTIONAL_ID", request.transactionalId))
    return refuseWholeTxnOffsetCommit(request, Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
  if (!access.permits("READ GROUP", request.groupId)) return refuseWholeTxnOffsetCommit(request, Errors.GROUP_AUTHORIZATION_FAILED);
  if (!namesCommittablePartitions(parts, context, request)) return refuseTxnOffsetCommit(parts, context, request, Errors.NONE);
  if (request.groupId === "") return refuseTxnOffsetCommit(parts, context, request, Errors.INVALID_GROUP_ID);
  const partition = services.partitions.get(GROUP_OFFSETS_TOPIC, parts.partitionFor(request.groupId));
  if (partition === undefined) return refuseTxnOffsetCommit(parts, context, request, Errors.NOT_COORDINATOR);
  const { transactionalId, producerId, producerEpoch } = request;
  const verifying = verifyTransaction(services, {
    transactionalId,
    producer: { producerId, producerEpoch },
    mode: modeOf(context.apiVersion),
    appends: [{ partition, baseSequence: NO_SEQUENCE }],
  });
  const commit = (verified: Verified) => {
    // Led anew meanwhile, it may have seen the end of the transaction elsewhere.
    if (services.partitions.get(GROUP_OFFSETS_TOPIC, partition.index) !== partition)
      return refuseTxnOffsetCommit(parts, context, request, Errors.NOT_COORDINATOR);
    const error = verified.errorOf(partition, NO_SEQUENCE);
    if (error !== Errors.NONE) return refuseTxnOffsetCommit(parts, context, request, coordinatorError(error));
    return txnOffsetCommitRequest.handle(parts, request, context);
  };
  return verifying instanceof Promise ? verifying.then(commit) : commit(verifying);
}

function modeOf(apiVersion: number): VerificationMode {
  if (apiVersion >= 5) return "add";
  return apiVersion === 4 ? "verifyAbortable" : "verify";
}
