// The state of one shard of __transaction_state: its transactional ids. A prepared transaction is handed on to be completed, when it is
// prepared here and when it is found so at load: the coordinator before this one may have died in between.

import type { ErrorCode } from "../../../protocol/errors.ts";
import type { CoordinatorState } from "../coordinator-state.ts";
import type { Shard } from "../shard.ts";
import { isPrepared, type Transaction } from "./transaction.ts";
import type { TransactionRecord } from "./transaction-record.ts";

export type TransactionShard = Shard<TransactionState, TransactionRecord>;

export interface TransactionStateOptions {
  readonly shard: TransactionShard;
  /** Called for each prepared transaction. */
  readonly complete: (shard: TransactionShard, transactionalId: string, prepared: Transaction) => void;
}

export class TransactionState implements CoordinatorState<TransactionRecord> {
  readonly #options: TransactionStateOptions;
  readonly #transactions = new Map<string, Transaction>();

  constructor(options: TransactionStateOptions) {
    this.#options = options;
  }

  get(transactionalId: string): Transaction | undefined {
    return this.#transactions.get(transactionalId);
  }

  entries(): Iterable<readonly [transactionalId: string, transaction: Transaction]> {
    return this.#transactions;
  }

  // ---- CoordinatorState

  replay({ transactionalId, transaction }: TransactionRecord): void {
    if (transaction === null) this.#transactions.delete(transactionalId);
    else this.#transactions.set(transactionalId, transaction);
  }

  /** Nobody writes to __transaction_state in transactions. */
  endTransaction(): void {}

  loaded(): void {
    const { shard, complete } = this.#options;
    for (const [transactionalId, transaction] of [...this.#transactions])
      if (isPrepared(transaction)) complete(shard, transactionalId, transaction);
  }

  unloaded(_error: ErrorCode): void {}
}
