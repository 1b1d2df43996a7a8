// Control batches: one record that is for brokers and clients, not for applications (KIP-98). Its key is version and type; the
// markers that end a transaction carry the coordinator's epoch as value.

import { fixedLayout, int16, int32 } from "../wire/layout.ts";
import { MalformedMessage } from "../wire/malformed-message.ts";
import { buildBatch } from "./batch-builder.ts";
import { recordsOf } from "./record.ts";
import type { RecordBatch } from "./record-batch.ts";

/** The types that end a transaction; readers must tolerate others. */
export const ControlType = { ABORT: 0, COMMIT: 1 } as const;
export type ControlType = (typeof ControlType)[keyof typeof ControlType];

const controlKey = fixedLayout({ version: int16, type: int16 });
const endTransactionMarker = fixedLayout({ version: int16, coordinatorEpoch: int32 });

export type EndTransactionMarker = {
  producerId: number;
  producerEpoch: number;
  coordinatorEpoch: number;
  type: ControlType;
  timestamp: number;
  baseOffset?: number;
  partitionLeaderEpoch?: number;
};

/** The marker that ends a transaction in one partition. */
export function controlBatch(marker: EndTransactionMarker): RecordBatch {
  const key = Buffer.alloc(controlKey.sizeBytes);
  controlKey.encode({ version: 0, type: marker.type }, key, 0);
  const value = Buffer.alloc(endTransactionMarker.sizeBytes);
  endTransactionMarker.encode({ version: 0, coordinatorEpoch: marker.coordinatorEpoch }, value, 0);
  const { coordinatorEpoch: _, type: __, ...options } = marker;
  return buildBatch([{ key, value }], { ...options, isTransactional: true, isControl: true });
}

export type ControlRecord = {
  /** One of ControlType, or a type of some other use. */
  readonly type: number;
  /** `undefined` where the type has none. */
  readonly coordinatorEpoch: number | undefined;
};

/** What a control batch says; `undefined` when it is empty, as compaction may leave it. */
export function readControlBatch(batch: RecordBatch): ControlRecord | undefined {
  for (const { key, value } of recordsOf(batch)) {
    if (key === null || key.length < controlKey.sizeBytes) throw new MalformedMessage("control record without a type");
    const { type } = controlKey.decode(key, 0);
    if (type !== ControlType.ABORT && type !== ControlType.COMMIT) return { type, coordinatorEpoch: undefined };
    if (value === null || value.length < endTransactionMarker.sizeBytes)
      throw new MalformedMessage("transaction marker without a coordinator epoch");
    return { type, coordinatorEpoch: endTransactionMarker.decode(value, 0).coordinatorEpoch };
  }
  return undefined;
}
