// What must hold of the sizes in a record, whether it is decoded or only looked at. A violation raises MalformedMessage.

import { MalformedMessage } from "../wire/malformed-message.ts";
import type { VarintCursor } from "../wire/varint.ts";

export function checkRecordCount(recordCount: number): void {
  if (recordCount < 0) throw new MalformedMessage(`record batch of ${recordCount} records`);
}

/** A record's length. */
export function recordSize(cursor: VarintCursor, index: number): number {
  if (cursor.remaining === 0) throw new MalformedMessage(`record ${index} is missing`);
  const sizeBytes = cursor.varint();
  if (sizeBytes < 0) throw new MalformedMessage(`record ${index} has length ${sizeBytes}`);
  return sizeBytes;
}

export function recordTooLong(sizeBytes: number, remaining: number, index: number): MalformedMessage {
  return new MalformedMessage(`record ${index} has length ${sizeBytes}, ${remaining} bytes remain`);
}

export function checkFilled(unreadBytes: number, index: number): void {
  if (unreadBytes !== 0) throw new MalformedMessage(`record ${index} has ${unreadBytes} bytes more than its fields`);
}

export function checkNothingLeft(unreadBytes: number, recordCount: number): void {
  if (unreadBytes !== 0) throw new MalformedMessage(`${unreadBytes} bytes follow the last of ${recordCount} records`);
}

export function checkHeaderCount(count: number, remaining: number, index: number): void {
  if (count < 0 || count > remaining) throw new MalformedMessage(`record ${index} has ${count} headers in ${remaining} bytes`);
}

export function checkFieldSize(sizeBytes: number, remaining: number, index: number, what: string): void {
  if (sizeBytes < 0 || sizeBytes > remaining) {
    throw new MalformedMessage(`record ${index} has a ${what} of length ${sizeBytes}, ${remaining} bytes remain`);
  }
}
