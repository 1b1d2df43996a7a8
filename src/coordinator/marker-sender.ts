// Sends the markers that end transactions to the leaders of their partitions, over the Kafka protocol (WriteTxnMarkers), also where this
// broker leads itself. What fails is sent again, to whoever leads by then, until it is written or no longer wanted. A broker has one request
// of ours at a time; what comes up meanwhile goes into the next one together.

import { type ErrorCode, Errors, errorName } from "../../protocol/errors.ts";
import { writeTxnMarkers } from "../../protocol/messages/27-write-txn-markers.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { ClusterImage } from "../cluster/image.ts";
import type { Peers } from "../cluster/peers.ts";

export type MarkerPartitions = ReadonlyMap<string, ReadonlySet<number>>;

export interface Markers {
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly coordinatorEpoch: number;
  readonly isCommit: boolean;
  readonly transactionVersion: number;
  readonly partitions: MarkerPartitions;
  /** False once another coordinator has taken over: nothing more is sent. */
  readonly isWanted: () => boolean;
  /** Called once, when every partition has its marker. */
  readonly written: () => void;
}

export interface MarkerSenderOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly peers: Peers;
  readonly image: () => ClusterImage;
}

const WRITE_TXN_MARKERS_VERSION = 2;
const RETRY_DELAY_MS = 100;
const MARKERS_IN_REQUEST = 1000;

type Request = EncodableMessage<typeof writeTxnMarkers.request>;
type Response = DecodedMessage<typeof writeTxnMarkers.response>;

interface Job {
  readonly markers: Markers;
  /** How many partitions still lack their marker. */
  missingCount: number;
}

/** Markers of one transaction for one broker. */
interface Portion {
  readonly job: Job;
  readonly partitions: Map<string, Set<number>>;
}

interface Destination {
  readonly waiting: Portion[];
  isBusy: boolean;
}

export class MarkerSender {
  readonly #options: MarkerSenderOptions;
  readonly #destinations = new Map<number, Destination>();
  #isClosed = false;

  constructor(options: MarkerSenderOptions) {
    this.#options = options;
  }

  /** Where every leader is this broker and its disk is not waited for, the markers are written when this returns. */
  send(markers: Markers): void {
    const job: Job = { markers, missingCount: countOf(markers.partitions) };
    if (job.missingCount === 0) markers.written();
    else this.#route(job, markers.partitions);
  }

  close(): void {
    this.#isClosed = true;
    this.#destinations.clear();
  }

  #route(job: Job, partitions: MarkerPartitions): void {
    if (this.#isClosed || !job.markers.isWanted()) return;
    const image = this.#options.image();
    const portions = new Map<number, Portion>();
    let goneCount = 0;
    for (const [topic, indexes] of partitions) {
      for (const index of indexes) {
        const leader = image.topicsByName.get(topic)?.partitions[index]?.leader;
        // The topic was deleted, and the transaction's records with it.
        if (leader === undefined) goneCount++;
        else addTo(portions, leader, { job, topic, index });
      }
    }
    for (const [brokerId, portion] of portions) this.#enqueue(brokerId, portion);
    this.#written(job, goneCount);
  }

  #enqueue(brokerId: number, portion: Portion): void {
    const destination: Destination = this.#destinations.get(brokerId) ?? { waiting: [], isBusy: false };
    this.#destinations.set(brokerId, destination);
    destination.waiting.push(portion);
    this.#drain(brokerId, destination);
  }

  #drain(brokerId: number, destination: Destination): void {
    while (!destination.isBusy && destination.waiting.length > 0 && !this.#isClosed) {
      const portions = takeBatch(destination.waiting);
      if (portions.length === 0) continue;
      destination.isBusy = true;
      const settle = (response: Response | undefined) => {
        destination.isBusy = false;
        const answers = new Map(response?.markers.map((marker) => [marker.producerId, marker.topics]));
        for (const portion of portions) this.#settle(portion, answers.get(portion.job.markers.producerId) ?? []);
      };
      const answering = this.#options.peers.call(brokerId, writeTxnMarkers, WRITE_TXN_MARKERS_VERSION, toRequest(portions));
      if (!(answering instanceof Promise)) settle(answering);
      else {
        void answering.then((response) => {
          settle(response);
          this.#drain(brokerId, destination);
        });
      }
    }
  }

  /** @param topics as the leader answered them; what it did not answer is sent again */
  #settle(portion: Portion, topics: Response["markers"][number]["topics"]): void {
    const { job } = portion;
    const { producerId } = job.markers;
    const errors = new Map(
      topics.map(({ name, partitions }) => [name, new Map(partitions.map((each) => [each.partitionIndex, each.errorCode]))]),
    );
    const again = new Map<string, Set<number>>();
    let writtenCount = 0;
    for (const [topic, indexes] of portion.partitions) {
      for (const index of indexes) {
        const error = (errors.get(topic)?.get(index) ?? Errors.NETWORK_EXCEPTION) as ErrorCode;
        switch (outcomeOf(error)) {
          case "written":
            writtenCount++;
            break;
          case "again":
            again.set(topic, (again.get(topic) ?? new Set()).add(index));
            break;
          case "fenced":
            // A later coordinator or producer is at work; the markers that are still missing are its business.
            this.#options.logger.warn(
              { producerId, topic, partition: index, error: errorName(error) },
              "gave up writing a transaction marker",
            );
            break;
        }
      }
    }
    if (again.size > 0) this.#options.clock.after(RETRY_DELAY_MS, () => this.#route(job, again));
    this.#written(job, writtenCount);
  }

  #written(job: Job, count: number): void {
    if (count === 0) return;
    job.missingCount -= count;
    if (job.missingCount === 0 && job.markers.isWanted()) job.markers.written();
  }
}

function outcomeOf(error: ErrorCode): "written" | "again" | "fenced" {
  switch (error) {
    case Errors.NONE:
    case Errors.UNSUPPORTED_FOR_MESSAGE_FORMAT:
      return "written";
    case Errors.INVALID_PRODUCER_EPOCH:
    case Errors.TRANSACTION_COORDINATOR_FENCED:
      return "fenced";
    default:
      return "again";
  }
}

function countOf(partitions: MarkerPartitions): number {
  let count = 0;
  for (const indexes of partitions.values()) count += indexes.size;
  return count;
}

function addTo(portions: Map<number, Portion>, brokerId: number, { job, topic, index }: { job: Job; topic: string; index: number }): void {
  const portion: Portion = portions.get(brokerId) ?? { job, partitions: new Map() };
  portions.set(brokerId, portion);
  portion.partitions.set(topic, (portion.partitions.get(topic) ?? new Set()).add(index));
}

/** Takes from the front what goes into one request: answers are told apart by producer id, so each may be there once. */
function takeBatch(waiting: Portion[]): Portion[] {
  const taken = new Map<number, Portion>();
  let count = 0;
  for (const portion of waiting) {
    const { producerId, isWanted } = portion.job.markers;
    if (taken.size === MARKERS_IN_REQUEST || taken.has(producerId)) break;
    count++;
    if (isWanted()) taken.set(producerId, portion);
  }
  waiting.splice(0, count);
  return [...taken.values()];
}

function toRequest(portions: readonly Portion[]): Request {
  return {
    markers: portions.map(({ job: { markers }, partitions }) => ({
      producerId: markers.producerId,
      producerEpoch: markers.producerEpoch,
      transactionResult: markers.isCommit,
      topics: [...partitions].map(([name, indexes]) => ({ name, partitionIndexes: [...indexes] })),
      coordinatorEpoch: markers.coordinatorEpoch,
      transactionVersion: markers.transactionVersion,
    })),
  };
}
