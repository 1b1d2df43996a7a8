// Arrays as PostgreSQL takes them in binary: numbers and bytes go as they are, where the text form would need digits, escapes and quotes.
//
//   int32 dimensions (0 when empty, else 1) | int32 0 | int32 type of elements | int32 count | int32 1
//   and for each element: int32 length | bytes

const INT8 = 20;
const BYTEA = 17;
const UUID = 2950;
const HEADER_BYTES = 20;
const EMPTY_BYTES = 12;
const UUID_BYTES = 16;
const LENGTH_BYTES = 4;
const INT8_BYTES = 8;
const TWO_TO_32 = 2 ** 32;

/** An int8[]; of whole numbers that a number holds exactly. */
export function int8Array(values: readonly number[]): Buffer {
  const array = withHeader(INT8, values.length, values.length * (LENGTH_BYTES + INT8_BYTES));
  let at = HEADER_BYTES;
  for (const value of values) {
    array.writeInt32BE(INT8_BYTES, at);
    array.writeInt32BE(Math.floor(value / TWO_TO_32), at + LENGTH_BYTES);
    array.writeUInt32BE(value >>> 0, at + LENGTH_BYTES + 4);
    at += LENGTH_BYTES + INT8_BYTES;
  }
  return array;
}

/** A bytea[]. */
export function byteaArray(values: readonly Buffer[]): Buffer {
  const array = withHeader(
    BYTEA,
    values.length,
    values.reduce((sum, { length }) => sum + LENGTH_BYTES + length, 0),
  );
  let at = HEADER_BYTES;
  for (const value of values) {
    array.writeInt32BE(value.length, at);
    value.copy(array, at + LENGTH_BYTES);
    at += LENGTH_BYTES + value.length;
  }
  return array;
}

/** A uuid[], of uuids as Kafka writes them: 22 characters of URL-safe base64. */
export function uuidArray(values: readonly string[]): Buffer {
  const array = withHeader(UUID, values.length, values.length * (LENGTH_BYTES + UUID_BYTES));
  let at = HEADER_BYTES;
  for (const value of values) {
    array.writeInt32BE(UUID_BYTES, at);
    const written = array.write(value, at + LENGTH_BYTES, UUID_BYTES, "base64url");
    if (written !== UUID_BYTES) throw new RangeError(`"${value}" is not a uuid of 22 base64url characters`);
    at += LENGTH_BYTES + UUID_BYTES;
  }
  return array;
}

function withHeader(type: number, count: number, bodyBytes: number): Buffer {
  const array = Buffer.allocUnsafe(count === 0 ? EMPTY_BYTES : HEADER_BYTES + bodyBytes);
  array.writeInt32BE(count === 0 ? 0 : 1, 0);
  array.writeInt32BE(0, 4);
  array.writeInt32BE(type, 8);
  if (count === 0) return array;
  array.writeInt32BE(count, 12);
  array.writeInt32BE(1, 16);
  return array;
}
