// Kafka's int64 as a JS number. Offsets, timestamps and producer ids stay far below 2^53; the one larger value that
// clients do send is Long.MAX_VALUE ("no limit"), which has a number of its own here. Anything else is refused.

/** Stands for Long.MAX_VALUE, 9223372036854775807; as a double it is 2^63. */
export const MAX_INT64 = 2 ** 63;
/** The largest other value, inclusive: 2^53 - 1. */
export const MAX_SAFE_INT64 = Number.MAX_SAFE_INTEGER;

const HIGH = 2 ** 32;

/** Joins two halves; `undefined` when the value is neither exact in a double nor Long.MAX_VALUE. */
export function joinInt64(high: number, low: number): number | undefined {
  const value = high * HIGH + low;
  if (value >= -MAX_SAFE_INT64 && value <= MAX_SAFE_INT64) return value;
  return high === 0x7fffffff && low === 0xffffffff ? MAX_INT64 : undefined;
}

/** Whether the value can be written as it is. */
export function isExactInt64(value: number): boolean {
  return Number.isSafeInteger(value) || value === MAX_INT64;
}

/** What can be written that is nearest to a value which only had to be read: timestamps of records may be anything. */
export function nearestInt64(value: number): number {
  return isExactInt64(value) ? value : Math.max(-MAX_SAFE_INT64, Math.min(value, MAX_SAFE_INT64));
}

/** The upper and lower half of a value as unsigned and signed 32 bits wide writes take them. */
export function splitInt64(value: number): { high: number; low: number } {
  if (value === MAX_INT64) return { high: 0x7fffffff, low: 0xffffffff };
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not an int64 that a number holds exactly`);
  const high = Math.floor(value / HIGH);
  return { high, low: value - high * HIGH };
}
