import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";
import { crc32c } from "../../protocol/wire/crc32c.ts";

/** One bit at a time, as the definition has it. */
function bitwise(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

describe("CRC-32C", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  // RFC 3720, appendix B.4, and the catalogue's check value.
  it.each([
    ["123456789", Buffer.from("123456789"), 0xe3069283],
    ["nothing", Buffer.alloc(0), 0],
    ["32 zeros", Buffer.alloc(32), 0x8a9136aa],
    ["32 ones", Buffer.alloc(32, 0xff), 0x62a8ab43],
    ["0 to 31", Buffer.from(Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e],
    ["31 to 0", Buffer.from(Array.from({ length: 32 }, (_, index) => 31 - index)), 0x113fdb5c],
  ])("gives the published value of %s", (_, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected);
  });

  it("agrees with the definition for every size up to 600 at every alignment", () => {
    const source = Buffer.from(Array.from({ length: 640 }, (_, index) => (index * 197 + (index >> 3)) & 0xff));
    for (let size = 0; size <= 600; size++) {
      const start = size % 17;
      expect(crc32c(source, start, start + size), `size ${size}`).toBe(bitwise(source.subarray(start, start + size)));
    }
  });

  it("agrees with the definition for large input", () => {
    for (const size of [1023, 2048, 4099, 16384, 30001, 100_003, 128_999, 129_023, 129_024, 129_025, 129_400, 400_007]) {
      const source = Buffer.from(Array.from({ length: size }, (_, index) => (index * 31 + (index >> 5)) & 0xff));
      expect(crc32c(source), `size ${size}`).toBe(bitwise(source));
    }
  });

  it("continues from the checksum of what came before", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }).map(Buffer.from), fc.nat(3000), (bytes, at) => {
        const cut = Math.min(at, bytes.length);
        expect(crc32c(bytes, cut, bytes.length, crc32c(bytes, 0, cut))).toBe(crc32c(bytes));
      }),
    );
  });

  it("is the same where there is no WebAssembly", async () => {
    vi.resetModules();
    vi.stubGlobal("WebAssembly", undefined);
    const { crc32c: byTables } = await import("../../protocol/wire/crc32c.ts");
    for (const size of [0, 100, 5000, 300_000]) {
      const source = Buffer.from(Array.from({ length: size }, (_, index) => (index * 31 + (index >> 5)) & 0xff));
      expect(byTables(source)).toBe(crc32c(source));
    }
  });

  it("ends at the buffer's end when the range does not", () => {
    expect(crc32c(Buffer.from("123456789"), 0, 1000)).toBe(0xe3069283);
  });
});
