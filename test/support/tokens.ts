// Tokens of every kind, right and wrong, and an issuer's keys: made by node:crypto, so that they do not rest on the library that judges them.

import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface TestKey {
  readonly algorithm: "ES256" | "RS256";
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export function ecKey(): TestKey {
  return { algorithm: "ES256", ...generateKeyPairSync("ec", { namedCurve: "P-256" }) };
}

export function rsaKey(): TestKey {
  return { algorithm: "RS256", ...generateKeyPairSync("rsa", { modulusLength: 2048 }) };
}

type Json = { readonly [name: string]: unknown };

function part(content: Json | string): string {
  return Buffer.from(typeof content === "string" ? content : JSON.stringify(content)).toString("base64url");
}

export function unsecured(claims: Json | string, header: Json | string = { alg: "none" }): string {
  return `${part(header)}.${part(claims)}.`;
}

/** What is not given of the header is as it should be. */
export function signed(claims: Json | string, key: TestKey, header: Json = {}): string {
  const text = `${part({ alg: key.algorithm, ...header })}.${part(claims)}`;
  return `${text}.${sign("sha256", Buffer.from(text), { key: key.privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

export function signedBySecret(claims: Json, secret: string | Buffer, header: Json = {}): string {
  const text = `${part({ alg: "HS256", ...header })}.${part(claims)}`;
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

export function keySetText(...keys: readonly (readonly [TestKey, Json])[]): string {
  return JSON.stringify({ keys: keys.map(([key, more]) => ({ ...key.publicKey.export({ format: "jwk" }), ...more })) });
}

/** OAUTHBEARER's only message. */
export function bearer(token: string, { authorizationId, pairs = "" }: { authorizationId?: string; pairs?: string } = {}): Buffer {
  return Buffer.from(`n,${authorizationId === undefined ? "" : `a=${authorizationId}`},\x01auth=Bearer ${token}\x01${pairs}\x01`);
}

/** An HTTP server with an issuer's keys. */
export class KeyServer implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;
  /** How often it was asked. */
  asked = 0;
  /** `undefined`: nobody is answered until there is one. */
  #answer: { readonly status: number; readonly body: string } | undefined;
  readonly #waiting = new Set<ServerResponse>();

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
    server.on("request", (_, response) => {
      this.asked++;
      this.#waiting.add(response);
      this.#answerAll();
    });
  }

  static async start(keys: string): Promise<KeyServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const started = new KeyServer(server);
    started.answer(keys);
    return started;
  }

  get isIdle(): boolean {
    return this.#waiting.size === 0;
  }

  hold(): void {
    this.#answer = undefined;
  }

  answer(body: string, status = 200): void {
    this.#answer = { status, body };
    this.#answerAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answerAll(): void {
    if (this.#answer === undefined) return;
    const { status, body } = this.#answer;
    for (const response of this.#waiting) response.writeHead(status).end(body);
    this.#waiting.clear();
  }
}
