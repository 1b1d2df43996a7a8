// A broker on virtual time whose listener asks for a login, with users that ask for delegation tokens, and clients that come with them.

import { onTestFinished } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import { type Login, logIn } from "../../src/client/sasl.ts";
import { type BenchOptions, EffectBench } from "../config/effect-bench.ts";
import { RawClient } from "../support/raw-client.ts";

export const SECRET_KEY = "secret-of-the-cluster";
const USERS = ["alice", "bob", "carol"] as const;
export type UserName = (typeof USERS)[number];
export type Token = Pick<DecodedMessage<typeof messages.createDelegationToken.response>, "tokenId" | "hmac">;

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

export const named = (principalName: string, principalType = "User") => ({ principalType, principalName });

/** How a login went: the length of the session, or why there is none. */
type Outcome = { readonly lifetimeMs: number } | { readonly refused: string };

export class TokenClient {
  readonly raw: RawClient;

  private constructor(raw: RawClient) {
    this.raw = raw;
  }

  /** Of a connection on which nobody has logged in. */
  static async at(bench: EffectBench, { listener = "LOGIN", brokerId = 1 } = {}): Promise<TokenClient> {
    const endpoints = bench.node.cluster.image.brokers.get(brokerId)?.endpoints ?? [];
    const raw = await RawClient.connect(endpoints.find((endpoint) => endpoint.listener === listener)?.port ?? 0);
    onTestFinished(() => raw.close());
    return new TokenClient(raw);
  }

  static async as(bench: EffectBench, user: UserName): Promise<TokenClient> {
    const client = await TokenClient.at(bench);
    await client.logIn({ mechanism: "PLAIN", user, password: `${user}-secret` });
    return client;
  }

  async logIn(login: Login): Promise<Outcome> {
    let lifetimeMs = 0;
    await this.raw.call(messages.saslHandshake, 1, { mechanism: login.mechanism });
    try {
      await logIn(login, async (authBytes) => {
        const answer = await this.raw.call(messages.saslAuthenticate, 2, { authBytes });
        if (answer === undefined) throw new Error("closed");
        if (answer.errorCode !== Errors.NONE) throw new Error(answer.errorMessage ?? "");
        lifetimeMs = answer.sessionLifetimeMs;
        return answer.authBytes;
      });
    } catch (error) {
      return { refused: error instanceof Error ? error.message : String(error) };
    }
    return { lifetimeMs };
  }

  logInWith({ tokenId, hmac }: Token, other: Partial<Login> = {}): Promise<Outcome> {
    return this.logIn({ mechanism: "SCRAM-SHA-256", user: tokenId, password: hmac.toString("base64"), isByToken: true, ...other });
  }

  async create(body: Partial<EncodableMessage<typeof messages.createDelegationToken.request>> = {}, version = 3) {
    return present(await this.raw.call(messages.createDelegationToken, version, { renewers: [], maxLifetimeMs: -1, ...body }));
  }

  async renew(hmac: Buffer, renewPeriodMs = -1, version = 2) {
    return present(await this.raw.call(messages.renewDelegationToken, version, { hmac, renewPeriodMs }));
  }

  async expire(hmac: Buffer, expiryTimePeriodMs = -1, version = 2) {
    return present(await this.raw.call(messages.expireDelegationToken, version, { hmac, expiryTimePeriodMs }));
  }

  async describe(owners: EncodableMessage<typeof messages.describeDelegationToken.request>["owners"] = null, version = 3) {
    return present(await this.raw.call(messages.describeDelegationToken, version, { owners }));
  }

  /** What the client's requests are answered. */
  async isIn(): Promise<boolean> {
    return (await this.raw.call(messages.metadata, 9, { topics: [] })) !== undefined;
  }
}

function present<Answer>(answer: Answer | undefined): Answer {
  if (answer === undefined) throw new Error("the broker closed the connection");
  return answer;
}
