// Who may write to internal topics: the brokers of the cluster by what they prove, Kafka's administrators by their client id, and nobody
// else. The refusals are the bytes that Apache Kafka 4.3.1 answers clients with, whatever they call themselves.

import { expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import { produce, saslAuthenticate } from "../../protocol/messages/index.ts";
import { buildBatch } from "../../protocol/records/batch-builder.ts";
import { applyChanges, type Change, compactChanges, emptyImage } from "../../src/cluster/image.ts";
import { isAnswerOf, PEER_HELLO, PeerKey, provenBroker } from "../../src/cluster/peer-proof.ts";
import { CLIENT_METRICS_TOPIC, GROUP_OFFSETS_TOPIC, TRANSACTION_STATE_TOPIC } from "../../src/cluster/topic-name.ts";
import { EffectBench } from "../config/effect-bench.ts";
import { RawClient } from "../support/raw-client.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";

const PEER_ID = 7;
const BENCH_ID = 1;
/** On a connection without TLS. */
const OPEN = { nonce: "nonce", channel: "" };

const broker = (id: number, publicKey?: string): Change => ({
  type: "broker",
  id,
  rack: null,
  endpoints: [],
  epoch: 99,
  ...(publicKey === undefined ? {} : { publicKey }),
});

function writing(topic: string) {
  const { bytes: records } = buildBatch([{ key: Buffer.from("k"), value: Buffer.from("v") }], { timestamp: 1_700_000_000_000 });
  return { transactionalId: null, acks: -1, timeoutMs: 1000, topicData: [{ name: topic, partitionData: [{ index: 0, records }] }] };
}

async function withTopics(lines: RecordedLine[] = []): Promise<EffectBench> {
  const bench = await EffectBench.start({ logger: recordingLogger(lines) });
  for (const name of [GROUP_OFFSETS_TOPIC, TRANSACTION_STATE_TOPIC, CLIENT_METRICS_TOPIC])
    expect(await bench.node.broker.services.topics.autoCreate(name)).toBeUndefined();
  return bench;
}

/** As recorded: INVALID_TOPIC_EXCEPTION for the partition, without a message. */
function refusalOfKafka(topic: string, version: number): string {
  const name = Buffer.from(topic).toString("hex");
  const length = (size: number, digits: number) => size.toString(16).padStart(digits, "0");
  const error = "000000000011";
  const none = "ffffffffffffffff";
  // Versions below 5 have no log start offset.
  if (version < 9) return `00000001${length(topic.length, 4)}${name}00000001${error}${none}${none}00000000`;
  return `0002${length(topic.length + 1, 2)}${name}02${error}${none}${none}${none}010000000000000000`;
}

test.each(["raw", "broker-1", "broker-7"])("a client that calls itself %s is refused at internal topics as by Kafka", async (clientId) => {
  await using bench = await withTopics();
  const client = await RawClient.connect(bench.node.broker.port, "127.0.0.1", clientId);
  for (const topic of [GROUP_OFFSETS_TOPIC, TRANSACTION_STATE_TOPIC, CLIENT_METRICS_TOPIC]) {
    for (const version of [3, 9, 12]) {
      client.send(produce, version, writing(topic));
      expect((await client.next())?.subarray(4).toString("hex")).toBe(refusalOfKafka(topic, version));
    }
  }
  client.send(produce, 12, { ...writing(CLIENT_METRICS_TOPIC), acks: 0 });
  expect(await client.next()).toBeUndefined();
});

async function challenged(bench: EffectBench): Promise<{ readonly client: RawClient; readonly challenge: string }> {
  const client = await RawClient.connect(bench.node.broker.port);
  const answer = await client.call(saslAuthenticate, 2, { authBytes: PEER_HELLO });
  expect(answer?.errorCode).toBe(Errors.NONE);
  return { client, challenge: answer?.authBytes.toString() ?? "" };
}

const register = (bench: EffectBench, ...changes: Change[]) => bench.node.cluster.transact(() => ({ changes, result: undefined }));

test("a broker that proves itself may write clients' metrics, and nothing else that is internal", async () => {
  await using bench = await withTopics();
  const key = new PeerKey();
  await register(bench, broker(PEER_ID, key.publicKey));
  const own = bench.node.cluster.image.brokers.get(BENCH_ID)?.publicKey;
  const { client, challenge } = await challenged(bench);
  const errorOf = async (topic: string) =>
    (await client.call(produce, 12, writing(topic)))?.responses[0]?.partitionResponses.map(({ errorCode }) => errorCode);
  expect(await errorOf(CLIENT_METRICS_TOPIC)).toEqual([Errors.INVALID_TOPIC_EXCEPTION]);
  const call = { from: PEER_ID, to: BENCH_ID, challenge, ...OPEN };
  const answer = await client.call(saslAuthenticate, 2, { authBytes: key.prove(call) });
  expect(answer).toMatchObject({ errorCode: Errors.NONE });
  // The broker that was called has proved itself, too, for this call alone.
  const isAnswer = (of: typeof call, by = own) => isAnswerOf(by, answer?.authBytes ?? Buffer.alloc(0), of);
  expect([isAnswer(call), isAnswer(call, key.publicKey)]).toEqual([true, false]);
  expect([isAnswer({ ...call, nonce: "other" }), isAnswer({ ...call, channel: "other" })]).toEqual([false, false]);
  expect(await errorOf(CLIENT_METRICS_TOPIC)).toEqual([Errors.NONE]);
  expect(await errorOf(GROUP_OFFSETS_TOPIC)).toEqual([Errors.INVALID_TOPIC_EXCEPTION]);
  // The connection of another caller has not become one of a broker.
  const { client: outsider } = await challenged(bench);
  expect((await outsider.call(produce, 12, writing(CLIENT_METRICS_TOPIC)))?.responses[0]?.partitionResponses).toMatchObject([
    { errorCode: Errors.INVALID_TOPIC_EXCEPTION },
  ]);
  for (const each of [client, outsider]) each.close();
});

test("a proof that was overheard is worth nothing on another connection, nor on the same again", async () => {
  const lines: RecordedLine[] = [];
  await using bench = await withTopics(lines);
  const key = new PeerKey();
  await register(bench, broker(PEER_ID, key.publicKey));
  const first = await challenged(bench);
  const authBytes = key.prove({ from: PEER_ID, to: BENCH_ID, challenge: first.challenge, ...OPEN });
  await first.client.call(saslAuthenticate, 2, { authBytes });
  expect((await first.client.call(saslAuthenticate, 2, { authBytes }))?.errorCode).toBe(Errors.ILLEGAL_SASL_STATE);
  const second = await challenged(bench);
  expect(second.challenge).not.toBe(first.challenge);
  expect(await second.client.call(saslAuthenticate, 2, { authBytes })).toBeUndefined();
  const said = lines.filter(({ message }) => message === "closed a connection").map(({ facts }) => facts["reason"]);
  expect(said).toEqual(["it says that it is a broker of this cluster, and does not prove it"]);
  first.client.close();
});

const wrong: [string, (challenge: string, key: PeerKey) => Buffer][] = [
  ["nothing", () => Buffer.alloc(0)],
  ["the id alone", () => Buffer.from(`${PEER_ID}`)],
  ["a signature of zeros", () => Buffer.from(`${PEER_ID} ${"A".repeat(86)}`)],
  ["a signature with another key", (challenge) => new PeerKey().prove({ from: PEER_ID, to: BENCH_ID, challenge, ...OPEN })],
  ["another broker's id", (challenge, key) => key.prove({ from: BENCH_ID, to: BENCH_ID, challenge, ...OPEN })],
  ["a proof for another broker", (challenge, key) => key.prove({ from: PEER_ID, to: 2, challenge, ...OPEN })],
  ["a proof for another connection", (challenge, key) => key.prove({ from: PEER_ID, to: BENCH_ID, challenge, ...OPEN, channel: "other" })],
  ["an answer in place of a proof", (challenge, key) => key.answer({ from: PEER_ID, to: BENCH_ID, challenge, ...OPEN })],
  ["a broker that nobody knows", (challenge, key) => key.prove({ from: 8, to: BENCH_ID, challenge, ...OPEN })],
  ["a broker that registered without a key", (challenge, key) => key.prove({ from: 9, to: BENCH_ID, challenge, ...OPEN })],
  ["a broker that was removed", (challenge, key) => key.prove({ from: 10, to: BENCH_ID, challenge, ...OPEN })],
];

test.each(wrong)("the connection is closed for %s", async (_, proofOf) => {
  await using bench = await withTopics();
  const key = new PeerKey();
  await register(bench, broker(PEER_ID, key.publicKey), broker(9), broker(10, key.publicKey), { type: "brokerRemoved", id: 10 });
  const { client, challenge } = await challenged(bench);
  expect(await client.call(saslAuthenticate, 2, { authBytes: proofOf(challenge, key) })).toBeUndefined();
});

test("a shortened history keeps the keys", () => {
  const key = new PeerKey();
  const image = applyChanges(emptyImage(""), compactChanges([broker(PEER_ID, key.publicKey)]));
  const proof = key.prove({ from: PEER_ID, to: BENCH_ID, challenge: "once", ...OPEN });
  const call = { image, to: BENCH_ID, channel: "" };
  expect(provenBroker(proof, { ...call, challenge: "once" })).toEqual({ from: PEER_ID, nonce: OPEN.nonce });
  expect(provenBroker(proof, { ...call, challenge: "twice" })).toBeUndefined();
  expect(provenBroker(proof, { ...call, challenge: "once", channel: "another" })).toBeUndefined();
});
