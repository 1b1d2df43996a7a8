// A client of bare frames that asks for delegation tokens and logs in with them.

import { Errors } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import type { DecodedMessage, EncodableMessage } from "../../protocol/schema/message.ts";
import { logIn, type PasswordLogin } from "../../src/client/sasl.ts";
import { RawClient } from "./raw-client.ts";

export type Token = Pick<DecodedMessage<typeof messages.createDelegationToken.response>, "tokenId" | "hmac">;

/** How a login went: the length of the session, or why there is none. */
export type LoginOutcome = { readonly lifetimeMs: number } | { readonly refused: string };

export class TokenClient {
  readonly raw: RawClient;

  constructor(raw: RawClient) {
    this.raw = raw;
  }

  static async connect(port: number): Promise<TokenClient> {
    return new TokenClient(await RawClient.connect(port));
  }

  async logIn(login: PasswordLogin): Promise<LoginOutcome> {
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

  logInWith({ tokenId, hmac }: Token, other: Partial<PasswordLogin> = {}): Promise<LoginOutcome> {
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

  /** Whether requests of the client are answered. */
  async isIn(): Promise<boolean> {
    return (await this.raw.call(messages.metadata, 9, { topics: [] })) !== undefined;
  }

  close(): void {
    this.raw.close();
  }
}

export const named = (principalName: string, principalType = "User") => ({ principalType, principalName });

function present<Answer>(answer: Answer | undefined): Answer {
  if (answer === undefined) throw new Error("the broker closed the connection");
  return answer;
}
