// A broker on virtual time whose listener asks for a login, with users that ask for delegation tokens, and clients that come with them.

import { onTestFinished } from "vitest";
import { type BenchOptions, EffectBench } from "../config/effect-bench.ts";
import { TokenClient } from "../support/token-client.ts";

export const SECRET_KEY = "secret-of-the-cluster";
const USERS = ["alice", "bob", "carol"] as const;
export type UserName = (typeof USERS)[number];

const PLAIN_LINE = `org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="x" ${USERS.map(
  (name) => `user_${name}="${name}-secret"`,
).join(" ")};`;

const SETTINGS = {
  listeners: "PLAINTEXT://127.0.0.1:0,LOGIN://127.0.0.1:0",
  "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,LOGIN:SASL_PLAINTEXT",
  "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
  "listener.name.login.plain.sasl.jaas.config": PLAIN_LINE,
  "connection.failed.authentication.delay.ms": 0,
};

export function startTokenBench({ settings = {}, others = [], ...options }: BenchOptions = {}): Promise<EffectBench> {
  const secret = { "delegation.token.secret.key": SECRET_KEY };
  return EffectBench.start({
    ...options,
    settings: { ...SETTINGS, ...secret, ...settings },
    others: others.map((other) => ({ ...SETTINGS, ...secret, ...other })),
  });
}

/** Nobody has logged in yet. */
export async function clientOf({ node }: EffectBench, { listener = "LOGIN", brokerId = 1 } = {}): Promise<TokenClient> {
  const endpoints = node.cluster.image.brokers.get(brokerId)?.endpoints ?? [];
  const client = await TokenClient.connect(endpoints.find((endpoint) => endpoint.listener === listener)?.port ?? 0);
  onTestFinished(() => client.close());
  return client;
}

export async function userOf(bench: EffectBench, user: UserName): Promise<TokenClient> {
  const client = await clientOf(bench);
  await client.logIn({ mechanism: "PLAIN", user, password: `${user}-secret` });
  return client;
}
