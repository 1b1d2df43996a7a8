// Golden bytes: what real clients and a real Kafka said to each other (test/golden/*.jsonl, made by scripts/record-golden.sh), decoded
// and encoded again. Every byte must come back, so a field that is missing, misplaced, or wrong in its version or default shows here.
// Frames of APIs that are not declared are skipped, by name.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse } from "../../protocol/headers.ts";
import { apiByKey } from "../../protocol/messages/index.ts";

interface RecordedFrame {
  readonly client: string;
  readonly direction: "request" | "response";
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly bytes: Buffer;
}

const FOLDER = join(import.meta.dirname, "../golden");
const SIZE_BYTES = 4;
/** Requests that end in bytes which belong to no field. Kafka passes over them: librdkafka writes one section of tagged fields too many. */
const WITH_TRAILING_BYTES = new Map([["AlterUserScramCredentials of librdkafka request", Buffer.from([0])]]);

const frames = readdirSync(FOLDER)
  .filter((name) => name.endsWith(".jsonl"))
  .flatMap((name) => readFileSync(join(FOLDER, name), "utf8").trimEnd().split("\n").map(parseLine));

function parseLine(line: string): RecordedFrame {
  const frame = JSON.parse(line);
  return { ...frame, bytes: Buffer.from(frame.bytes, "base64") };
}

/** The frame decoded and encoded by us, without its size. */
function roundTrip(frame: RecordedFrame): Buffer {
  if (frame.direction === "request") {
    const trailing = WITH_TRAILING_BYTES.get(`${titleOf(frame)} request`);
    const { api, header, body } = decodeRequest(frame.bytes, { allowTrailing: trailing !== undefined });
    expect(header).toMatchObject({ apiKey: frame.apiKey, apiVersion: frame.apiVersion });
    return Buffer.concat([...encodeRequest(api, header.apiVersion, header, body), trailing ?? Buffer.alloc(0)]).subarray(SIZE_BYTES);
  }
  const api = apiByKey.get(frame.apiKey);
  if (api === undefined) throw new Error(`no API has key ${frame.apiKey}`);
  const { correlationId, body } = decodeResponse(api, frame.apiVersion, frame.bytes);
  return Buffer.concat(encodeResponse(api, frame.apiVersion, correlationId, body)).subarray(SIZE_BYTES);
}

function titleOf({ apiKey, client }: RecordedFrame): string {
  return `${apiByKey.get(apiKey)?.name ?? `API ${apiKey}`} of ${client}`;
}

const groups = Map.groupBy(frames, titleOf);

describe("a recorded frame comes back byte for byte", () => {
  it("has frames of every client", () => {
    expect(new Set(frames.map((frame) => frame.client)).size).toBeGreaterThanOrEqual(5);
  });

  for (const [title, recorded] of groups) {
    it.skipIf(recorded.some((frame) => !apiByKey.has(frame.apiKey)))(title, () => {
      for (const [index, frame] of recorded.entries()) {
        const label = `${frame.direction} ${index}, version ${frame.apiVersion}`;
        expect(`${label}: ${roundTrip(frame).toString("hex")}`).toBe(`${label}: ${frame.bytes.toString("hex")}`);
      }
    });
  }
});
