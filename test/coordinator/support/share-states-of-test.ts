// Keeps the states of share partitions in memory, says what it was asked, and refuses or waits when it is told to.

import type { Refusal } from "../../../src/cluster/refusal.ts";
import type {
  InitialState,
  SharePartitionKey,
  ShareStatePersister,
  StateSummary,
} from "../../../src/coordinator/share/share-state-persister.ts";

export class ShareStatesOfTest implements ShareStatePersister {
  /** By "group topic id partition". */
  readonly states = new Map<string, StateSummary>();
  /** "initialize g t:0 at -1 epoch 2", in their order. */
  readonly asked: string[] = [];
  refusal: Refusal | undefined;
  #held: Promise<void> | undefined;
  #letGo: (() => void) | undefined;

  /** Nobody is answered until the function that it gives is called. */
  hold(): () => void {
    this.#held = new Promise((resolve) => {
      this.#letGo = resolve;
    });
    return () => {
      this.#held = undefined;
      this.#letGo?.();
    };
  }

  async initialize(key: SharePartitionKey, { stateEpoch, startOffset }: InitialState): Promise<Refusal | undefined> {
    this.asked.push(`initialize ${nameOf(key)} at ${startOffset} epoch ${stateEpoch}`);
    await this.#held;
    if (this.refusal !== undefined) return this.refusal;
    this.states.set(nameOf(key), { stateEpoch, leaderEpoch: 0, startOffset, deliveryCompleteCount: 0 });
    return undefined;
  }

  async delete(key: SharePartitionKey): Promise<Refusal | undefined> {
    this.asked.push(`delete ${nameOf(key)}`);
    await this.#held;
    if (this.refusal === undefined) this.states.delete(nameOf(key));
    return this.refusal;
  }

  readSummary(key: SharePartitionKey): Promise<StateSummary | Refusal> {
    const absent = { stateEpoch: 0, leaderEpoch: 0, startOffset: -1, deliveryCompleteCount: -1 };
    return Promise.resolve(this.refusal ?? this.states.get(nameOf(key)) ?? absent);
  }

  read(): never {
    throw new Error("a group coordinator reads no states");
  }

  write(): never {
    throw new Error("a group coordinator writes no states");
  }
}

/** "g t:0", for topics whose ids are their names filled up (`topicId` of the bench). */
function nameOf({ groupId, topicId, partition }: SharePartitionKey): string {
  return `${groupId} ${Buffer.from(topicId, "base64url").toString().replaceAll(".", "")}:${partition}`;
}
