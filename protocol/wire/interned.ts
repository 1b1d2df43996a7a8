// Clients send the same names again and again: their own id, topics, groups. A name that is known costs a comparison instead of a string.

/** Of the names that are kept, in bytes. */
const LONGEST = 48;
const SLOTS = 1024;

/** By a hash of the name, the one that came last; ASCII only, so that characters are bytes. */
const known: (string | undefined)[] = new Array(SLOTS).fill(undefined);

/** UTF-8 text between two positions. */
export function internedUtf8(buffer: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length > LONGEST || length === 0) return buffer.toString("utf8", start, end);
  const slot = slotOf(buffer, start, end);
  const candidate = known[slot];
  if (candidate !== undefined && candidate.length === length && isAt(candidate, buffer, start)) return candidate;
  const text = buffer.toString("utf8", start, end);
  if (text.length === length) known[slot] = text;
  return text;
}

function slotOf(buffer: Buffer, start: number, end: number): number {
  const middle = buffer[(start + end) >>> 1] ?? 0;
  return ((end - start) * 131 + (buffer[start] ?? 0) * 31 + middle * 7 + (buffer[end - 1] ?? 0)) & (SLOTS - 1);
}

function isAt(text: string, buffer: Buffer, start: number): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) !== buffer[start + index]) return false;
  return true;
}
