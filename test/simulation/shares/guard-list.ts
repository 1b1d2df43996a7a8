// What keeps that a share group gets every record, and none again that it is done with, each with what stands in its place when it is taken out
// (../guards.ts).

import type { Guard } from "../../guards/guard.ts";

const DECISIONS = "src/coordinator/share/share-state-decisions.ts";
const STATE = "src/coordinator/share/share-state.ts";
const PARTITION = "src/coordinator/share/share-partition.ts";
const BATCHES = "src/coordinator/share/state-batches.ts";
const DELIVERY = "src/share/delivery.ts";
const ACKNOWLEDGEMENT = "src/share/acknowledgement.ts";
const LED = "src/share/led-share-partition.ts";

export const GUARDS: readonly Guard[] = [
  // What the share coordinator sees to.
  {
    title: "what a leader before the last that read stores late is fenced",
    edits: [
      {
        file: DECISIONS,
        code: "known.leaderEpoch > leaderEpoch) return FENCED_LEADER;\n  if (stateEpoch",
        without: "known.leaderEpoch > leaderEpoch) void FENCED_LEADER;\n  if (stateEpoch",
      },
    ],
  },
  {
    title: "reading stores the epoch of who reads",
    edits: [
      {
        file: DECISIONS,
        code: "return { told, records: [nextRecord(known, { leaderEpoch, startOffset, deliveryCompleteCount, batches: [] }, context)] };",
        without: "return { told, records: [] };",
      },
    ],
  },
  {
    title: "a snapshot has what was stored before",
    edits: [
      {
        file: DECISIONS,
        code: "batches: combineBatches(state.batches, change.batches, startOffset),",
        without: "batches: combineBatches([], change.batches, startOffset),",
      },
    ],
  },
  {
    title: "an update adds to what is known",
    edits: [
      {
        file: PARTITION,
        code: "batches: combineBatches(state.batches, value.batches, startOffset),",
        without: "batches: combineBatches([], value.batches, startOffset),",
      },
    ],
  },
  {
    title: "of two that overlap the one with more deliveries counts",
    edits: [{ file: BATCHES, code: "one.deliveryCount - other.deliveryCount ||", without: "other.deliveryCount - one.deliveryCount ||" }],
  },
  {
    title: "as much of the log stays as the oldest snapshot needs",
    edits: [
      {
        file: STATE,
        code: "neededOffset = Math.min(neededOffset, snapshotOffset)",
        without: "neededOffset = neededOffset === Number.MAX_SAFE_INTEGER ? snapshotOffset : Math.max(neededOffset, snapshotOffset)",
      },
    ],
  },
  // What the leader sees to.
  {
    title: "what is being stored is nobody's until it is",
    edits: [
      {
        file: DELIVERY,
        code: "return this.#state === DeliveryState.AVAILABLE && this.#previousOwner === undefined;",
        without: "return this.#state === DeliveryState.AVAILABLE;",
      },
    ],
  },
  {
    title: "only who has a record acknowledges it",
    edits: [
      {
        file: ACKNOWLEDGEMENT,
        code: `return owner === this.#terms.memberId ? undefined : invalidState("Member is not the owner of batch record");`,
        without: "return owner === undefined ? invalidState(this.#terms.memberId) : undefined;",
      },
      {
        file: ACKNOWLEDGEMENT,
        code: `return owner === this.#terms.memberId ? undefined : invalidState("Member is not the owner of offset");`,
        without: "return owner === undefined ? invalidState(this.#terms.memberId) : undefined;",
      },
    ],
  },
  {
    title: "a record is delivered no more often than the limit",
    edits: [
      {
        file: ACKNOWLEDGEMENT,
        code: "return count < deliveryCountLimit ? DeliveryState.AVAILABLE : DeliveryState.ARCHIVED;",
        without: "return count < deliveryCountLimit + 1 ? DeliveryState.AVAILABLE : DeliveryState.ARCHIVED;",
      },
    ],
  },
  {
    title: "a lock ends when its time is over",
    edits: [{ file: LED, code: "    this.#lookAt(lockedUntilMs);\n    for", without: "    for" }],
  },
  {
    title: "what a share partition still stores comes before it is loaded anew",
    edits: [
      {
        file: LED,
        code: "if (after !== undefined) await after;",
        without: "void after;",
      },
    ],
  },
  {
    title: "records of aborted transactions are nobody's",
    edits: [
      {
        file: LED,
        code: "return aborted.length === 0 ? acquired : (this.state?.archiveAborted(acquired, aborted) ?? acquired);",
        without: "return aborted.length < 0 ? (this.state?.archiveAborted(acquired, aborted) ?? acquired) : acquired;",
      },
    ],
  },
];
