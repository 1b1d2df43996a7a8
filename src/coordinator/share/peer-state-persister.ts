// Keeps the state of share partitions at their share coordinators: each of the five requests for itself (state-requests.ts). The coordinator of
// a share partition is the leader of its partition of __share_group_state, which the image tells; the topic is created when it is first needed.

import { type ErrorCode, Errors } from "../../../protocol/errors.ts";
import {
  deleteShareGroupState,
  initializeShareGroupState,
  readShareGroupState,
  readShareGroupStateSummary,
  writeShareGroupState,
} from "../../../protocol/messages/index.ts";
import type { Clock } from "../../base/clock.ts";
import type { ClusterImage } from "../../cluster/image.ts";
import type { Peers } from "../../cluster/peers.ts";
import type { Refusal } from "../../cluster/refusal.ts";
import { SHARE_GROUP_STATE_TOPIC } from "../../cluster/topic-name.ts";
import { partitionFor } from "../partition-for.ts";
import { sharePartitionName } from "./share-partition-name.ts";
import type {
  InitialState,
  SharePartitionKey,
  ShareStatePersister,
  StateBatch,
  StateChange,
  StateSummary,
  StoredState,
} from "./share-state-persister.ts";
import { type PartitionResult, StateRequests } from "./state-requests.ts";

export interface PeerStatePersisterOptions {
  readonly clock: Clock;
  readonly peers: Peers;
  readonly image: () => ClusterImage;
  /** Makes the topic of that name, with the settings of the cluster. */
  readonly createTopic: (name: string) => Promise<Refusal | undefined>;
}

interface ReadResult extends PartitionResult {
  readonly stateEpoch: number;
  readonly startOffset: number;
  readonly stateBatches: readonly StateBatch[];
}

interface LeaderWish {
  readonly leaderEpoch: number;
}

type SummaryResult = PartitionResult & StateSummary;
type ChangeWish = Omit<StateChange, "batches"> & { readonly stateBatches: readonly StateBatch[] };

const VERSION_WITH_COMPLETE_COUNT = 1;

export class PeerStatePersister implements ShareStatePersister {
  readonly #options: PeerStatePersisterOptions;
  readonly #initializing: StateRequests<InitialState, PartitionResult>;
  readonly #reading: StateRequests<LeaderWish, ReadResult>;
  readonly #writing: StateRequests<ChangeWish, PartitionResult>;
  readonly #deleting: StateRequests<object, PartitionResult>;
  readonly #summarizing: StateRequests<LeaderWish, SummaryResult>;
  #creation: Promise<Refusal | undefined> | undefined;

  constructor(options: PeerStatePersisterOptions) {
    this.#options = options;
    const { clock, peers } = options;
    const coordinatorOf = (key: SharePartitionKey) => this.#coordinatorOf(key);
    const common = { clock, coordinatorOf };
    this.#initializing = new StateRequests<InitialState, PartitionResult>({
      ...common,
      call: (to, request) => peers.call(to, initializeShareGroupState, 0, request),
    });
    this.#reading = new StateRequests<LeaderWish, ReadResult>({
      ...common,
      call: (to, request) => peers.call(to, readShareGroupState, 0, request),
    });
    this.#writing = new StateRequests<ChangeWish, PartitionResult>({
      ...common,
      call: (to, request) => peers.call(to, writeShareGroupState, VERSION_WITH_COMPLETE_COUNT, request),
    });
    this.#deleting = new StateRequests<object, PartitionResult>({
      ...common,
      call: (to, request) => peers.call(to, deleteShareGroupState, 0, request),
    });
    this.#summarizing = new StateRequests<LeaderWish, SummaryResult>({
      ...common,
      call: (to, request) => peers.call(to, readShareGroupStateSummary, VERSION_WITH_COMPLETE_COUNT, request),
    });
  }

  async initialize(key: SharePartitionKey, { stateEpoch, startOffset }: InitialState): Promise<Refusal | undefined> {
    return refusalOf(await this.#initializing.ask(key, { stateEpoch, startOffset }));
  }

  async read(key: SharePartitionKey, leaderEpoch: number): Promise<StoredState | Refusal> {
    const result = await this.#reading.ask(key, { leaderEpoch });
    if (result === undefined || result.errorCode !== Errors.NONE) return refusal(result);
    const { stateEpoch, startOffset, stateBatches: batches } = result;
    return { stateEpoch, startOffset, batches };
  }

  async write(key: SharePartitionKey, change: StateChange): Promise<Refusal | undefined> {
    const { stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount, batches: stateBatches } = change;
    return refusalOf(await this.#writing.ask(key, { stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount, stateBatches }));
  }

  async delete(key: SharePartitionKey): Promise<Refusal | undefined> {
    return refusalOf(await this.#deleting.ask(key, {}));
  }

  async readSummary(key: SharePartitionKey, leaderEpoch: number): Promise<StateSummary | Refusal> {
    const result = await this.#summarizing.ask(key, { leaderEpoch });
    if (result === undefined || result.errorCode !== Errors.NONE) return refusal(result);
    const { stateEpoch, leaderEpoch: knownLeaderEpoch, startOffset, deliveryCompleteCount } = result;
    return { stateEpoch, leaderEpoch: knownLeaderEpoch, startOffset, deliveryCompleteCount };
  }

  /** Whoever waits is told that there is no coordinator. */
  close(): void {
    for (const requests of [this.#initializing, this.#reading, this.#writing, this.#deleting, this.#summarizing]) requests.close();
  }

  #coordinatorOf(key: SharePartitionKey): number | undefined | Promise<number | undefined> {
    if (this.#options.image().topicsByName.has(SHARE_GROUP_STATE_TOPIC)) return this.#leaderFor(key);
    this.#creation ??= this.#options.createTopic(SHARE_GROUP_STATE_TOPIC).finally(() => {
      this.#creation = undefined;
    });
    return this.#creation.then(
      () => this.#leaderFor(key),
      () => undefined,
    );
  }

  #leaderFor(key: SharePartitionKey): number | undefined {
    const partitions = this.#options.image().topicsByName.get(SHARE_GROUP_STATE_TOPIC)?.partitions;
    const leader = partitions?.[partitionFor(sharePartitionName(key), partitions.length)]?.leader;
    return leader === -1 ? undefined : leader;
  }
}

function refusalOf(result: PartitionResult | undefined): Refusal | undefined {
  return result?.errorCode === Errors.NONE ? undefined : refusal(result);
}

function refusal(result: PartitionResult | undefined): Refusal {
  if (result === undefined) return { error: Errors.COORDINATOR_NOT_AVAILABLE, message: "No share coordinator answered." };
  return { error: result.errorCode as ErrorCode, message: result.errorMessage ?? "" };
}
