// EndTxn (key 26). Commits or aborts; the answer comes once the decision is stored, the markers follow by themselves. Version 5 speaks the
// newer protocol (KIP-890): it raises the epoch and gives it back. Before version 2 a fenced producer hears INVALID_PRODUCER_EPOCH.

import { Errors } from "../../protocol/errors.ts";
import { endTxn as endTxnApi } from "../../protocol/messages/index.ts";
import { EPOCH_BUMP_VERSION } from "../coordinator/transaction/transaction.ts";
import { serve } from "./handler.ts";

const EPOCH_BUMP_API_VERSION = 5;
const PRODUCER_FENCED_VERSION = 2;

export const endTxn = serve(endTxnApi, "0-5", ["WRITE TRANSACTIONAL_ID"], (services, request, { apiVersion, access }) => {
  const { transactionalId, producerId, producerEpoch, committed: isCommit } = request;
  if (!access.permits("WRITE TRANSACTIONAL_ID", transactionalId)) return { errorCode: Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED };
  const clientTransactionVersion = apiVersion >= EPOCH_BUMP_API_VERSION ? EPOCH_BUMP_VERSION : 0;
  const ending = services.transactions.endTransaction(transactionalId, { producerId, producerEpoch, isCommit, clientTransactionVersion });
  const toResponse = ({ error, ...producer }: Awaited<typeof ending>) => {
    const isUnknownError = error === Errors.PRODUCER_FENCED && apiVersion < PRODUCER_FENCED_VERSION;
    return { errorCode: isUnknownError ? Errors.INVALID_PRODUCER_EPOCH : error, ...producer };
  };
  return ending instanceof Promise ? ending.then(toResponse) : toResponse(ending);
});
