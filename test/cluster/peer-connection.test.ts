// A broker as the caller of another, and what answers there.

import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { encodeResponse, readBody, readRequestHeader } from "../../protocol/headers.ts";
import { apiVersions, saslAuthenticate } from "../../protocol/messages/index.ts";
import { Reader } from "../../protocol/wire/reader.ts";
import { systemClock } from "../../src/base/system-clock.ts";
import { PeerConnection } from "../../src/cluster/peer-connection.ts";
import { PEER_HELLO } from "../../src/cluster/peer-proof.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";

/** A connection to a server that does with each frame what it is told. */
async function connectionTo(answer: (frame: Buffer, socket: Socket) => void, lines: RecordedLine[] = []): Promise<PeerConnection> {
  const server = createServer((socket) => {
    let received = Buffer.alloc(0);
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= 4 && received.length >= 4 + received.readInt32BE(0)) {
        const end = 4 + received.readInt32BE(0);
        answer(received.subarray(4, end), socket);
        received = received.subarray(end);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const connection = new PeerConnection({
    address: { host: "127.0.0.1", port: (server.address() as AddressInfo).port },
    tls: undefined,
    clock: systemClock,
    logger: recordingLogger(lines),
    requestTimeoutMs: 10_000,
    clientId: "broker-1",
    introduction: (challenge, channel) => ({
      proof: Buffer.from(`proof for ${challenge} on "${channel}"`),
      isConvincing: (proof) => proof.toString() === "convincing",
    }),
  });
  onTestFinished(() => {
    connection.close();
    server.close();
  });
  return connection;
}

/** Answers a broker that introduces itself, and anything else as if it were ApiVersions. */
function introducedBy(seen: string[], proof: string): (frame: Buffer, socket: Socket) => void {
  return (frame, socket) => {
    const reader = new Reader(frame);
    const { apiKey, correlationId } = readRequestHeader(reader);
    if (apiKey === saslAuthenticate.key) {
      const { authBytes } = readBody(saslAuthenticate.request, 2, reader);
      seen.push(authBytes.toString());
      const answer = { errorCode: Errors.NONE, authBytes: Buffer.from(authBytes.equals(PEER_HELLO) ? "7" : proof) };
      for (const part of encodeResponse(saslAuthenticate, 2, correlationId, answer)) socket.write(part);
    } else {
      seen.push("request");
      for (const part of encodeResponse(apiVersions, 0, correlationId, { errorCode: Errors.NONE, apiKeys: [] })) socket.write(part);
    }
  };
}

test("requests come behind both proofs, also those that were called for before them", async () => {
  const seen: string[] = [];
  const connection = await connectionTo(introducedBy(seen, "convincing"));
  const answers = await Promise.all([connection.call(apiVersions, 0, {}), connection.call(apiVersions, 0, {})]);
  expect(answers.map((answer) => answer?.errorCode)).toEqual([Errors.NONE, Errors.NONE]);
  expect(seen).toEqual([PEER_HELLO.toString(), 'proof for 7 on ""', "request", "request"]);
});

test("who does not prove to be the broker that was called is asked nothing", async () => {
  const seen: string[] = [];
  const lines: RecordedLine[] = [];
  const connection = await connectionTo(introducedBy(seen, "something else"), lines);
  expect(await connection.call(apiVersions, 0, {})).toBeUndefined();
  expect(connection.isClosed).toBe(true);
  expect(seen).toEqual([PEER_HELLO.toString(), 'proof for 7 on ""']);
  expect(lines.map(({ facts }) => facts["err"])).toEqual([new Error("it does not prove that it is the broker that was called")]);
});

test.each([-1, -4, 2_000_000_000])("an answer of %i bytes ends the connection, and says so", async (sizeBytes) => {
  const lines: RecordedLine[] = [];
  const connection = await connectionTo((_, socket) => {
    const size = Buffer.alloc(4);
    size.writeInt32BE(sizeBytes);
    socket.write(size);
  }, lines);
  expect(await connection.call(apiVersions, 0, {})).toBeUndefined();
  expect(connection.isClosed).toBe(true);
  expect(lines.map(({ facts }) => facts["err"])).toEqual([new Error(`an answer of ${sizeBytes} bytes was announced`)]);
});
