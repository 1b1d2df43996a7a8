// Every declared message: requests, responses, keys and values of records, and the embedded protocol of consumers.

import { apis } from "../../protocol/messages/index.ts";
import type { Message } from "../../protocol/schema/message.ts";
import { consumerOffsetsRecords } from "../../protocol/state/consumer-offsets.ts";
import { consumerProtocolAssignment, consumerProtocolSubscription } from "../../protocol/state/consumer-protocol.ts";
import type { RecordType } from "../../protocol/state/coordinator-record.ts";
import { shareGroupStateRecords } from "../../protocol/state/share-group-state.ts";
import { transactionStateRecords } from "../../protocol/state/transaction-state.ts";

export const declaredRecords: readonly RecordType[] = [...consumerOffsetsRecords, ...transactionStateRecords, ...shareGroupStateRecords];

export const declaredMessages: readonly Message[] = [
  ...apis.flatMap((api): Message[] => [api.request, api.response]),
  ...declaredRecords.flatMap((type): Message[] => [type.key, type.value]),
  consumerProtocolSubscription,
  consumerProtocolAssignment,
];
