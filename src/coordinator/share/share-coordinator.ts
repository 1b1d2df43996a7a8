// The share coordinator of a broker: the state of the share partitions whose partition of __share_group_state it leads (KIP-932). What leaders
// of partitions and the group coordinator ask of it comes by their persister (peer-state-persister.ts).

import { type ErrorCode, Errors, errorMessage } from "../../../protocol/errors.ts";
import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import { isRefusal, type Refusal } from "../../cluster/refusal.ts";
import type { Partition } from "../../partition/partition.ts";
import { answer, type Decision } from "../decision.ts";
import { partitionFor } from "../partition-for.ts";
import { CoordinatorRuntime } from "../runtime.ts";
import type { SharePartition } from "./share-partition.ts";
import { sharePartitionName } from "./share-partition-name.ts";
import type { ShareSettings } from "./share-settings.ts";
import { ShareState } from "./share-state.ts";
import { type DecisionContext, decideDelete, decideInitialize, decideRead, decideSummary, decideWrite } from "./share-state-decisions.ts";
import type { InitialState, SharePartitionKey, StateChange, StateSummary, StoredState } from "./share-state-persister.ts";
import { type ShareStateRecord, shareStateRecordCodec } from "./share-state-record.ts";

export interface ShareCoordinatorOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly config: ShareSettings;
  /** Share groups are, by `share.version`: else nothing is done that nobody asked for. */
  readonly isServed: () => boolean;
  /** Of __share_group_state, once it exists. */
  readonly partitionCount: () => number | undefined;
  /** Of the topic with that id; `undefined` when there is none. */
  readonly partitionCountOf: (topicId: string) => number | undefined;
}

type Later<Reply> = Reply | Promise<Reply>;
type Outcome = Refusal | undefined;

const NOTHING_STORED: StateSummary = { stateEpoch: 0, leaderEpoch: 0, startOffset: -1, deliveryCompleteCount: -1 };

export class ShareCoordinator {
  readonly #options: ShareCoordinatorOptions;
  readonly #runtime: CoordinatorRuntime<ShareState, ShareStateRecord>;

  constructor(options: ShareCoordinatorOptions) {
    this.#options = options;
    const { clock, logger, config, isServed } = options;
    this.#runtime = new CoordinatorRuntime<ShareState, ShareStateRecord>({
      clock,
      logger,
      codec: shareStateRecordCodec,
      newState: (shard) => new ShareState({ shard, clock, logger, config, isServed }),
      commitTimeoutMs: config["share.coordinator.write.timeout.ms"],
    });
  }

  /** The partition of __share_group_state whose leader coordinates a share partition, by what that is called (`sharePartitionName`). */
  partitionFor(key: string): number {
    return partitionFor(key, this.#options.partitionCount() ?? this.#options.config["share.coordinator.state.topic.num.partitions"]);
  }

  elected(partition: Partition): void {
    this.#runtime.elected(partition);
  }

  resigned(partitionIndex: number): void {
    this.#runtime.resigned(partitionIndex);
  }

  topicsDeleted(ids: ReadonlySet<string>): void {
    for (const { state } of this.#runtime.shards()) state?.topicsDeleted(ids);
  }

  close(): void {
    this.#runtime.close();
  }

  // ---- operations: what they mean is said by ShareStatePersister

  initialize(key: SharePartitionKey, state: InitialState): Later<Outcome> {
    return this.#store(key, "initialize share group state", (known, context) => decideInitialize(known, key, state, context));
  }

  write(key: SharePartitionKey, change: StateChange): Later<Outcome> {
    return this.#store(key, "write share group state", (known, context) => decideWrite(known, key, change, context));
  }

  delete(key: SharePartitionKey): Later<Outcome> {
    return this.#store(key, "delete share group state", (known, context) => decideDelete(known, key, context));
  }

  read(key: SharePartitionKey, leaderEpoch: number): Later<StoredState | Refusal> {
    return this.#write<StoredState | Refusal>(key, "read share group state", (known, context) => {
      const decided = decideRead(known, key, leaderEpoch, context);
      if (isRefusal(decided)) return answer(decided);
      return { records: decided.records, tellsStored: true, applied: () => decided.told };
    });
  }

  readSummary(key: SharePartitionKey): Later<StateSummary | Refusal> {
    return this.#write<StateSummary | Refusal>(key, "read share group state summary", (known, context) => {
      const refusal = decideSummary(key, context);
      if (refusal !== undefined) return answer(refusal);
      if (known === undefined) return { records: [], tellsStored: true, applied: () => NOTHING_STORED };
      const { stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount } = known.state;
      return { records: [], tellsStored: true, applied: () => ({ stateEpoch, leaderEpoch, startOffset, deliveryCompleteCount }) };
    });
  }

  #store(
    key: SharePartitionKey,
    operation: string,
    decide: (known: SharePartition | undefined, context: DecisionContext) => ShareStateRecord | Outcome,
  ): Later<Outcome> {
    return this.#write<Outcome>(key, operation, (known, context) => {
      const decided = decide(known, context);
      if (decided !== undefined && isRefusal(decided)) return answer(decided);
      return { records: decided === undefined ? [] : [decided], tellsStored: true, applied: () => undefined };
    });
  }

  #write<Reply>(
    key: SharePartitionKey,
    operation: string,
    decide: (known: SharePartition | undefined, context: DecisionContext) => Decision<ShareStateRecord, Reply | Refusal>,
  ): Later<Awaited<Reply | Refusal>> | Reply | Refusal {
    const { clock, config, partitionCountOf } = this.#options;
    return this.#runtime.write<Reply | Refusal>(
      this.partitionFor(sharePartitionName(key)),
      (state) =>
        decide(state.get(key), {
          nowMs: clock.now(),
          updatesPerSnapshot: config["share.coordinator.snapshot.update.records.per.snapshot"],
          isPartitionThere: key.partition < (partitionCountOf(key.topicId) ?? 0),
        }),
      (error) => ({ error, message: `Unable to ${operation}: ${wordsOf(error)}` }),
    );
  }
}

/** Kafka's, of the errors that it gives. */
function wordsOf(error: ErrorCode): string {
  switch (error) {
    case Errors.COORDINATOR_LOAD_IN_PROGRESS:
      return "The coordinator is loading and hence can't process requests.";
    case Errors.COORDINATOR_NOT_AVAILABLE:
      return "The coordinator is not available.";
    case Errors.NOT_COORDINATOR:
      return "This is not the correct coordinator.";
    default:
      return errorMessage(error) ?? "";
  }
}
