// One connection to a broker, for our own commands: requests go out as they are asked for, answers are told apart by their
// correlation ids. Every request has a deadline; when the connection ends, all that wait for an answer fail.

import { connect, type Socket } from "node:net";
import { Errors } from "../../protocol/errors.ts";
import { decodeResponse, encodeRequest } from "../../protocol/headers.ts";
import { saslHandshake } from "../../protocol/messages/17-sasl-handshake.ts";
import { apiVersions } from "../../protocol/messages/18-api-versions.ts";
import { saslAuthenticate } from "../../protocol/messages/36-sasl-authenticate.ts";
import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import { ClientError, codeOf, messageOf } from "./client-error.ts";
import { type Login, logIn } from "./sasl.ts";

const DEFAULT_CLIENT_ID = "odradek-cli";
const CONNECT_TIMEOUT_MS = 5000;
const REQUEST_TIMEOUT_MS = 30_000;
const LARGEST_ANSWER_BYTES = 256 * 1024 * 1024;
const SIZE_BYTES = 4;

type Waiting = Pick<PromiseWithResolvers<Buffer>, "resolve" | "reject">;

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** No connection, or one that ended: another attempt, or another broker, may do better. */
export class Disconnected extends ClientError {}

export class Connection {
  readonly #socket: Socket;
  readonly #broker: string;
  readonly #clientId: string;
  readonly #waiting = new Map<number, Waiting>();
  #versions = new Map<number, { readonly min: number; readonly max: number }>();
  #nextCorrelationId = 0;
  #chunks: Buffer[] = [];
  #receivedBytes = 0;
  readonly #ended = Promise.withResolvers<void>();
  /** It has told its versions and answered nothing since. */
  #isStranger = false;
  #isClosed = false;

  private constructor(socket: Socket, { address, clientId }: { readonly address: Address; readonly clientId: string }) {
    this.#socket = socket;
    this.#broker = `The broker on ${hostAndPort(address)}`;
    this.#clientId = clientId;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("error", (error) => this.#end(error.message));
    socket.on("close", () =>
      this.#end(
        this.#isStranger ? "it closed the connection, as those do that ask for a login (--command-config)" : "it closed the connection",
      ),
    );
  }

  /** Raises Disconnected when nothing that speaks Kafka's protocol listens there, ClientError when it does not let the user in. */
  static async open(
    address: Address,
    { clientId = DEFAULT_CLIENT_ID, login }: { readonly clientId?: string | undefined; readonly login?: Login | undefined } = {},
  ): Promise<Connection> {
    const connection = new Connection(await openSocket(address), { address, clientId });
    try {
      const { apiKeys } = await connection.#request(apiVersions, {}, { version: 0 });
      connection.#versions = new Map(apiKeys.map(({ apiKey, minVersion, maxVersion }) => [apiKey, { min: minVersion, max: maxVersion }]));
    } catch (error) {
      connection.close();
      throw new Disconnected(`What listens on ${hostAndPort(address)} does not answer as Kafka does (${messageOf(error)}).`);
    }
    if (login === undefined) connection.#isStranger = true;
    else await connection.#logIn(login);
    return connection;
  }

  /** Sends in the newest version that both sides know, at most `newest`. */
  async send<Q extends Shape, R extends Shape>(
    api: Api<Q, R>,
    newest: number,
    body: Encodable<Q>,
    { timeoutMs = REQUEST_TIMEOUT_MS }: { readonly timeoutMs?: number } = {},
  ): Promise<Decoded<R>> {
    return this.#request(api, body, { version: this.#versionOf(api, newest), timeoutMs });
  }

  /** Likewise, for a request that no broker answers. Settles when it is on its way. */
  async sendUnanswered<Q extends Shape, R extends Shape>(api: Api<Q, R>, newest: number, body: Encodable<Q>): Promise<void> {
    const isWritten = this.#write(encodeRequest(api, this.#versionOf(api, newest), this.#header(), body));
    if (!isWritten) await new Promise<void>((resolve) => this.#socket.once("close", resolve).once("drain", resolve));
  }

  /** What the broker serves, by API key. */
  get versions(): ReadonlyMap<number, { readonly min: number; readonly max: number }> {
    return this.#versions;
  }

  /** Settles when nothing more can be sent or received. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  close(): void {
    this.#end("the connection was closed");
  }

  async #logIn(login: Login): Promise<void> {
    const { mechanism, user } = login;
    const refused = (why: string) => new ClientError(`${this.#broker} does not let ${user} in by ${mechanism}: ${why}.`);
    try {
      const { errorCode, mechanisms } = await this.send(saslHandshake, 1, { mechanism });
      if (errorCode === Errors.UNSUPPORTED_SASL_MECHANISM) throw refused(`it takes ${mechanisms.join(", ")}`);
      if (errorCode !== Errors.NONE) throw refused("nobody has to log in there (take sasl out of the settings)");
      await logIn(login, async (authBytes) => {
        const answer = await this.send(saslAuthenticate, 2, { authBytes });
        if (answer.errorCode !== Errors.NONE) throw refused((answer.errorMessage ?? "").replace(/\.$/, ""));
        return answer.authBytes;
      });
    } catch (error) {
      this.close();
      throw error instanceof ClientError ? error : refused(messageOf(error));
    }
  }

  #versionOf({ key, name }: Pick<Api<Shape, Shape>, "key" | "name">, newest: number): number {
    const served = this.#versions.get(key);
    const version = Math.min(newest, served?.max ?? -1);
    if (served === undefined || version < served.min) {
      throw new ClientError(`${this.#broker} does not serve ${name} in a version known here.`);
    }
    return version;
  }

  async #request<Q extends Shape, R extends Shape>(
    api: Api<Q, R>,
    body: Encodable<Q>,
    { version, timeoutMs = REQUEST_TIMEOUT_MS }: { readonly version: number; readonly timeoutMs?: number },
  ): Promise<Decoded<R>> {
    const header = this.#header();
    const buffers = encodeRequest(api, version, header, body);
    const answered = Promise.withResolvers<Buffer>();
    const timeout = setTimeout(() => {
      this.#waiting.delete(header.correlationId);
      answered.reject(new Disconnected(`${this.#broker} did not answer ${api.name} within ${timeoutMs / 1000} s.`));
    }, timeoutMs);
    this.#waiting.set(header.correlationId, answered);
    this.#write(buffers);
    const frame = await answered.promise.finally(() => clearTimeout(timeout));
    return decodeResponse(api, version, frame, { allowTrailing: true }).body;
  }

  #header(): { readonly correlationId: number; readonly clientId: string } {
    return { correlationId: this.#nextCorrelationId++, clientId: this.#clientId };
  }

  /** false: what is written gathers here, since the broker takes it more slowly. */
  #write(buffers: readonly Buffer[]): boolean {
    if (this.#isClosed) this.#end("the connection is closed");
    this.#socket.cork();
    const isWritten = buffers.map((buffer) => this.#socket.write(buffer)).every((isTaken) => isTaken);
    this.#socket.uncork();
    return isWritten;
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#receivedBytes += chunk.length;
    for (let frame = this.#takeFrame(); frame !== undefined; frame = this.#takeFrame()) this.#answer(frame);
  }

  /** The next answer without its size, once it is there completely. */
  #takeFrame(): Buffer | undefined {
    if (this.#receivedBytes < SIZE_BYTES) return undefined;
    const first = this.#chunks[0];
    const head = first !== undefined && first.length >= SIZE_BYTES ? first : this.#joined();
    const sizeBytes = head.readInt32BE(0);
    if (sizeBytes < SIZE_BYTES || sizeBytes > LARGEST_ANSWER_BYTES) {
      this.#end(`an answer of ${sizeBytes} bytes was announced`);
      return undefined;
    }
    const end = SIZE_BYTES + sizeBytes;
    if (this.#receivedBytes < end) return undefined;
    const all = this.#joined();
    this.#chunks = all.length === end ? [] : [all.subarray(end)];
    this.#receivedBytes = all.length - end;
    return all.subarray(SIZE_BYTES, end);
  }

  #joined(): Buffer {
    const joined = this.#chunks.length === 1 && this.#chunks[0] !== undefined ? this.#chunks[0] : Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  #answer(frame: Buffer): void {
    this.#isStranger = false;
    const correlationId = frame.readInt32BE(0);
    const waiting = this.#waiting.get(correlationId);
    this.#waiting.delete(correlationId);
    waiting?.resolve(frame);
  }

  #end(why: string): void {
    this.#isClosed = true;
    this.#ended.resolve();
    this.#socket.destroy();
    this.#chunks = [];
    this.#receivedBytes = 0;
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const waiting of all) waiting.reject(new Disconnected(`${this.#broker} is gone: ${why}.`));
  }
}

export function hostAndPort({ host, port }: Address): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function openSocket(address: Address): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: address.host, port: address.port, timeout: CONNECT_TIMEOUT_MS });
    const fail = (error: unknown) => {
      socket.destroy();
      reject(new Disconnected(notReachable(address, error)));
    };
    socket.once("error", fail);
    socket.once("timeout", () => fail(new Error("no answer")));
    socket.once("connect", () => {
      socket.off("error", fail);
      socket.setTimeout(0);
      resolve(socket);
    });
  });
}

function notReachable(address: Address, error: unknown): string {
  const where = hostAndPort(address);
  if (codeOf(error) === "ECONNREFUSED")
    return `Nothing listens on ${where}; start a broker with "odradek start", or name another with --bootstrap-server.`;
  return `No connection to ${where} (${codeOf(error) ?? messageOf(error)}); name another broker with --bootstrap-server.`;
}
