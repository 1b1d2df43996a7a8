// A stranger at the doors that ask for more than Kafka: who begins a TLS handshake and does not end it, sends noise into it, or logs in with
// anything but a password.

import net from "node:net";
import tls from "node:tls";
import { apiVersions, metadata, saslAuthenticate, saslHandshake } from "../../protocol/messages/index.ts";
import type { Api } from "../../protocol/schema/message.ts";
import type { Account } from "./account.ts";
import { Chance } from "./chance.ts";
import { framed, mutated } from "./mutations.ts";
import { firstNumber, type NextRequest } from "./requests.ts";

export interface KnockerOptions {
  readonly ports: { readonly sasl: number; readonly tls: number; readonly saslTls: number };
  readonly seed: number;
  readonly number: number;
  readonly account: Account;
  readonly sending: (request: NextRequest, connection: number) => void;
  readonly reasonOf: (listener: string, localPort: number) => Promise<string | undefined>;
}

/** How long it waits for an answer. */
const PATIENCE_MS = 60;
const MOST_SENT = 6;

export class Knocker {
  readonly #options: KnockerOptions;
  readonly #chance: Chance;
  #nextNumber: number;

  constructor(options: KnockerOptions) {
    this.#options = options;
    this.#nextNumber = firstNumber(options.number);
    this.#chance = new Chance(options.seed, options.number);
    this.#chance.below(2);
  }

  async run(): Promise<void> {
    const { ports } = this.#options;
    const { port, listener, isTls } = this.#chance.pick([
      { port: ports.sasl, listener: "SASL_PLAINTEXT", isTls: false },
      { port: ports.sasl, listener: "SASL_PLAINTEXT", isTls: false },
      { port: ports.tls, listener: "SSL", isTls: true },
      { port: ports.saslTls, listener: "SASL_SSL", isTls: true },
    ]);
    const shakesHands = isTls && this.#chance.oneIn(2);
    const socket = shakesHands
      ? tls.connect({ port, host: "127.0.0.1", rejectUnauthorized: false, ...this.#terms() })
      : net.connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
    const state = { isOpen: false, isClosed: false, port: 0, hasLeft: false };
    socket.on("error", () => undefined);
    socket.on("connect", () => {
      state.port = socket.localPort ?? 0;
    });
    socket.on(shakesHands ? "secureConnect" : "connect", () => {
      state.isOpen = true;
    });
    for (const event of ["end", "close"] as const)
      socket.on(event, () => {
        state.isClosed = true;
      });
    const heard = () => once(socket, PATIENCE_MS);
    socket.resume();
    while (!state.isOpen && !state.isClosed) await heard();
    for (let left = this.#chance.between(1, MOST_SENT); left > 0 && !state.isClosed; left--) {
      const request = this.#next(isTls && !shakesHands);
      this.#options.account.asked(request);
      this.#options.sending(request, this.#options.number);
      socket.write(request.bytes);
      await heard();
    }
    if (state.isClosed) await this.#wasClosed(listener, state.port, shakesHands && !state.isOpen);
    socket.destroy();
  }

  #terms(): tls.ConnectionOptions {
    return this.#chance.pick([{}, {}, { maxVersion: "TLSv1.2" as const }, { minVersion: "TLSv1.3" as const, servername: "no.such.host" }]);
  }

  #next(isNoise: boolean): NextRequest {
    const chance = this.#chance;
    const number = this.#nextNumber++;
    const about = { number, api: isNoise ? "handshake" : "login", mutation: "none" };
    if (isNoise) return { ...about, bytes: chance.oneIn(3) ? chance.bytes(chance.between(1, 300)) : this.#halfHello() };
    const [api, version, body] = chance.pick(LOGIN);
    const request = Buffer.concat([header(api, version, number), body(chance)]);
    if (chance.oneIn(6)) return { ...about, mutation: "bare token", bytes: framed(chance.pick(TOKENS)) };
    if (!chance.oneIn(3)) return { ...about, bytes: framed(request) };
    const { name, ...sending } = mutated(request, chance);
    return { ...about, mutation: name, ...sending };
  }

  /** A record of TLS whose ClientHello says what it likes. */
  #halfHello(): Buffer {
    const chance = this.#chance;
    const content = Buffer.concat([Buffer.from([1, 0, chance.below(3), chance.below(256), 3, 3]), chance.bytes(chance.between(0, 200))]);
    const head = Buffer.from([22, 3, 1, 0, 0]);
    head.writeUInt16BE(chance.oneIn(3) ? chance.pick([0, 1, 65_535]) : content.length, 3);
    return Buffer.concat([head, content]);
  }

  async #wasClosed(listener: string, port: number, isRefusal: boolean): Promise<void> {
    if (port === 0) return;
    const reason = await this.#options.reasonOf(listener, port);
    if (reason !== undefined) this.#options.account.disconnected(reason);
    else {
      const what = `the broker ended ${isRefusal ? "a handshake" : "a login"}, and its log does not say why`;
      this.#options.account.complain({ what, connection: this.#options.number });
    }
  }
}

const TOKENS: readonly Buffer[] = [
  Buffer.from("\0fuzz\0fuzz"),
  Buffer.from("\0neighbour\0wrong"),
  Buffer.from("\0__admin_client\0fuzz"),
  Buffer.from("\0broker-1\0fuzz"),
  Buffer.from("\0ANONYMOUS\0"),
  Buffer.from("\0\0"),
  Buffer.from("n,,n=fuzz,r=nonce"),
  Buffer.from("c=biws,r=nonce,p="),
  Buffer.from(`n,,n=${"=2C".repeat(1000)},r=x`),
  Buffer.alloc(60_000, "a"),
  Buffer.alloc(0),
];

type LoginStep = readonly [api: Api, version: number, body: (chance: Chance) => Buffer];

const authenticate = (chance: Chance) => {
  const token = chance.pick(TOKENS);
  const length = Buffer.alloc(4);
  length.writeInt32BE(token.length);
  return Buffer.concat([length, token]);
};
const handshake = (chance: Chance) => {
  const mechanism = Buffer.from(chance.pick(["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "GSSAPI", "", "\u0000"]));
  const length = Buffer.alloc(2);
  length.writeInt16BE(mechanism.length);
  return Buffer.concat([length, mechanism]);
};

const LOGIN: readonly LoginStep[] = [
  [saslHandshake, 0, handshake],
  [saslHandshake, 1, handshake],
  [saslHandshake, 1, handshake],
  [saslAuthenticate, 0, authenticate],
  [saslAuthenticate, 1, authenticate],
  [apiVersions, 0, () => Buffer.alloc(0)],
  [metadata, 1, () => Buffer.from([0xff, 0xff, 0xff, 0xff])],
];

function header(api: Api, version: number, correlationId: number): Buffer {
  const bytes = Buffer.alloc(10);
  bytes.writeInt16BE(api.key, 0);
  bytes.writeInt16BE(version, 2);
  bytes.writeInt32BE(correlationId & 0x7fffffff, 4);
  bytes.writeInt16BE(-1, 8);
  return bytes;
}

/** Anything happens on the socket, or nothing for a while. */
function once(socket: net.Socket, mostMs: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      for (const event of EVENTS) socket.removeListener(event, done);
      resolve();
    };
    const timer = setTimeout(done, mostMs);
    for (const event of EVENTS) socket.once(event, done);
  });
}

const EVENTS = ["data", "end", "close", "connect", "secureConnect"] as const;
