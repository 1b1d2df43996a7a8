// What happens to a request between its writer and the socket. Each has a name, for the account of what was tried, and gives the bytes to send:
// the frames, and whether the connection ends with them.

import type { Chance } from "./chance.ts";

export interface Sending {
  readonly bytes: Buffer;
  /** Nothing is sent behind it; the stranger goes. */
  readonly isLast?: boolean;
  /** Sent in pieces, with turns of the event loop in between. */
  readonly isSlow?: boolean;
}

/** `request` is header and body, without the size. */
type Mutation = (request: Buffer, chance: Chance) => Sending;

const SIZE_BYTES = 4;
const CORRELATION_END = 8;

export function framed(request: Buffer, size = request.length): Buffer {
  const bytes = Buffer.allocUnsafe(SIZE_BYTES + request.length);
  bytes.writeInt32BE(size | 0, 0);
  request.copy(bytes, SIZE_BYTES);
  return bytes;
}

const INT32S = [-1, -2, 0x7fffffff, -0x80000000, 0, 1, 65_536, 0x00ffffff, 1_000_000];
const VARINTS: readonly (readonly number[])[] = [
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0x80],
  [0xff, 0xff, 0x7f],
];

/** A place behind the correlation id, so that the answer is known for its own. */
function place(request: Buffer, chance: Chance): number {
  return CORRELATION_END + chance.below(Math.max(1, request.length - CORRELATION_END));
}

function changed(request: Buffer, change: (copy: Buffer) => void): Sending {
  const copy = Buffer.from(request);
  change(copy);
  return { bytes: framed(copy) };
}

function spliced(request: Buffer, at: number, removed: number, added: Buffer): Sending {
  return { bytes: framed(Buffer.concat([request.subarray(0, at), added, request.subarray(Math.min(request.length, at + removed))])) };
}

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  "bytes changed": (request, chance) =>
    changed(request, (copy) => {
      for (let changes = chance.pick([1, 1, 2, 4, 8]); changes > 0; changes--)
        copy[Math.min(copy.length - 1, place(copy, chance))] = chance.pick([0, 1, 0x7f, 0x80, 0xff, chance.below(256)]);
    }),
  "a bit flipped": (request, chance) =>
    changed(request, (copy) => {
      const at = Math.min(copy.length - 1, place(copy, chance));
      copy[at] = (copy[at] ?? 0) ^ (1 << chance.below(8));
    }),
  "absurd int32": (request, chance) =>
    changed(request, (copy) => {
      const at = place(copy, chance);
      if (at + 4 <= copy.length) copy.writeInt32BE(chance.pick(INT32S), at);
    }),
  "absurd int16": (request, chance) =>
    changed(request, (copy) => {
      const at = place(copy, chance);
      if (at + 2 <= copy.length) copy.writeInt16BE(chance.pick([-1, -2, 0x7fff, -0x8000, 255]), at);
    }),
  "absurd varint": (request, chance) => spliced(request, place(request, chance), chance.below(2), Buffer.from(chance.pick(VARINTS))),
  "cut off": (request, chance) => ({ bytes: framed(request.subarray(0, chance.below(request.length))) }),
  "bytes missing": (request, chance) => spliced(request, place(request, chance), chance.between(1, 20), Buffer.alloc(0)),
  "bytes added": (request, chance) => spliced(request, place(request, chance), 0, chance.bytes(chance.between(1, 40))),
  "a part doubled": (request, chance) => {
    const at = place(request, chance);
    return spliced(request, at, 0, request.subarray(at, at + chance.between(1, 200)));
  },
  "more behind it": (request, chance) => ({ bytes: framed(Buffer.concat([request, chance.bytes(chance.pick([1, 10, 5000]))])) }),
  "another version": (request, chance) =>
    changed(request, (copy) => {
      copy.writeInt16BE(chance.pick([0, 1, 2, 3, 5, 9, 12, 16, 17, 99, -1, -32_768, 32_767]), 2);
    }),
  "another API": (request, chance) =>
    changed(request, (copy) => {
      copy.writeInt16BE(chance.pick([chance.below(93), 4, 7, 52, 62, 63, 67, 93, 1000, -1, 32_767]), 0);
    }),
  "its header": (request, chance) => changed(request, (copy) => copy.writeInt16BE(chance.pick([-1, -2, 0x7fff, 3]), CORRELATION_END)),
  "a size too small": (request, chance) => ({ bytes: framed(request, chance.below(request.length)) }),
  "a size too large": (request, chance) => ({ bytes: framed(request, request.length + chance.between(1, 300)) }),
  "a size beyond all": (request, chance) => ({
    bytes: framed(request, chance.pick([0x7fffffff, -1, -0x80000000, 104_857_601, 99_000_000])),
    isLast: true,
  }),
  "no content": (_, chance) => ({ bytes: Buffer.alloc(4 * chance.pick([1, 1, 3])) }),
  "half sent": (request, chance) => {
    const frame = framed(request);
    return { bytes: frame.subarray(0, chance.below(frame.length)), isLast: true };
  },
  "sent slowly": (request) => ({ bytes: framed(request), isSlow: true }),
  noise: (_, chance) => ({ bytes: chance.bytes(chance.pick([1, 4, 40, 3000])), isLast: true }),
  "another protocol": (_, chance) => ({ bytes: Buffer.from(chance.pick(OTHER_PROTOCOLS), "latin1"), isLast: true }),
};

const OTHER_PROTOCOLS = [
  "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
  "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
  "SSH-2.0-OpenSSH_9.6\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "*1\r\n$4\r\nPING\r\n",
  "\x00\x00\x00\x08\x04\xd2\x16\x2f",
  "AMQP\x00\x00\x09\x01",
];

const NAMES: readonly string[] = Object.keys(MUTATIONS);

export function mutated(request: Buffer, chance: Chance): Sending & { readonly name: string } {
  const name = chance.pick(NAMES);
  const mutation = MUTATIONS[name];
  return { name, ...(mutation?.(request, chance) ?? { bytes: framed(request) }) };
}
