// InitProducerId (key 22). Gives an idempotent producer its id; makes the caller the producer of a transactional id (KIP-98, KIP-360).
// Before version 4 a fenced producer hears INVALID_PRODUCER_EPOCH (KIP-588). Version 6, for two-phase commit (KIP-939), is not stable in
// Kafka either: it is understood, but not advertised.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import { initProducerId as initProducerIdApi } from "../../protocol/messages/index.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import type { Access } from "../security/access.ts";
import { serve } from "./handler.ts";
import type { Services } from "./services.ts";

type Request = DecodedMessage<typeof initProducerIdApi.request>;
type Response = EncodableMessage<typeof initProducerIdApi.response>;

const NONE = -1;
const PRODUCER_FENCED_VERSION = 4;

const needs = ["WRITE TRANSACTIONAL_ID", "TWO_PHASE_COMMIT TRANSACTIONAL_ID", "IDEMPOTENT_WRITE CLUSTER", "WRITE TOPIC"] as const;

export const initProducerId = serve(
  initProducerIdApi,
  "0-6",
  needs,
  async (services, request, context) => {
    const response = await answer(services, request, context.access);
    const isUnknownError = response.errorCode === Errors.PRODUCER_FENCED && context.apiVersion < PRODUCER_FENCED_VERSION;
    return isUnknownError ? { ...response, errorCode: Errors.INVALID_PRODUCER_EPOCH } : response;
  },
  { advertised: "0-5" },
);

async function answer(services: Services, request: Request, access: Access<(typeof needs)[number]>): Promise<Response> {
  const { transactionalId, transactionTimeoutMs: timeoutMs, producerId, producerEpoch } = request;
  const refused = (errorCode: number) => ({ errorCode, producerId: NONE, producerEpoch: NONE });
  const unauthorized = transactionalId === null ? idempotentFault(access) : transactionalFault(access, transactionalId, request);
  if (unauthorized !== undefined) return refused(unauthorized);
  if ((producerId === NONE) !== (producerEpoch === NONE)) return refused(Errors.INVALID_REQUEST);
  // For producers without transactions Kafka gives a fresh id at each call, whatever id they had.
  if (transactionalId === null) return { errorCode: Errors.NONE, producerId: await services.producerIds.take(), producerEpoch: 0 };
  if (transactionalId === "") return refused(Errors.INVALID_REQUEST);
  if (request.enable2Pc && !services.config["transaction.two.phase.commit.enable"])
    return refused(Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
  if (request.keepPreparedTxn) return refused(Errors.UNSUPPORTED_VERSION);
  if (timeoutMs <= 0 || timeoutMs > services.config["transaction.max.timeout.ms"]) return refused(Errors.INVALID_TRANSACTION_TIMEOUT);
  const expected = producerId === NONE ? undefined : { producerId, producerEpoch };
  const { error, ...producer } = await services.transactions.initProducer(transactionalId, { timeoutMs, expected });
  return { errorCode: error, ...producer };
}

function transactionalFault(
  access: Access<"WRITE TRANSACTIONAL_ID" | "TWO_PHASE_COMMIT TRANSACTIONAL_ID">,
  transactionalId: string,
  { enable2Pc }: Request,
): ErrorCode | undefined {
  const isPermitted =
    access.permits("WRITE TRANSACTIONAL_ID", transactionalId) &&
    (!enable2Pc || access.permits("TWO_PHASE_COMMIT TRANSACTIONAL_ID", transactionalId));
  return isPermitted ? undefined : Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
}

/** Who may write to a topic may do so idempotently (KIP-679). */
function idempotentFault(access: Access<"IDEMPOTENT_WRITE CLUSTER" | "WRITE TOPIC">): ErrorCode | undefined {
  const isPermitted = access.permitsSomewhere("WRITE TOPIC") || access.permitsOnCluster("IDEMPOTENT_WRITE CLUSTER");
  return isPermitted ? undefined : Errors.CLUSTER_AUTHORIZATION_FAILED;
}
