// Randomness, injected, so that a simulation can repeat itself.

import { randomFillSync } from "node:crypto";

export interface Random {
  /** A whole number from 1 to 2^31 - 1. */
  positiveInt32(): number;
  /** A version 4 UUID in Kafka's text form: 22 characters of URL-safe base64, never beginning with "-". */
  uuid(): string;
  /** A version 4 UUID in its usual text form of 36 characters. */
  uuidText(): string;
}

/** `fill` puts random bytes into a buffer. */
export function randomFrom(fill: (target: Buffer) => void): Random {
  const uuidBytes = () => {
    const bytes = Buffer.alloc(16);
    fill(bytes);
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
    return bytes;
  };
  return {
    positiveInt32() {
      const bytes = Buffer.alloc(4);
      for (;;) {
        fill(bytes);
        const value = bytes.readInt32BE(0) & 0x7fffffff;
        if (value > 0) return value;
      }
    },
    uuid() {
      for (;;) {
        const text = uuidBytes().toString("base64url");
        if (!text.startsWith("-")) return text;
      }
    },
    uuidText() {
      const hex = uuidBytes().toString("hex");
      return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
    },
  };
}

export const systemRandom: Random = randomFrom((target) => randomFillSync(target));
