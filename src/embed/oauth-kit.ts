// An issuer of tokens inside the test, for a broker that was started with `oauth`: it signs with a key of its own, shows the public half over
// HTTP on loopback, and gives tokens by code and, for clients that fetch them, at an address (RFC 6749, section 4.4). Whoever asks gets one.

import { generateKeyPairSync } from "node:crypto";
import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "../base/clock.ts";
import type { SettingInputs } from "../config/broker-config.ts";

export interface TokenOptions {
  /** Whom the broker takes the client for: "alice" is User:alice. */
  readonly subject: string;
  /** Default: an hour. Below 0 it has expired. */
  readonly expiresInMs?: number;
  /** Whom it is meant for; default: `audience` of the broker. */
  readonly audience?: string | readonly string[];
  readonly scope?: string | readonly string[];
  /** Further claims, in place of those above too: `{ iss: "https://elsewhere" }`, `{ aud: undefined }`. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

const ALGORITHM = "ES256";
const KEY_ID = "test";
const AN_HOUR_MS = 3_600_000;
const MOST_BYTES = 64 * 1024;

export class OAuthKit {
  /** Whom tokens are from (`iss`): "http://127.0.0.1:49153". */
  readonly issuer: string;
  /** Whom the broker wants tokens to be meant for (`aud`). */
  readonly audience = "kafka";
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #key = generateKeyPairSync("ec", { namedCurve: "P-256" });

  private constructor(server: Server, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
    this.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("request", (request, response) => {
      this.#answer(request).then(
        ({ status, body }) => response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body)),
        () => response.destroy(),
      );
    });
  }

  static async start(clock: Clock): Promise<OAuthKit> {
    const { createServer } = await import("node:http");
    const server = createServer();
    await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
    server.unref();
    return new OAuthKit(server, clock);
  }

  /** Where its public key is (JSON Web Key Set). */
  get jwksUrl(): string {
    return `${this.issuer}/keys`;
  }

  /** Where clients get tokens by grant_type=client_credentials: of their client id, whatever their secret. */
  get tokenUrl(): string {
    return `${this.issuer}/token`;
  }

  /** Of a broker that takes its tokens, and those of users with passwords if it has any. */
  settings(passwordMechanisms: readonly string[]): SettingInputs {
    return {
      "sasl.enabled.mechanisms": ["OAUTHBEARER", ...passwordMechanisms],
      "sasl.server.callback.handler.class": "org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallbackHandler",
      "sasl.oauthbearer.jwks.endpoint.url": this.jwksUrl,
      "sasl.oauthbearer.expected.issuer": this.issuer,
      "sasl.oauthbearer.expected.audience": [this.audience],
    };
  }

  /** A signed token. Times are those of the broker's clock. */
  async token({ subject, expiresInMs = AN_HOUR_MS, audience = this.audience, scope, claims = {} }: TokenOptions): Promise<string> {
    const { SignJWT } = await import("jose");
    const nowMs = this.#clock.now();
    // What has expired was issued before that.
    const issuedMs = Math.min(nowMs, nowMs + expiresInMs);
    const times = { iat: Math.floor(issuedMs / 1000), exp: Math.floor((nowMs + expiresInMs) / 1000) };
    const aud = typeof audience === "string" ? audience : [...audience];
    const all = { sub: subject, iss: this.issuer, aud, scope, ...times, ...claims };
    return new SignJWT(all).setProtectedHeader({ alg: ALGORITHM, kid: KEY_ID, typ: "JWT" }).sign(this.#key.privateKey);
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage): Promise<{ status: number; body: object }> {
    request.socket.unref();
    const { method = "", url = "" } = request;
    switch (`${method} ${url.split("?", 1)[0]}`) {
      case "GET /keys":
        return {
          status: 200,
          body: { keys: [{ ...this.#key.publicKey.export({ format: "jwk" }), kid: KEY_ID, alg: ALGORITHM, use: "sig" }] },
        };
      case "POST /token":
        return this.#give(request.headers.authorization ?? "", new URLSearchParams(await bodyOf(request)));
      case "GET /.well-known/openid-configuration":
        return { status: 200, body: { issuer: this.issuer, jwks_uri: this.jwksUrl, token_endpoint: this.tokenUrl } };
      default:
        return { status: 404, body: { error: "not_found" } };
    }
  }

  async #give(authorization: string, form: URLSearchParams): Promise<{ status: number; body: object }> {
    const [, basic] = /^basic (.+)$/i.exec(authorization) ?? [];
    const clientId = basic === undefined ? form.get("client_id") : clientIdOf(basic);
    if (form.get("grant_type") !== "client_credentials") return { status: 400, body: { error: "unsupported_grant_type" } };
    if (clientId === null || clientId === "") return { status: 401, body: { error: "invalid_client" } };
    const scope = form.get("scope");
    const token = await this.token({ subject: clientId, ...(scope === null ? {} : { scope }) });
    return { status: 200, body: { access_token: token, token_type: "Bearer", expires_in: AN_HOUR_MS / 1000 } };
  }
}

/** Of what HTTP's Basic has in base64; RFC 6749 has it encoded as in a form within that, which some clients leave out. */
function clientIdOf(basic: string): string {
  const [clientId = ""] = Buffer.from(basic, "base64").toString().split(":", 1);
  return new URLSearchParams(`id=${clientId.replaceAll("&", "%26")}`).get("id") ?? "";
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > MOST_BYTES) throw new Error("a request for a token is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
