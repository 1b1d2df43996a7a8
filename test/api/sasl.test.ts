// A client that wants SASL at a listener without: codes and messages are those of Apache Kafka 4.3.1, the line in the log is ours.

import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { apiVersions, saslAuthenticate, saslHandshake } from "../../protocol/messages/index.ts";
import { AskingBroker } from "../support/asking-broker.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";

const lines: RecordedLine[] = [];
let asking: AskingBroker;
beforeAll(async () => {
  asking = await AskingBroker.start({ logger: recordingLogger(lines) });
});
afterAll(() => asking.stop());

test("ApiVersions lists both requests, as Kafka does on every listener", async () => {
  const { apiKeys } = await asking.ask(apiVersions, { clientSoftwareName: "t", clientSoftwareVersion: "1" });
  const versionsOf = (key: number) => apiKeys.filter(({ apiKey }) => apiKey === key).map((range) => [range.minVersion, range.maxVersion]);
  expect([versionsOf(saslHandshake.key), versionsOf(saslAuthenticate.key)]).toEqual([[[0, 1]], [[0, 2]]]);
});

test.each([0, 1])("SaslHandshake %i is out of place and lists no mechanisms", async (version) => {
  const answer = await asking.ask(saslHandshake, { mechanism: "PLAIN" }, version);
  expect(answer).toEqual({ errorCode: Errors.ILLEGAL_SASL_STATE, mechanisms: [] });
});

test.each([0, 1, 2])("SaslAuthenticate %i is out of place, and the connection goes on", async (version) => {
  expect(await asking.ask(saslAuthenticate, { authBytes: Buffer.from("\0a\0b") }, version)).toMatchObject({
    errorCode: Errors.ILLEGAL_SASL_STATE,
    errorMessage: "SaslAuthenticate request received after successful authentication",
  });
});

test("kafkajs with sasl hears what it hears from Kafka, and the log says what to change", async () => {
  const sasl = { mechanism: "plain", username: "a", password: "b" } as const;
  const kafka = new Kafka({ brokers: [`127.0.0.1:${asking.broker.port}`], sasl, retry: { retries: 0 }, logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await expect(admin.connect()).rejects.toThrow("Request is not valid given the current SASL state");
  await admin.disconnect();
  const said = lines.filter(({ level }) => level === "warn").map(({ facts }) => facts["reason"]);
  expect(new Set(said)).toEqual(new Set([expect.stringContaining("wants to authenticate with SASL, and this listener has none")]));
});
