// DescribeTransactions (key 65). The state of transactional ids that this broker coordinates (KIP-664).

import { Errors } from "../../protocol/errors.ts";
import { describeTransactions as describeTransactionsApi } from "../../protocol/messages/index.ts";
import type { EncodableMessage } from "../../protocol/schema/message.ts";
import type { Access } from "../security/access.ts";
import { serve } from "./handler.ts";
import type { Services } from "./services.ts";

type Description = EncodableMessage<typeof describeTransactionsApi.response>["transactionStates"][number];

export const describeTransactions = serve(
  describeTransactionsApi,
  "0",
  ["DESCRIBE TRANSACTIONAL_ID", "DESCRIBE TOPIC"],
  (services, request, { access }) => ({
    transactionStates: request.transactionalIds.map((transactionalId) => describe(services, transactionalId, access)),
  }),
);

function describe(
  services: Services,
  transactionalId: string,
  access: Access<"DESCRIBE TRANSACTIONAL_ID" | "DESCRIBE TOPIC">,
): Description {
  const failed = (errorCode: number): Description => ({
    errorCode,
    transactionalId,
    transactionState: "",
    transactionTimeoutMs: 0,
    transactionStartTimeMs: 0,
    producerId: 0,
    producerEpoch: 0,
    topics: [],
  });
  if (!access.permits("DESCRIBE TRANSACTIONAL_ID", transactionalId)) return failed(Errors.TRANSACTIONAL_ID_AUTHORIZATION_FAILED);
  if (transactionalId === "") return failed(Errors.INVALID_REQUEST);
  const transaction = services.transactions.transaction(transactionalId);
  if (transaction === undefined) return failed(Errors.TRANSACTIONAL_ID_NOT_FOUND);
  if (typeof transaction === "number") return failed(transaction);
  return {
    errorCode: Errors.NONE,
    transactionalId,
    transactionState: transaction.status,
    transactionTimeoutMs: transaction.timeoutMs,
    transactionStartTimeMs: transaction.startTimestampMs,
    producerId: transaction.producerId,
    producerEpoch: transaction.producerEpoch,
    topics: [...transaction.partitions]
      .filter(([topic]) => access.permitsQuietly("DESCRIBE TOPIC", topic))
      .map(([topic, partitions]) => ({ topic, partitions: [...partitions] })),
  };
}
