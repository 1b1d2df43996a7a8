// ListTransactions (key 66). The transactional ids that this broker coordinates, by state and producer (KIP-664); from version 1 on by how
// long a transaction has been running (KIP-994), from 2 on by a pattern of ids (KIP-1152). An empty filter lets all pass.

import { Errors } from "../../protocol/errors.ts";
import { listTransactions as listTransactionsApi } from "../../protocol/messages/index.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import { loadPatterns, type Pattern } from "../base/patterns.ts";
import { Slices } from "../base/slices.ts";
import type { Transaction } from "../coordinator/transaction/transaction.ts";
import { serve } from "./handler.ts";
import type { Services } from "./services.ts";

type Request = DecodedMessage<typeof listTransactionsApi.request>;
type Response = EncodableMessage<typeof listTransactionsApi.response>;

/** All that Kafka knows by name; the last two are never to be seen. */
const STATES: ReadonlySet<string> = new Set([
  "Empty",
  "Ongoing",
  "PrepareCommit",
  "PrepareAbort",
  "CompleteCommit",
  "CompleteAbort",
  "Dead",
  "PrepareEpochFence",
]);

const ANY: Pattern = { matches: () => true };

export const listTransactions = serve(
  listTransactionsApi,
  "0-2",
  ["DESCRIBE TRANSACTIONAL_ID"],
  async (services, request, { access }): Promise<Response> => {
    const refused = (errorCode: number): Response => ({ errorCode, unknownStateFilters: [], transactionStates: [] });
    if (services.transactions.isLoading) return refused(Errors.COORDINATOR_LOAD_IN_PROGRESS);
    const source = request.transactionalIdPattern;
    const pattern = source === null || source === "" ? ANY : (await loadPatterns())(source);
    if (pattern === undefined) return refused(Errors.INVALID_REGULAR_EXPRESSION);
    const slices = new Slices(services.clock);
    const isWanted = filter(services, request, pattern);
    const transactionStates: Response["transactionStates"][number][] = [];
    for (const [transactionalId, transaction] of services.transactions.transactions()) {
      if (slices.isOver) await slices.next();
      if (!isWanted(transactionalId, transaction) || !access.permitsQuietly("DESCRIBE TRANSACTIONAL_ID", transactionalId)) continue;
      transactionStates.push({ transactionalId, producerId: transaction.producerId, transactionState: transaction.status });
    }
    return { errorCode: Errors.NONE, unknownStateFilters: request.stateFilters.filter((state) => !STATES.has(state)), transactionStates };
  },
);

function filter(services: Services, request: Request, pattern: Pattern): (transactionalId: string, transaction: Transaction) => boolean {
  const states = new Set(request.stateFilters.filter((state) => STATES.has(state)));
  const producerIds = new Set(request.producerIdFilters);
  const { durationFilter } = request;
  const nowMs = services.clock.now();
  return (transactionalId, transaction) => {
    if (producerIds.size > 0 && !producerIds.has(transaction.producerId)) return false;
    // A filter of unknown states only lets none pass.
    if (request.stateFilters.length > 0 && !states.has(transaction.status)) return false;
    if (durationFilter >= 0 && nowMs - transaction.startTimestampMs <= durationFilter) return false;
    return pattern.matches(transactionalId);
  };
}
