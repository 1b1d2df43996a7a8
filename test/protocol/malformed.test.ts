// Bytes that are not a message: a decoder refuses them with MalformedMessage and nothing else, and never builds more than the bytes
// account for.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from "../../protocol/headers.ts";
import { apiVersions, describeTopicPartitions, heartbeat, metadata } from "../../protocol/messages/index.ts";
import { array, bytes, int32, int64, string, struct } from "../../protocol/schema/field.ts";
import { Message } from "../../protocol/schema/message.ts";
import { MalformedMessage } from "../../protocol/wire/malformed-message.ts";
import { Reader } from "../../protocol/wire/reader.ts";
import { Writer } from "../../protocol/wire/writer.ts";
import { arbitraryMessage, versionsOf } from "./arbitrary-message.ts";
import { declaredMessages } from "./declared-messages.ts";

const RUNS = 8;
const MAX_CUTS = 60;

function encode(message: Message, version: number, value: object): Buffer {
  const writer = new Writer();
  message.codec(version).write(writer, { ...value });
  return Buffer.concat(writer.finish());
}

/** The decoded value, or undefined when the bytes were refused; any other error fails the test. */
function decodeOrRefuse(message: Message, version: number, buffer: Buffer): unknown {
  try {
    return message.codec(version).read(new Reader(buffer));
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    return undefined;
  }
}

function countElements(value: unknown): number {
  if (value === null || typeof value !== "object" || Buffer.isBuffer(value)) return 0;
  const own = Array.isArray(value) ? value.length : 0;
  return Object.values(value).reduce((count: number, inner) => count + countElements(inner), own);
}

describe("damaged bytes are refused, or decode to no more than they hold", () => {
  for (const message of declaredMessages) {
    it(message.name, () => {
      for (const version of versionsOf(message)) {
        const changes = fc.array(fc.record({ at: fc.nat(), byte: fc.constantFrom(0, 1, 0x7f, 0x80, 0xff) }), {
          minLength: 1,
          maxLength: 4,
        });
        fc.assert(
          fc.property(arbitraryMessage(message, version), changes, fc.uint8Array(), (value, damage, noise) => {
            const buffer = encode(message, version, value);
            for (let cut = 0; cut < buffer.length; cut += Math.ceil(buffer.length / MAX_CUTS)) {
              expect(decodeOrRefuse(message, version, buffer.subarray(0, cut)), `cut at ${cut}`).toBeUndefined();
            }
            const damaged = Buffer.concat([buffer, noise]);
            for (const { at, byte } of damage) if (damaged.length > 0) damaged[at % damaged.length] = byte;
            for (const bytesToRead of [damaged, Buffer.from(noise)]) {
              expect(countElements(decodeOrRefuse(message, version, bytesToRead))).toBeLessThanOrEqual(bytesToRead.length);
            }
          }),
          { numRuns: RUNS },
        );
      }
    });
  }
});

describe("counts and lengths beyond the frame", () => {
  const inner = struct({ name: string(), offset: int64() });
  const message = new Message("Counted", "0-1", "1+", { before: int32(), elements: array(inner), payload: bytes() });

  function read(version: number, ...parts: readonly number[]): () => unknown {
    return () => message.codec(version).read(new Reader(Buffer.from([0, 0, 0, 0, ...parts])));
  }

  it.each([
    ["2^31 - 1 elements", 0, [0x7f, 0xff, 0xff, 0xff]],
    ["one element more than fits", 0, [0, 0, 0, 2, ...Array<number>(19).fill(0)]],
    ["a negative count", 0, [0xff, 0xff, 0xff, 0xfe]],
    ["2^32 - 2 elements", 1, [0xff, 0xff, 0xff, 0xff, 0x0f]],
    ["a varint of six bytes", 1, [0x80, 0x80, 0x80, 0x80, 0x80, 0x00]],
    ["a varint above 32 bits", 1, [0xff, 0xff, 0xff, 0xff, 0x1f]],
    ["a null array where none is allowed", 0, [0xff, 0xff, 0xff, 0xff]],
    ["null bytes where none are allowed", 1, [1, 0, 0]],
    ["bytes longer than the frame", 0, [0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff]],
    ["bytes of negative length", 0, [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xfe]],
    ["a string of negative length", 0, [0, 0, 0, 1, 0xff, 0xfe, ...Array<number>(20).fill(0)]],
    ["a compact string above the longest", 1, [2, 0x81, 0x80, 0x02, ...Array<number>(40_000).fill(0)]],
    ["tagged fields that never end", 1, [1, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0, 0]],
  ])("%s", (_title, version, parts) => {
    const heapBefore = process.memoryUsage().heapUsed;
    expect(read(version, ...parts)).toThrow(MalformedMessage);
    expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(16 * 2 ** 20);
  });
});

describe("frames", () => {
  const request = Buffer.concat(
    encodeRequest(heartbeat, 4, { correlationId: 7, clientId: "c" }, { groupId: "g", generationId: 1, memberId: "m" }),
  ).subarray(4);

  it("bytes after the body are refused unless they are allowed", () => {
    const longer = Buffer.concat([request, Buffer.from([0])]);
    expect(() => decodeRequest(longer)).toThrow(MalformedMessage);
    expect(decodeRequest(longer, { allowTrailing: true }).body).toMatchObject({ memberId: "m" });
    const response = Buffer.concat([...encodeResponse(heartbeat, 4, 7, { errorCode: 0 }), Buffer.from([0])]).subarray(4);
    expect(() => decodeResponse(heartbeat, 4, response)).toThrow(MalformedMessage);
    expect(decodeResponse(heartbeat, 4, response, { allowTrailing: true }).body).toEqual({ throttleTimeMs: 0, errorCode: 0 });
  });

  it("an API or a version that is not declared is refused", () => {
    const unknownKey = Buffer.from(request);
    unknownKey.writeInt16BE(9999, 0);
    expect(() => decodeRequest(unknownKey)).toThrow(MalformedMessage);
    const unknownVersion = Buffer.from(request);
    unknownVersion.writeInt16BE(99, 2);
    expect(() => decodeRequest(unknownVersion)).toThrow(MalformedMessage);
    const negativeVersion = Buffer.from(request);
    negativeVersion.writeInt16BE(-1, 2);
    expect(() => decodeRequest(negativeVersion)).toThrow(MalformedMessage);
  });

  it("noise is refused", () => {
    const keys = fc.constantFrom(...[heartbeat, metadata, apiVersions, describeTopicPartitions].map((api) => api.key));
    fc.assert(
      fc.property(keys, fc.nat({ max: 12 }), fc.uint8Array({ maxLength: 200 }), (key, version, noise) => {
        const frame = Buffer.from([0, key, 0, version, ...noise]);
        try {
          decodeRequest(frame);
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedMessage);
        }
      }),
      { numRuns: 500 },
    );
  });
});
