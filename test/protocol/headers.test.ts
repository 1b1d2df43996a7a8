// Headers and frames, in known bytes.

import { describe, expect, it } from "vitest";
import { decodeRequest, decodeResponse, encodeRequest, encodeResponse, readRequestHeader, writeResponse } from "../../protocol/headers.ts";
import { apiVersions, heartbeat, saslAuthenticate, saslHandshake } from "../../protocol/messages/index.ts";
import type { Api } from "../../protocol/schema/message.ts";
import { Reader } from "../../protocol/wire/reader.ts";
import { Writer } from "../../protocol/wire/writer.ts";

function hex(parts: readonly Buffer[]): string {
  return Buffer.concat(parts).toString("hex");
}

const body = { groupId: "g", generationId: 1, memberId: "m" };

describe("request headers", () => {
  it("before flexible versions: key, version, correlation id, client id", () => {
    const frame = encodeRequest(heartbeat, 3, { correlationId: 7, clientId: "c" }, body);
    expect(hex(frame)).toBe(`00000017${"000c0003000000070001"}63${"00016700000001"}${"00016d"}${"ffff"}`);
  });

  it("in flexible versions the client id keeps its int16 length, and tagged fields follow", () => {
    const frame = encodeRequest(heartbeat, 4, { correlationId: -1, clientId: null }, body);
    expect(hex(frame)).toBe(`00000015${"000c0004ffffffffffff"}00${"026700000001"}${"026d"}${"00"}${"00"}`);
  });

  it("come back, with unknown tagged fields passed over", () => {
    const reader = new Reader(Buffer.from("000c000400000007000163" + "01630161" + "ff", "hex"));
    expect(readRequestHeader(reader)).toEqual({ apiKey: 12, apiVersion: 4, correlationId: 7, clientId: "c" });
    expect(reader.remaining).toBe(1);
  });

  it("of an unknown API or a version far ahead can be read, so that the caller may answer or close", () => {
    const unknown = new Reader(Buffer.from("270f000000000007ffff", "hex"));
    expect(readRequestHeader(unknown)).toEqual({ apiKey: 9999, apiVersion: 0, correlationId: 7, clientId: null });
    const ahead = new Reader(Buffer.from("0012006300000007000163" + "00", "hex"));
    expect(readRequestHeader(ahead)).toEqual({ apiKey: 18, apiVersion: 99, correlationId: 7, clientId: "c" });
    expect(ahead.remaining).toBe(0);
  });

  it("lead to the API and its body", () => {
    const frame = Buffer.concat(encodeRequest(heartbeat, 3, { correlationId: 7, clientId: "c" }, { ...body, groupInstanceId: "i" }));
    const decoded = decodeRequest(frame.subarray(4));
    expect(decoded.api).toBe(heartbeat);
    expect(decoded.header).toEqual({ apiKey: 12, apiVersion: 3, correlationId: 7, clientId: "c" });
    expect(decoded.body).toEqual({ ...body, groupInstanceId: "i" });
  });
});

describe("response headers", () => {
  it.each<[string, Api, number, { [name: string]: unknown }, string]>([
    ["correlation id only before flexible versions", heartbeat, 3, { errorCode: 27 }, "0000000a" + "00000007" + "00000000001b"],
    ["tagged fields in flexible versions", heartbeat, 4, { errorCode: 27 }, "0000000c" + "00000007" + "00" + "00000000001b00"],
    ["never tagged fields for ApiVersions", apiVersions, 3, { errorCode: 0, apiKeys: [] }, "0000000c" + "00000007" + "0000010000000000"],
    ["never tagged fields for SaslHandshake", saslHandshake, 1, { errorCode: 0, mechanisms: [] }, "0000000a" + "00000007" + "000000000000"],
  ])("%s", (_title, api, version, value, bytes) => {
    const frame = encodeResponse(api, version, 7, value);
    expect(hex(frame)).toBe(bytes);
    expect(decodeResponse(api, version, Buffer.concat(frame).subarray(4))).toMatchObject({ correlationId: 7, body: value });
  });

  it("tagged fields for SaslAuthenticate version 2", () => {
    const frame = encodeResponse(saslAuthenticate, 2, 7, { errorCode: 0, authBytes: Buffer.alloc(0) });
    expect(hex(frame)).toBe("00000012" + "00000007" + "00" + "0000" + "00" + "01" + "0000000000000000" + "00");
  });
});

it("the size of a frame counts large byte fields that are passed on without a copy", () => {
  const parts = encodeResponse(saslAuthenticate, 0, 7, { errorCode: 0, authBytes: Buffer.alloc(2000) });
  expect(parts.length).toBeGreaterThan(1);
  const frame = Buffer.concat(parts);
  expect(frame.readInt32BE(0)).toBe(frame.length - 4);
});

it("frames that one writer takes are what each of them is alone, whatever their sizes", () => {
  const sizes = [0, 10, 300, 2000, 5, 1024, 1023, 70_000, 1];
  const bodies = sizes.map((size, index) => ({ errorCode: 0, authBytes: Buffer.alloc(size, index) }));
  const writer = new Writer(8);
  bodies.forEach((each, index) => {
    writeResponse(writer, saslAuthenticate, 0, index, each);
  });
  expect(hex(writer.finish())).toBe(bodies.map((each, index) => hex(encodeResponse(saslAuthenticate, 0, index, each))).join(""));
});
