// Tells the ledger what the broker answers to members of share groups, whether or not an answer arrives.

import { Errors } from "../../../protocol/errors.ts";
import * as messages from "../../../protocol/messages/index.ts";
import type { DecodedMessage, EncodableMessage } from "../../../protocol/schema/message.ts";
import type { Exchange, Interceptor, LaterReply, Proceed } from "../../../src/server/interceptors.ts";
import type { Acknowledged, Ledger } from "./ledger.ts";

type FetchRequest = DecodedMessage<typeof messages.shareFetch.request>;
type FetchResponse = EncodableMessage<typeof messages.shareFetch.response>;
type AcknowledgeRequest = DecodedMessage<typeof messages.shareAcknowledge.request>;
type AcknowledgeResponse = EncodableMessage<typeof messages.shareAcknowledge.response>;
type Answered = ReturnType<Ledger["acknowledging"]>;
type Topics = FetchRequest["topics"] | AcknowledgeRequest["topics"];

export class Watching implements Interceptor {
  readonly defers = false;
  readonly #ledger: Ledger;
  readonly #failed: (error: unknown) => void;
  readonly #connections = new Map<object, string>();

  constructor(ledger: Ledger, failed: (error: unknown) => void) {
    this.#ledger = ledger;
    this.#failed = failed;
  }

  intercept(exchange: Exchange, proceed: Proceed): LaterReply {
    const { api } = exchange.handler;
    if (api.key !== messages.shareFetch.key && api.key !== messages.shareAcknowledge.key) return proceed();
    const request = exchange.request as unknown as FetchRequest | AcknowledgeRequest;
    const memberId = request.memberId ?? "";
    const { connection } = exchange.context;
    if (!this.#connections.has(connection)) {
      this.#connections.set(connection, memberId);
      connection.onClose(() => this.#ledger.memberGone(memberId));
    }
    const asked = acknowledgedIn(request.topics);
    const answered = this.#ledger.acknowledging(memberId, asked);
    const { leaders } = this.#ledger;
    const told = (reply: unknown): void => {
      // What a broker says that has crashed, nobody hears.
      const heard: Answered = connection.isClosed ? () => undefined : answered;
      try {
        if (api.key === messages.shareAcknowledge.key) acknowledged(reply as AcknowledgeResponse, heard);
        else {
          // What waited for acknowledgements was acquired some time before it is told, and who gave it may be gone.
          const isExact = asked.length === 0 && !connection.isClosed && leaders === this.#ledger.leaders;
          this.#fetched(memberId, reply as FetchResponse, { answered: heard, isExact });
        }
      } catch (error) {
        this.#failed(error);
      }
    };
    const reply = proceed();
    if (!(reply instanceof Promise)) told(reply);
    else reply.then(told, () => undefined);
    return reply;
  }

  #fetched(
    memberId: string,
    { errorCode, responses }: FetchResponse,
    { answered, isExact }: { answered: Answered; isExact: boolean },
  ): void {
    const partitions = responses.flatMap((each) => each.partitions);
    answered(errorsOf(errorCode, new Map(partitions.map((each) => [each.partitionIndex, each.acknowledgeErrorCode]))));
    for (const { partitionIndex: partition, acquiredRecords } of partitions)
      for (const range of acquiredRecords) this.#ledger.delivered(memberId, { partition, ...range }, isExact);
  }
}

function acknowledged({ errorCode, responses }: AcknowledgeResponse, answered: Answered): void {
  const partitions = responses.flatMap((each) => each.partitions);
  answered(errorsOf(errorCode, new Map(partitions.map((each) => [each.partitionIndex, each.errorCode]))));
}

/** By partition; what was not answered has an error that says nothing. */
function errorsOf(errorCode: number, partitions: ReadonlyMap<number, number>): (partition: number) => number {
  return (partition) => (errorCode === Errors.NONE ? (partitions.get(partition) ?? Errors.UNKNOWN_SERVER_ERROR) : errorCode);
}

/** One for each offset where types differ. */
function acknowledgedIn(topics: Topics): Acknowledged[] {
  return topics.flatMap(({ partitions }) =>
    partitions.flatMap(({ partitionIndex: partition, acknowledgementBatches }) =>
      acknowledgementBatches.flatMap(({ firstOffset, lastOffset, acknowledgeTypes }) => {
        const [first = 0] = acknowledgeTypes;
        if (acknowledgeTypes.length === 1) return [{ partition, firstOffset, lastOffset, type: first }];
        return acknowledgeTypes.map((type, index) => ({
          partition,
          firstOffset: firstOffset + index,
          lastOffset: firstOffset + index,
          type,
        }));
      }),
    ),
  );
}
