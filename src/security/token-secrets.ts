// What proves a delegation token: its HMAC, made of its id with the secret of the cluster as Kafka makes it, and given to whoever may see the
// token. In base64 it is the password by which the token logs in. It is made anew when it is needed and kept nowhere.

import { createHash, createHmac } from "node:crypto";
import type { Slices } from "../base/slices.ts";
import type { DelegationToken } from "./delegation-tokens.ts";
import { type ScramKeys, type ScramMechanism, scramKeysOf } from "./sasl-scram.ts";

type Tokens = ReadonlyMap<string, DelegationToken>;

export class TokenSecrets {
  readonly #secretKey: string;
  readonly #makeSalt: () => string;
  #followed: Tokens | undefined;
  /** Digests of HMACs by id and back. They stand in for HMACs, so that the time which a look-up takes tells nothing of one. */
  readonly #digests = new Map<string, string>();
  readonly #ids = new Map<string, string>();
  readonly #scramKeys = new WeakMap<DelegationToken, Map<ScramMechanism, ScramKeys>>();

  /**
   * @param secretKey the setting delegation.token.secret.key
   * @param makeSalt never gives the same twice
   */
  constructor(secretKey: string, makeSalt: () => string) {
    this.#secretKey = secretKey;
    this.#makeSalt = makeSalt;
  }

  hmacOf(id: string): Buffer {
    return createHmac("sha512", this.#secretKey).update(id).digest();
  }

  /** The token that an HMAC proves. One call after another: what is known of tokens is brought up to date by it. */
  async find(tokens: Tokens, hmac: Buffer, slices: Slices): Promise<DelegationToken | undefined> {
    if (tokens !== this.#followed) await this.#follow(tokens, slices);
    return tokens.get(this.#ids.get(digestOf(hmac)) ?? "");
  }

  /** What SCRAM checks a login with the token against. */
  scramKeysOf(token: DelegationToken, mechanism: ScramMechanism): ScramKeys {
    const ofToken = this.#scramKeys.get(token) ?? new Map<ScramMechanism, ScramKeys>();
    this.#scramKeys.set(token, ofToken);
    const keys = ofToken.get(mechanism) ?? scramKeysOf(this.hmacOf(token.id).toString("base64"), mechanism, Buffer.from(this.#makeSalt()));
    ofToken.set(mechanism, keys);
    return keys;
  }

  async #follow(tokens: Tokens, slices: Slices): Promise<void> {
    for (const [id, digest] of this.#digests) {
      if (tokens.has(id)) continue;
      this.#digests.delete(id);
      this.#ids.delete(digest);
    }
    for (const id of tokens.keys()) {
      if (this.#digests.has(id)) continue;
      if (slices.isOver) await slices.next();
      const digest = digestOf(this.hmacOf(id));
      this.#digests.set(id, digest);
      this.#ids.set(digest, id);
    }
    this.#followed = tokens;
  }
}

function digestOf(hmac: Buffer): string {
  return createHash("sha256").update(hmac).digest("base64");
}
