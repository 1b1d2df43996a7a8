// Clients that come the wrong way, kafkajs each time: the log tells them apart, in one line each that says what to do.

import { Kafka, type KafkaConfig, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { brokerConfig } from "../../src/config/broker-config.ts";
import { openNode, type RunningNode } from "../../src/node.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";

const PROTOCOLS = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] as const;
const CERT = "CERT";

const lines: RecordedLine[] = [];
let node: RunningNode;

beforeAll(async () => {
  const settings = {
    listeners: [...PROTOCOLS, CERT].map((name) => `${name}://localhost:0`),
    "listener.security.protocol.map": [...PROTOCOLS, CERT].map((name) => `${name}:${name === CERT ? "SSL" : name}`).join(","),
    "odradek.tls": true,
    "odradek.users": JSON.stringify({ alice: "secret" }),
    "listener.name.sasl_ssl.sasl.enabled.mechanisms": "PLAIN",
    "listener.name.cert.ssl.client.auth": "required",
    "connection.failed.authentication.delay.ms": 0,
  };
  const config = brokerConfig({ argument: settings });
  node = await openNode({ config, host: "", port: 0, data: "memory", topics: [], logger: recordingLogger(lines) });
});
afterAll(() => node.stop());

function portOf(listener: string): number {
  const endpoints = node.cluster.image.brokers.get(1)?.endpoints ?? [];
  return endpoints.find((endpoint) => endpoint.listener === listener)?.port ?? 0;
}

const TRUSTING = () => ({ ssl: { ca: [node.authority?.certificate ?? ""] } });
const login = (mechanism: "plain" | "scram-sha-256", username = "alice", password = "secret") =>
  ({ sasl: { mechanism, username, password } }) as Partial<KafkaConfig>;

test.each<[string, string, () => Partial<KafkaConfig>, string]>([
  ["no TLS on a listener that speaks it", "SSL", () => ({}), "does not speak TLS: this listener does; set security.protocol=SSL (ssl in"],
  [
    "no TLS where a login is asked for, too",
    "SASL_SSL",
    () => login("plain"),
    "this listener does; set security.protocol=SASL_SSL (ssl in",
  ],
  [
    "TLS on a listener that does not speak it",
    "PLAINTEXT",
    TRUSTING,
    "the client speaks TLS: this listener does not speak it; take TLS out of",
  ],
  ["TLS and a login where the login alone is asked for", "SASL_PLAINTEXT", () => ({ ...TRUSTING(), ...login("plain") }), "take TLS out of"],
  ["without trust", "SSL", () => ({ ssl: true }), "it may not trust this listener's certificate"],
  [
    "without a certificate",
    CERT,
    TRUSTING,
    "the client shows no certificate, and ssl.client.auth=required asks for one; give it a key store",
  ],
  [
    "no login",
    "SASL_PLAINTEXT",
    () => ({}),
    "does not log in, and this listener asks for it; give it security.protocol=SASL_PLAINTEXT, a mechanism",
  ],
  ["no login over TLS", "SASL_SSL", TRUSTING, "give it security.protocol=SASL_SSL, a mechanism (PLAIN), user and password"],
  ["a wrong password", "SASL_PLAINTEXT", () => login("plain", "alice", "no"), 'by PLAIN: the password of user "alice" is wrong'],
  [
    "a wrong password by SCRAM",
    "SASL_PLAINTEXT",
    () => login("scram-sha-256", "alice", "no"),
    'SCRAM-SHA-256: the password of user "alice" is wrong',
  ],
  ["an unknown user", "SASL_PLAINTEXT", () => login("plain", "bob"), 'user "bob" is not known to PLAIN here; name it'],
  [
    "a mechanism that is not enabled",
    "SASL_SSL",
    () => ({ ...TRUSTING(), ...login("scram-sha-256") }),
    'by "SCRAM-SHA-256", and this listener takes PLAIN; set sasl.mechanism',
  ],
])("%s", async (_, listener, options, reason) => {
  lines.length = 0;
  const brokers = [`localhost:${portOf(listener)}`];
  const admin = new Kafka({ brokers, ...options(), logLevel: logLevel.NOTHING, retry: { retries: 0 } }).admin();
  await expect(admin.connect().then(() => admin.listTopics())).rejects.toThrow(/./);
  await admin.disconnect();
  await expect.poll(() => lines.filter(({ level }) => level === "warn").map(({ facts }) => facts["reason"])).toHaveLength(1);
  const [line] = lines.filter(({ level }) => level === "warn");
  expect(line).toMatchObject({ message: "closed a connection", facts: { listener, client: expect.stringContaining("127.0.0.1") } });
  expect(line?.facts["reason"]).toContain(reason);
  expect(JSON.stringify(lines)).not.toContain("secret");
});
