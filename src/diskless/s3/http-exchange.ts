// One request and its answer over HTTP, whole: connections are kept for the next, a body is sent in the parts in which it is there, and
// whoever gives up destroys the socket. By Node's own client rather than by fetch, which needs a body in one piece, and for putting and
// getting many megabytes two to five times the processor time.

import type { Agent, IncomingHttpHeaders, IncomingMessage, request as requestOver } from "node:http";
import type { Clock } from "../../base/clock.ts";

export interface HttpRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** With Host. */
  readonly headers: Readonly<Record<string, string>>;
  readonly parts?: readonly Buffer[];
  /** A longer answer is none. */
  readonly mostBytes: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** There was no answer, or not all of it: whether the request was carried out is not known. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

export interface HttpOptions {
  readonly clock: Clock;
  /** For a request and its answer. */
  readonly deadlineMs: number;
  /** Certificates of the authorities to trust, in PEM, in place of those that Node trusts. */
  readonly authorities?: string | undefined;
}

/** Connections that nobody needs are closed by us, before the other side does it just when the next request is on its way. */
const IDLE_MS = 5_000;

export class HttpExchange {
  readonly #options: HttpOptions;
  readonly #server: { readonly host: string; readonly port: number };
  readonly #request: typeof requestOver;
  readonly #agent: Agent;
  readonly #underWay = new Set<(reason: string) => void>();
  #isClosed = false;

  private constructor(origin: URL, over: { readonly request: typeof requestOver; readonly agent: Agent }, options: HttpOptions) {
    const defaultPort = origin.protocol === "https:" ? 443 : 80;
    this.#options = options;
    this.#server = { host: origin.hostname.replace(/^\[|\]$/g, ""), port: origin.port === "" ? defaultPort : Number(origin.port) };
    this.#request = over.request;
    this.#agent = over.agent;
  }

  /** With the server of an http or https URL. */
  static async with(origin: URL, options: HttpOptions): Promise<HttpExchange> {
    const trust = options.authorities === undefined ? {} : { ca: options.authorities };
    const { Agent, request } = origin.protocol === "https:" ? await import("node:https") : await import("node:http");
    return new HttpExchange(origin, { request, agent: new Agent({ keepAlive: true, timeout: IDLE_MS, ...trust }) }, options);
  }

  /** Rejects with NoAnswer. */
  ask(request: HttpRequest, signal?: AbortSignal): Promise<HttpAnswer> {
    const { clock, deadlineMs } = this.#options;
    return new Promise((resolve, reject) => {
      if (this.#isClosed) throw new NoAnswer("the client was closed");
      if (signal?.aborted) throw new NoAnswer("nobody waits for it any more", { cause: signal.reason });
      const { method, path, headers } = request;
      const outgoing = this.#request({ ...this.#server, method, path, headers, agent: this.#agent });
      const settle = (): void => {
        deadline.cancel();
        signal?.removeEventListener("abort", abort);
        this.#underWay.delete(giveUp);
      };
      const fail = (error: unknown): void => {
        settle();
        reject(error instanceof NoAnswer ? error : new NoAnswer(reasonOf(error), { cause: error }));
        outgoing.destroy();
      };
      const giveUp = (reason: string): void => fail(new NoAnswer(reason));
      const abort = (): void => fail(new NoAnswer("nobody waits for it any more", { cause: signal?.reason }));
      const deadline = clock.after(deadlineMs, () => giveUp(`it took longer than ${deadlineMs} ms`));
      this.#underWay.add(giveUp);
      signal?.addEventListener("abort", abort);
      outgoing.on("error", fail);
      const closed = (): void => giveUp("the connection was closed");
      outgoing.on("close", closed);
      outgoing.on("response", (incoming) => {
        // From now on it is the answer that breaks off.
        outgoing.off("close", closed);
        readBody(incoming, request.mostBytes).then((body) => {
          settle();
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body });
        }, fail);
      });
      for (const part of request.parts ?? []) outgoing.write(part);
      outgoing.end();
    });
  }

  /** Requests that are under way have no answer. */
  close(): void {
    this.#isClosed = true;
    for (const giveUp of [...this.#underWay]) giveUp("the client was closed");
    this.#agent.destroy();
  }
}

function readBody(incoming: IncomingMessage, mostBytes: number): Promise<Buffer> {
  const announced = incoming.headers["content-length"];
  const length = announced === undefined ? undefined : Number(announced);
  return new Promise((resolve, reject) => {
    const tooMuch = () => reject(new NoAnswer(`the answer has more than ${mostBytes} bytes`));
    if (length !== undefined && !(length <= mostBytes)) return tooMuch();
    // In one piece from the start where the length is known: a chunk is copied once, and let go.
    const whole = length === undefined ? undefined : Buffer.allocUnsafeSlow(length);
    const chunks: Buffer[] = [];
    let received = 0;
    incoming.on("data", (chunk: Buffer) => {
      if (received + chunk.length > (length ?? mostBytes)) return tooMuch();
      if (whole === undefined) chunks.push(chunk);
      else chunk.copy(whole, received);
      received += chunk.length;
    });
    incoming.on("end", () => {
      // It comes after every end, and making an error is dear.
      incoming.off("close", broken);
      if (received === (length ?? received) && incoming.complete) resolve(whole ?? Buffer.concat(chunks));
      else reject(new NoAnswer(`of ${length} bytes came ${received}`));
    });
    const broken = () => reject(new NoAnswer(`the connection broke after ${received} bytes of the answer`));
    incoming.on("error", broken);
    incoming.on("close", broken);
    return undefined;
  });
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === "") return error.errors.map(reasonOf).join(", ");
  return error instanceof Error ? error.message : String(error);
}
