// A member of a share group: it fetches, takes its time, and acknowledges what it got, in every way that there is; or it forgets to, goes away, and
// comes back. What it has heard of is all that it knows: the ledger has its own view.

import { Errors } from "../../../protocol/errors.ts";
import * as messages from "../../../protocol/messages/index.ts";
import { Client, Disconnected, type World } from "../world.ts";
import { Acknowledge } from "./ledger.ts";

export interface MemberOptions {
  readonly world: World;
  readonly groupId: string;
  readonly memberId: string;
  readonly topicId: () => string;
  readonly partitionCount: number;
  readonly lockDurationMs: number;
  /** Accepts everything at once, and is never slow. */
  readonly isDiligent: boolean;
}

interface Held {
  readonly partition: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
}

interface Batch {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly acknowledgeTypes: readonly number[];
}

const VERSION = 2;
const PAUSE_MS = 20;
const RECORD_LIMIT = 1;

export class ShareMember {
  readonly #options: MemberOptions;
  #client: Client;
  #epoch = 0;
  #held: Held[] = [];
  #isStopped = false;
  /** Polls in a row that gave nothing. */
  emptyPolls = 0;

  constructor(options: MemberOptions) {
    this.#options = options;
    this.#client = new Client(options.world);
  }

  stop(): void {
    this.#isStopped = true;
  }

  async run(): Promise<void> {
    const { dice, scheduler } = this.#options.world.options;
    const { isDiligent, lockDurationMs } = this.#options;
    while (!this.#isStopped) {
      try {
        await this.#poll();
        if (!isDiligent && dice.chance(0.1)) await scheduler.sleep(dice.between(lockDurationMs / 2, lockDurationMs * 2));
        await this.#acknowledge();
        if (!isDiligent && dice.chance(0.03)) this.#forget();
        await scheduler.sleep(dice.between(0, 15));
      } catch (error) {
        if (!(error instanceof Disconnected)) throw error;
        this.#forget();
        await scheduler.sleep(PAUSE_MS);
      }
    }
  }

  /** As a process that dies, and one that comes back under the same id. */
  #forget(): void {
    this.#client = new Client(this.#options.world);
    this.#epoch = 0;
    this.#held = [];
  }

  async #poll(): Promise<void> {
    const { world, groupId, memberId, topicId, partitionCount, isDiligent } = this.#options;
    const { dice, scheduler } = world.options;
    const batches = this.#epoch > 0 && dice.chance(0.4) ? this.#takeAcknowledgements() : new Map<number, Batch[]>();
    const partitions = Array.from({ length: partitionCount }, (_, partitionIndex) => ({
      partitionIndex,
      acknowledgementBatches: batches.get(partitionIndex) ?? [],
    })).filter(({ acknowledgementBatches }) => this.#epoch === 0 || acknowledgementBatches.length > 0);
    const response = await this.#client.call(
      messages.shareFetch,
      VERSION,
      {
        ...{ groupId, memberId, shareSessionEpoch: this.#epoch, maxWaitMs: dice.pick([0, 50, 200]), minBytes: 1, maxBytes: 1 << 20 },
        ...{ maxRecords: isDiligent ? 500 : dice.pick([1, 3, 10, 100]), batchSize: dice.pick([1, 3, 10]) },
        shareAcquireMode: dice.pick([0, RECORD_LIMIT]),
        topics: partitions.length === 0 ? [] : [{ topicId: topicId(), partitions }],
        forgottenTopicsData: [],
      },
      true,
    );
    if (response.errorCode !== Errors.NONE) {
      this.#epoch = 0;
      this.#held = [];
      await scheduler.sleep(PAUSE_MS);
      return;
    }
    this.#epoch++;
    const told = response.responses.flatMap((each) => each.partitions);
    const got = told.flatMap(({ partitionIndex: partition, acquiredRecords }) =>
      acquiredRecords.map(({ firstOffset, lastOffset }) => ({ partition, firstOffset, lastOffset })),
    );
    this.emptyPolls = got.length === 0 && told.every(({ errorCode }) => errorCode === Errors.NONE) ? this.emptyPolls + 1 : 0;
    if (told.some(({ errorCode }) => errorCode !== Errors.NONE)) await scheduler.sleep(PAUSE_MS);
    this.#held.push(...got);
  }

  async #acknowledge(): Promise<void> {
    const { world, groupId, memberId, topicId, isDiligent } = this.#options;
    if (this.#held.length === 0 || this.#epoch === 0) return;
    if (!isDiligent && world.options.dice.chance(0.2)) return;
    const isRenewAck = !isDiligent && world.options.dice.chance(0.1);
    const batches = isRenewAck ? this.#renewals() : this.#takeAcknowledgements();
    if (batches.size === 0) return;
    const partitions = [...batches].map(([partitionIndex, acknowledgementBatches]) => ({ partitionIndex, acknowledgementBatches }));
    const topics = [{ topicId: topicId(), partitions }];
    const request = { groupId, memberId, shareSessionEpoch: this.#epoch, isRenewAck, topics };
    const response = await this.#client.call(messages.shareAcknowledge, VERSION, request, true);
    if (response.errorCode === Errors.NONE) this.#epoch++;
    else this.#epoch = 0;
  }

  /** Of all that it has, and keeps. */
  #renewals(): Map<number, Batch[]> {
    const batches = new Map<number, Batch[]>();
    for (const { partition, firstOffset, lastOffset } of this.#held) {
      batches.set(partition, [...(batches.get(partition) ?? []), { firstOffset, lastOffset, acknowledgeTypes: [Acknowledge.RENEW] }]);
    }
    for (const list of batches.values()) list.sort((one, other) => one.firstOffset - other.firstOffset);
    return batches;
  }

  /** Of some of what it has, by partition and in order. */
  #takeAcknowledgements(): Map<number, Batch[]> {
    const { dice } = this.#options.world.options;
    const batches = new Map<number, Batch[]>();
    const kept: Held[] = [];
    for (const held of this.#held) {
      if (!this.#options.isDiligent && dice.chance(0.2)) {
        kept.push(held);
        continue;
      }
      const { partition, firstOffset, lastOffset } = held;
      const acknowledgeTypes = this.#typesFor(lastOffset - firstOffset + 1);
      batches.set(partition, [...(batches.get(partition) ?? []), { firstOffset, lastOffset, acknowledgeTypes }]);
    }
    this.#held = kept;
    for (const list of batches.values()) list.sort((one, other) => one.firstOffset - other.firstOffset);
    return batches;
  }

  #typesFor(count: number): number[] {
    const { dice } = this.#options.world.options;
    const { ACCEPT, RELEASE, REJECT } = Acknowledge;
    if (this.#options.isDiligent) return [ACCEPT];
    if (dice.chance(0.6)) return [dice.pick([ACCEPT, ACCEPT, ACCEPT, RELEASE, REJECT])];
    return Array.from({ length: count }, () => dice.pick([ACCEPT, ACCEPT, RELEASE, REJECT]));
  }
}
