// XXH3 (64 bits, by Yann Collet, BSD licence) with the seed 0 and the secret that it brings along, as its specification has it
// (github.com/Cyan4973/xxHash, doc/xxhash_spec.md). Inputs are hashed in four ways, by length: up to 16 bytes, to 128, to 240, and beyond.
// In big integers: meant for what changes seldom.

const SECRET = Buffer.from(
  "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c" +
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364" +
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e",
  "hex",
);

const PRIME32_1 = 0x9e3779b1n;
const PRIME32_2 = 0x85ebca77n;
const PRIME32_3 = 0xc2b2ae3dn;
const PRIME64_1 = 0x9e3779b185ebca87n;
const PRIME64_2 = 0xc2b2ae3d27d4eb4fn;
const PRIME64_3 = 0x165667b19e3779f9n;
const PRIME64_4 = 0x85ebca77c2b2ae63n;
const PRIME64_5 = 0x27d4eb2f165667c5n;
const PRIME_MX1 = 0x165667919e3779f9n;
const PRIME_MX2 = 0x9fb21c651e98df25n;

const MASK32 = 0xffff_ffffn;
const MASK64 = 0xffff_ffff_ffff_ffffn;

const STRIPE = 64;
const STRIPES_OF_BLOCK = (SECRET.length - STRIPE) / 8;

/** Unsigned. */
export function xxh3(bytes: Buffer): bigint {
  const { length } = bytes;
  if (length > 240) return ofMore(bytes);
  if (length > 128) return ofUpTo240(bytes);
  if (length > 16) return ofUpTo128(bytes);
  if (length > 8) return ofUpTo16(bytes);
  if (length >= 4) return ofUpTo8(bytes);
  if (length > 0) return ofUpTo3(bytes);
  return avalanche64(secret(56) ^ secret(64));
}

function ofUpTo3(bytes: Buffer): bigint {
  const { length } = bytes;
  const combined = bytes.readUInt8(length - 1) + (length << 8) + bytes.readUInt8(0) * 2 ** 16 + bytes.readUInt8(length >> 1) * 2 ** 24;
  return avalanche64(BigInt(combined) ^ BigInt(SECRET.readUInt32LE(0)) ^ BigInt(SECRET.readUInt32LE(4)));
}

function ofUpTo8(bytes: Buffer): bigint {
  const { length } = bytes;
  const combined = (BigInt(bytes.readUInt32LE(0)) << 32n) | BigInt(bytes.readUInt32LE(length - 4));
  let hash = secret(8) ^ secret(16) ^ combined;
  hash ^= rotate(hash, 49n) ^ rotate(hash, 24n);
  hash = times(hash, PRIME_MX2);
  hash ^= (hash >> 35n) + BigInt(length);
  hash = times(hash, PRIME_MX2);
  return hash ^ (hash >> 28n);
}

function ofUpTo16(bytes: Buffer): bigint {
  const { length } = bytes;
  const low = secret(24) ^ secret(32) ^ bytes.readBigUInt64LE(0);
  const high = secret(40) ^ secret(48) ^ bytes.readBigUInt64LE(length - 8);
  return avalanche(wrap(BigInt(length) + swapped(low) + high + folded(low, high)));
}

function ofUpTo128(bytes: Buffer): bigint {
  const { length } = bytes;
  let hash = times(BigInt(length), PRIME64_1);
  const rounds = (length - 1) >> 5;
  for (let round = rounds; round >= 0; round--) {
    hash += mixed(bytes, round * 16, round * 32) + mixed(bytes, length - 16 * (round + 1), round * 32 + 16);
  }
  return avalanche(wrap(hash));
}

function ofUpTo240(bytes: Buffer): bigint {
  const { length } = bytes;
  let hash = times(BigInt(length), PRIME64_1);
  for (let round = 0; round < 8; round++) hash += mixed(bytes, round * 16, round * 16);
  hash = avalanche(wrap(hash));
  const rounds = length >> 4;
  for (let round = 8; round < rounds; round++) hash += mixed(bytes, round * 16, (round - 8) * 16 + 3);
  return avalanche(wrap(hash + mixed(bytes, length - 16, 136 - 17)));
}

function ofMore(bytes: Buffer): bigint {
  // Storing into it takes what is above 64 bits off.
  const lanes = BigUint64Array.of(PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1);
  const stripes = Math.floor((bytes.length - 1) / STRIPE);
  for (let stripe = 0; stripe < stripes; stripe++) {
    const ofBlock = stripe % STRIPES_OF_BLOCK;
    accumulate(lanes, bytes, stripe * STRIPE, ofBlock * 8);
    if (ofBlock === STRIPES_OF_BLOCK - 1) scramble(lanes);
  }
  accumulate(lanes, bytes, bytes.length - STRIPE, SECRET.length - STRIPE - 7);
  let hash = times(BigInt(bytes.length), PRIME64_1);
  for (let pair = 0; pair < 4; pair++) {
    const [left = 0n, right = 0n] = lanes.subarray(pair * 2);
    hash += folded(left ^ secret(11 + pair * 16), right ^ secret(19 + pair * 16));
  }
  return avalanche(wrap(hash));
}

function accumulate(lanes: BigUint64Array, bytes: Buffer, at: number, secretAt: number): void {
  for (let lane = 0; lane < 8; lane++) {
    const value = bytes.readBigUInt64LE(at + lane * 8);
    const keyed = value ^ secret(secretAt + lane * 8);
    lanes[lane ^ 1] = (lanes[lane ^ 1] ?? 0n) + value;
    lanes[lane] = (lanes[lane] ?? 0n) + (keyed & MASK32) * (keyed >> 32n);
  }
}

function scramble(lanes: BigUint64Array): void {
  for (const [lane, value] of lanes.entries()) {
    lanes[lane] = (value ^ (value >> 47n) ^ secret(SECRET.length - STRIPE + lane * 8)) * PRIME32_1;
  }
}

function mixed(bytes: Buffer, at: number, secretAt: number): bigint {
  return folded(bytes.readBigUInt64LE(at) ^ secret(secretAt), bytes.readBigUInt64LE(at + 8) ^ secret(secretAt + 8));
}

/** The halves of the product of 128 bits, one upon the other. */
function folded(left: bigint, right: bigint): bigint {
  const product = left * right;
  return (product & MASK64) ^ (product >> 64n);
}

function avalanche(hash: bigint): bigint {
  const once = times(hash ^ (hash >> 37n), PRIME_MX1);
  return once ^ (once >> 32n);
}

function avalanche64(hash: bigint): bigint {
  const once = times(hash ^ (hash >> 33n), PRIME64_2);
  const twice = times(once ^ (once >> 29n), PRIME64_3);
  return twice ^ (twice >> 32n);
}

function secret(at: number): bigint {
  return SECRET.readBigUInt64LE(at);
}

function wrap(value: bigint): bigint {
  return value & MASK64;
}

function times(left: bigint, right: bigint): bigint {
  return (left * right) & MASK64;
}

function rotate(value: bigint, by: bigint): bigint {
  return wrap(value << by) | (value >> (64n - by));
}

function swapped(value: bigint): bigint {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes.readBigUInt64BE();
}
