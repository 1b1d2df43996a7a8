// A broker without its lease leads nothing and coordinates nobody: others may by now, and what it believes may be of the past. It says so with
// the errors on which clients look for who does, and goes on answering who the brokers are, as Kafka's brokers do that have lost their way to
// the controller: clients of which every broker had hung up forget all that they knew, and some do not find back from there. What has no error
// to say it ends the connection. Looked at when a request comes, and again before its answer goes out: in between this process may have slept
// for a day.
//
// Who waits for an answer when the lease lapses hears at once, and turns to others. A Produce among them may be stored yet, so it is told
// that its time is over, not that this broker does not lead.
//
// What a broker asks itself does not pass here. It needs not: what it stores is refused where the leader epochs are (diskless/catalog.ts).

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import type { Encodable, Shape } from "../../protocol/schema/field.ts";
import { errorReply } from "../api/error-response.ts";
import { CloseConnection } from "../api/handler.ts";
import type { Exchange, Interceptor, LaterReply, Proceed } from "../server/interceptors.ts";

const ANSWERED = new Set(["ApiVersions", "SaslHandshake", "SaslAuthenticate", "Metadata", "FindCoordinator", "DescribeCluster"]);

/** `stored`: of what waits, and may be done yet. */
const REFUSALS = new Map<string, { readonly error: ErrorCode; readonly stored?: ErrorCode }>([
  ["Produce", { error: Errors.NOT_LEADER_OR_FOLLOWER, stored: Errors.REQUEST_TIMED_OUT }],
  ...of(
    Errors.NOT_LEADER_OR_FOLLOWER,
    "Fetch",
    "ListOffsets",
    "DeleteRecords",
    "OffsetForLeaderEpoch",
    "WriteTxnMarkers",
    "DescribeProducers",
    "ShareFetch",
    "ShareAcknowledge",
  ),
  ...of(Errors.NOT_COORDINATOR, "OffsetCommit", "OffsetFetch", "OffsetDelete", "JoinGroup", "SyncGroup", "Heartbeat", "LeaveGroup"),
  ...of(Errors.NOT_COORDINATOR, "DescribeGroups", "DeleteGroups", "ConsumerGroupHeartbeat", "ConsumerGroupDescribe"),
  ...of(Errors.NOT_COORDINATOR, "ShareGroupHeartbeat", "ShareGroupDescribe"),
  ...of(Errors.NOT_COORDINATOR, "DescribeShareGroupOffsets", "AlterShareGroupOffsets", "DeleteShareGroupOffsets"),
  ...of(Errors.NOT_COORDINATOR, "StreamsGroupHeartbeat", "StreamsGroupDescribe"),
  ...of(
    Errors.NOT_COORDINATOR,
    "InitProducerId",
    "AddPartitionsToTxn",
    "AddOffsetsToTxn",
    "TxnOffsetCommit",
    "EndTxn",
    "DescribeTransactions",
  ),
  ...of(
    Errors.NOT_COORDINATOR,
    "InitializeShareGroupState",
    "ReadShareGroupState",
    "WriteShareGroupState",
    "DeleteShareGroupState",
    "ReadShareGroupStateSummary",
  ),
  ...of(Errors.COORDINATOR_NOT_AVAILABLE, "ListGroups", "ListTransactions"),
]);

function of(error: ErrorCode, ...names: readonly string[]): [string, { readonly error: ErrorCode }][] {
  return names.map((name) => [name, { error }]);
}

export class LeaseGuard implements Interceptor {
  readonly defers = false;
  readonly #isHeld: () => boolean;
  readonly #waiting = new Set<() => void>();

  constructor(isHeld: () => boolean) {
    this.#isHeld = isHeld;
  }

  intercept(exchange: Exchange, proceed: Proceed): LaterReply {
    if (ANSWERED.has(exchange.handler.api.name)) return proceed();
    if (!this.#isHeld()) return refusal(exchange);
    const reply = proceed();
    if (!(reply instanceof Promise)) return this.#isHeld() ? reply : refusal(exchange);
    return new Promise((resolve, reject) => {
      const refuse = (): void => {
        this.#waiting.delete(refuse);
        try {
          resolve(refusal(exchange, true));
        } catch (error) {
          reject(error);
        }
      };
      this.#waiting.add(refuse);
      reply.then(
        (later) => {
          if (!this.#isHeld()) return refuse();
          this.#waiting.delete(refuse);
          resolve(later);
        },
        (error: unknown) => {
          this.#waiting.delete(refuse);
          reject(error);
        },
      );
    });
  }

  /** To be called when the lease has lapsed. */
  lapsed(): void {
    for (const refuse of [...this.#waiting]) refuse();
  }
}

/** Throws CloseConnection where there is no error to say it. @param mayBeStored it was taken up */
function refusal({ handler, request, context }: Exchange, mayBeStored = false): Encodable<Shape> {
  const { name } = handler.api;
  const refused = REFUSALS.get(name);
  if (refused === undefined || request["acks"] === 0) throw new CloseConnection("the lease of this broker is over");
  const error = sessionRefusal(name, request) ?? (mayBeStored ? refused.stored : undefined) ?? refused.error;
  return errorReply(handler, context.apiVersion, request, { error, isHit: () => true }).reply as Encodable<Shape>;
}

/** Who fetches in a session need not name partitions: without it he names them all, and hears of each. */
function sessionRefusal(name: string, request: Exchange["request"]): ErrorCode | undefined {
  if (name === "Fetch" && Number(request["sessionId"] ?? 0) !== 0) return Errors.FETCH_SESSION_ID_NOT_FOUND;
  return name === "ShareFetch" && request["shareSessionEpoch"] !== 0 ? Errors.SHARE_SESSION_NOT_FOUND : undefined;
}
