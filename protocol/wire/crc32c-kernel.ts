// A small WebAssembly program that does most of a CRC-32C with 16-byte vector instructions, several times as fast as tables.
//
// WebAssembly has no carry-less multiply, but this sum of powers of y = x^(8s), for s any power of two, is a multiple of the
// CRC's generator (found by search; squaring it shows that it holds for 2s when it does for s):
//
//   y^209 + y^144 + y^54 + y^39 + y^14 + 1
//
// Adding multiples of the generator does not change a CRC. So the byte at p can be made zero by xor-ing it into the bytes at
// p + 65s, 155s, 170s, 195s and 209s. Seen from the receiving end, and 16 bytes at once because all distances exceed 16:
//
//   T[p] = message[p] ^ T[p - 65s] ^ T[p - 155s] ^ T[p - 170s] ^ T[p - 195s] ^ T[p - 209s]
//
// Only some 209s bytes at the end stay; their CRC, by table and starting from zero, is that of the message. A larger s leaves
// more of them, but loads what was stored longer ago, which processors do faster.
//
//   memory: 1 KiB of zeros | message, at most MAX_BYTES, overwritten | what stays

const DISTANCES = [65, 155, 170, 195, 209];
const LONGEST = 209;
/** Where the message must be copied to in the memory. */
export const MESSAGE_AT = 1024;
const PAGE_BYTES = 65536;
const PAGES = 2;
/** Four times the longest distance and a vector, rounded up. */
const REST_BYTES = 1024;
/** Where that lies, after folding, whose CRC is the message's. */
export const REST_AT = PAGES * PAGE_BYTES - REST_BYTES;

/** Longer messages are taken in parts. */
export const MAX_BYTES = REST_AT - MESSAGE_AT;
/** Below this, tables are as fast. */
export const MIN_BYTES = 320;

export type Crc32cKernel = {
  /** The program's memory. */
  readonly memory: Buffer;
  /**
   * Folds a message of MIN_BYTES to MAX_BYTES and returns how many bytes remain.
   * @param crc of what came before, inverted as it is between bytes
   */
  fold(sizeBytes: number, crc: number): number;
};

/** `undefined` where WebAssembly or its vectors are not to be had. */
export function createKernel(): Crc32cKernel | undefined {
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble()));
    const { memory, fold } = exports;
    if (!(memory instanceof WebAssembly.Memory) || typeof fold !== "function") return undefined;
    return {
      memory: Buffer.from(memory.buffer),
      fold: (sizeBytes, crc) => fold(sizeBytes, crc, stepFor(sizeBytes)),
    };
  } catch {
    return undefined;
  }
}

/** The best s by measurement. */
function stepFor(sizeBytes: number): number {
  if (sizeBytes < 2048) return 1;
  return sizeBytes < 24 * 1024 ? 2 : 4;
}

// The instructions in use, by their names in the WebAssembly specification.
const I32 = 0x7f;
const localGet = (index: number): number[] => [0x20, index];
const localSet = (index: number): number[] => [0x21, index];
const localTee = (index: number): number[] => [0x22, index];
const i32Const = (value: number): number[] => [0x41, ...signedLeb(value)];
const I32_ADD = [0x6a];
const I32_SUB = [0x6b];
const I32_MUL = [0x6c];
const I32_AND = [0x71];
const I32_XOR = [0x73];
const I32_LT_U = [0x49];
const I32_LOAD = [0x28, 0, 0];
const I32_STORE = [0x36, 0, 0];
const V128_LOAD = [0xfd, 0x00, 0, 0];
const V128_STORE = [0xfd, 0x0b, 0, 0];
const V128_XOR = [0xfd, 0x51];
const MEMORY_COPY = [0xfc, 0x0a, 0, 0];
const MEMORY_FILL = [0xfc, 0x0b, 0];
const LOOP = [0x03, 0x40];
const BR_IF_0 = [0x0d, 0];
const END = [0x0b];

// Parameters and variables of `fold`, by index.
const SIZE = 0;
const CRC = 1;
const STEP = 2;
const REST_SIZE = 3;
const FROM = 4;
const INTO = 5;
const STOP = 6;
const FIRST_DISTANCE = 7;

/** fold(size, crc, step): rest size */
function foldBody(): number[] {
  return [
    // rest size = size - ((size - 209 step) & -16)
    ...localGet(SIZE),
    ...localGet(SIZE),
    ...[...i32Const(LONGEST), ...localGet(STEP), ...I32_MUL, ...I32_SUB],
    ...[...i32Const(-16), ...I32_AND, ...I32_SUB, ...localSet(REST_SIZE)],
    ...DISTANCES.flatMap((distance, index) => [
      ...[...i32Const(distance), ...localGet(STEP), ...I32_MUL, ...localSet(FIRST_DISTANCE + index)],
    ]),
    // What came before goes into the first four bytes.
    ...[...i32Const(MESSAGE_AT), ...i32Const(MESSAGE_AT), ...I32_LOAD, ...localGet(CRC), ...I32_XOR, ...I32_STORE],
    // stop = the end of what is folded; the rest moves away and leaves zeros, for it is not folded further.
    ...[...i32Const(MESSAGE_AT), ...localGet(SIZE), ...I32_ADD, ...localGet(REST_SIZE), ...I32_SUB, ...localSet(STOP)],
    ...[...i32Const(REST_AT), ...localGet(STOP), ...localGet(REST_SIZE), ...MEMORY_COPY],
    ...[...localGet(STOP), ...i32Const(0), ...localGet(REST_SIZE), ...MEMORY_FILL],
    ...[...i32Const(MESSAGE_AT), ...localTee(FROM), ...localSet(INTO)],
    ...foldLoop(),
    ...[...i32Const(REST_AT), ...localSet(INTO)],
    ...[...localGet(STOP), ...localGet(REST_SIZE), ...I32_ADD, ...localSet(STOP)],
    ...foldLoop(),
    ...localGet(REST_SIZE),
    ...END,
  ];
}

/** do memory[into] ^= memory[from - each distance], from += 16, into += 16 while from < stop */
function foldLoop(): number[] {
  return [
    ...LOOP,
    ...[...localGet(INTO), ...localGet(INTO), ...V128_LOAD],
    ...DISTANCES.flatMap((_, index) => [
      ...[...localGet(FROM), ...localGet(FIRST_DISTANCE + index), ...I32_SUB, ...V128_LOAD, ...V128_XOR],
    ]),
    ...V128_STORE,
    ...[...localGet(INTO), ...i32Const(16), ...I32_ADD, ...localSet(INTO)],
    ...[...localGet(FROM), ...i32Const(16), ...I32_ADD, ...localTee(FROM)],
    ...[...localGet(STOP), ...I32_LT_U, ...BR_IF_0],
    ...END,
  ];
}

/** The program in WebAssembly's binary format: types, functions, memory, exports, code. */
function assemble(): Uint8Array<ArrayBuffer> {
  const variables = FIRST_DISTANCE + DISTANCES.length - REST_SIZE;
  const body = [1, variables, I32, ...foldBody()];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 3, I32, I32, I32, 1, I32]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0x01, PAGES, PAGES]),
    ...section(7, [2, ...exported("memory", 2), ...exported("fold", 0)]),
    ...section(10, [1, ...unsignedLeb(body.length), ...body]),
  ]);
}

function section(id: number, content: number[]): number[] {
  return [id, ...unsignedLeb(content.length), ...content];
}

function exported(name: string, kind: number): number[] {
  return [name.length, ...Buffer.from(name), kind, 0];
}

function unsignedLeb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsignedLeb(value >>> 7)];
}

function signedLeb(value: number): number[] {
  return value >= -64 && value < 64 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signedLeb(value >> 7)];
}
