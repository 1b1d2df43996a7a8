// Our own client where sessions end: it logs in again on the live connection, in time, and nothing that is asked meanwhile gets lost.

import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { metadata } from "../../protocol/messages/index.ts";
import { NotLetIn } from "../../src/client/client-error.ts";
import { Connection } from "../../src/client/connection.ts";
import type { Login } from "../../src/client/sasl.ts";
import { EffectBench } from "../config/effect-bench.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";

const SESSION_MS = 10_000;
const JAAS = "listener.name.sasl_plaintext.plain.sasl.jaas.config";
const PLAIN_LINE = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="secret";';
const ALICE: Login = { mechanism: "PLAIN", user: "alice", password: "secret" };

const lines: RecordedLine[] = [];
let bench: EffectBench;
beforeAll(async () => {
  bench = await EffectBench.start({
    logger: recordingLogger(lines),
    settings: {
      listeners: "PLAINTEXT://127.0.0.1:0,SASL_PLAINTEXT://127.0.0.1:0",
      "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256",
      "odradek.users": '{"bob":"secret"}',
      "connections.max.reauth.ms": SESSION_MS,
      "connection.failed.authentication.delay.ms": 0,
      [JAAS]: PLAIN_LINE,
    },
  });
});
afterAll(() => bench[Symbol.asyncDispose]());

async function connect(login: Login): Promise<Connection> {
  const endpoints = bench.node.cluster.image.brokers.get(1)?.endpoints ?? [];
  const port = endpoints.find(({ listener }) => listener === "SASL_PLAINTEXT")?.port ?? 0;
  const connection = await Connection.open({ host: "127.0.0.1", port }, { access: { login }, clock: bench.clock });
  onTestFinished(() => connection.close());
  return connection;
}

const ask = (connection: Connection) => connection.send(metadata, 9, { topics: [] });
const closed = () => lines.filter(({ message }) => message === "closed a connection").map(({ facts }) => facts["reason"]);

test.each<[string, Login]>([
  ["PLAIN", ALICE],
  ["SCRAM-SHA-256", { mechanism: "SCRAM-SHA-256", user: "bob", password: "secret" }],
])("by %s a session is begun anew before it ends, as often as needed, and requests wait for it", async (_, login) => {
  const connection = await connect(login);
  for (let count = 0; count < 5; count++) {
    await bench.clock.advance(0.9 * SESSION_MS);
    const answers = await Promise.all([ask(connection), ask(connection), ask(connection)]);
    expect(answers.map(({ clusterId }) => clusterId)).toEqual(Array.from({ length: 3 }, () => bench.node.cluster.image.clusterId));
  }
  expect(closed()).toEqual([]);
});

test("who slept over the end of the session logs in with the next request", async () => {
  const connection = await connect(ALICE);
  await bench.clock.advance(5 * SESSION_MS);
  expect((await ask(connection)).clusterId).toBe(bench.node.cluster.image.clusterId);
});

test("who is not let in again hears why, and the connection ends", async () => {
  const login = { mechanism: "PLAIN" as const, user: "alice", password: "secret" };
  const connection = await connect(login);
  login.password = "wrong";
  await bench.clock.advance(0.9 * SESSION_MS);
  const asked = [ask(connection), ask(connection)];
  for (const each of asked) await expect(each).rejects.toThrow(NotLetIn);
  await connection.ended;
});
