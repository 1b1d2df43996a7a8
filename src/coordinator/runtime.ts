// The coordinator runtime: the shards of one internal topic that this broker holds. Group, transaction and share coordinators
// are states and operations on it; "who coordinates X" is "who leads X's partition". What could not be loaded is loaded again some time later:
// until then clients hear NOT_COORDINATOR, and try again.

import { type ErrorCode, Errors } from "../../protocol/errors.ts";
import type { Clock, Timer } from "../base/clock.ts";
import { FailureLog } from "../base/failure-log.ts";
import type { Logger } from "../base/logger.ts";
import type { Partition } from "../partition/partition.ts";
import type { CoordinatorState, RecordCodec } from "./coordinator-state.ts";
import type { Decision } from "./decision.ts";
import { LoadTurns } from "./load.ts";
import { Shard } from "./shard.ts";

export interface RuntimeOptions<State extends CoordinatorState<Record>, Record> {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly codec: RecordCodec<Record>;
  /** A fresh state for a partition; it keeps the shard for operations of its own (timers). */
  readonly newState: (shard: Shard<State, Record>) => State;
  readonly commitTimeoutMs: number;
}

const RELOAD_MS = 1000;

export class CoordinatorRuntime<State extends CoordinatorState<Record>, Record> {
  readonly #options: RuntimeOptions<State, Record>;
  readonly #failures: FailureLog;
  readonly #loadTurns: LoadTurns;
  readonly #shards = new Map<number, Shard<State, Record>>();
  readonly #reloads = new Map<number, Timer>();

  constructor(options: RuntimeOptions<State, Record>) {
    this.#options = options;
    this.#failures = new FailureLog(options.logger);
    this.#loadTurns = new LoadTurns(options.clock);
  }

  /** This broker leads the partition from now on; loads its state. */
  elected(partition: Partition): void {
    this.resigned(partition.index);
    const logger = this.#options.logger.child({ topic: partition.topic, partition: partition.index });
    const failed = () => this.#reloadLater(partition);
    const shard = new Shard<State, Record>({
      ...this.#options,
      logger,
      partition,
      loadTurns: this.#loadTurns,
      failures: this.#failures,
      failed,
    });
    this.#shards.set(partition.index, shard);
    shard.start();
  }

  resigned(partitionIndex: number): void {
    const shard = this.#shards.get(partitionIndex);
    this.#shards.delete(partitionIndex);
    this.#reloads.get(partitionIndex)?.cancel();
    this.#reloads.delete(partitionIndex);
    shard?.resign();
  }

  #reloadLater(partition: Partition): void {
    this.#reloads.get(partition.index)?.cancel();
    this.#reloads.set(
      partition.index,
      this.#options.clock.after(RELOAD_MS, () => this.elected(partition)),
    );
  }

  close(): void {
    for (const index of [...this.#shards.keys()]) this.resigned(index);
  }

  /** Runs an operation on a partition's state; see `Decision`. `refuse` makes the reply when it cannot be done. */
  write<Reply>(
    partitionIndex: number,
    operation: (state: State) => Decision<Record, Reply>,
    refuse: (error: ErrorCode) => Reply,
  ): Reply | Promise<Awaited<Reply>> {
    const shard = this.#shards.get(partitionIndex);
    return shard === undefined ? refuse(Errors.NOT_COORDINATOR) : shard.write(operation, refuse);
  }

  /** Looks at the state as it is now. */
  read<Reply>(partitionIndex: number, look: (state: State) => Reply, refuse: (error: ErrorCode) => Reply): Reply {
    const shard = this.#shards.get(partitionIndex);
    if (shard === undefined) return refuse(Errors.NOT_COORDINATOR);
    const { state } = shard;
    return state === undefined ? refuse(shard.unavailable) : look(state);
  }

  shard(partitionIndex: number): Shard<State, Record> | undefined {
    return this.#shards.get(partitionIndex);
  }

  shards(): Iterable<Shard<State, Record>> {
    return this.#shards.values();
  }
}
