// HTTP as a broker answers it: connections come as streams of bytes (server/byte-stream.ts), requests go through the guard, a login and their
// route. Loaded when the first connection speaks HTTP.
//
//   bytes ─▶ node:http ─▶ guard (host, origin) ─▶ route, its query checked ─▶ who asks, unless everybody may ─▶ answer
//
// Whatever is wrong is answered with problem details. A request has to be there within a time, however slowly its bytes come; what comes after
// a request is another one: a connection that speaks HTTP never speaks Kafka's protocol.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Hono } from "hono";
import type { Timer } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { ByteStream } from "../server/byte-stream.ts";
import { apiRoutes } from "./api/api-routes.ts";
import type { BrokerView } from "./broker-view.ts";
import { frontPage } from "./front-page.ts";
import { approachFault } from "./guard.ts";
import { healthRoutes } from "./health.ts";
import { Logins } from "./login.ts";
import { metricsRoute } from "./metrics/metrics-route.ts";
import { answerOf, type Neighbour, refusalBy, targetOf } from "./neighbour.ts";
import { openApi } from "./openapi.ts";
import { ownNames } from "./own-names.ts";
import { Problem } from "./problem.ts";
import { type Route, route } from "./route.ts";
import { type Env, routed, streamOf } from "./routed.ts";
import { send, standardRequest } from "./standard-form.ts";
import { valibot as v } from "./web-framework.ts";

const MOST_HEADER_BYTES = 16 * 1024;
/** How long the bytes of a request may take to come. */
const REQUEST_MS = 30_000;

/** What a browser is told to make of an answer that says nothing else: as little as possible. */
const HEADERS = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

export class HttpRoom {
  readonly #view: BrokerView;
  readonly #logger: Logger;
  readonly #neighbour: Neighbour;
  readonly #logins: Logins;
  readonly #isOwnName: (name: string) => boolean;
  readonly #app: Hono<Env>;
  readonly #server: Server;
  /** Of streams, while a request of theirs comes. */
  readonly #deadlines = new Map<ByteStream, Timer>();
  /** What is asked on a stream, until it is answered. */
  readonly #requests = new WeakMap<ByteStream, IncomingMessage>();
  /** Whose every request is the neighbour's. */
  readonly #neighbours = new WeakSet<ByteStream>();
  /** The last answer of a stream. */
  readonly #answers = new WeakMap<Duplex, ServerResponse>();

  constructor(view: BrokerView, logger: Logger, neighbour: Neighbour) {
    const { config, clock } = view.services;
    this.#view = view;
    this.#logger = logger;
    this.#neighbour = neighbour;
    this.#logins = new Logins(config, clock);
    this.#isOwnName = ownNames(view);
    this.#app = routed(this.#routes(), { services: view.services, logins: this.#logins, failed: (error) => this.#failed(error) });
    this.#server = createServer({ maxHeaderSize: MOST_HEADER_BYTES, requireHostHeader: false }, (incoming, outgoing) => {
      this.#requestCame(incoming);
      this.#answers.set(incoming.socket, outgoing);
      this.#serve(incoming, outgoing).catch((error: unknown) => {
        this.#logger.error({ err: error }, "could not send the answer to an HTTP request");
        outgoing.destroy();
      });
    });
    // Who has asked may close his side, and is answered all the same.
    (this.#server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
    // Idle connections are their listener's to end.
    this.#server.keepAliveTimeout = 0;
    this.#server.on("clientError", (error, socket) => this.#malformed(error, socket));
  }

  /** @param isNeighbours it came on a port of the neighbour's own */
  accept(stream: ByteStream, isNeighbours = false): void {
    if (isNeighbours) this.#neighbours.add(stream);
    stream.on("data", () => this.#awaitRequest(stream));
    stream.on("close", () => this.#came(stream));
    this.#server.emit("connection", stream);
  }

  close(): void {
    for (const timer of this.#deadlines.values()) timer.cancel();
    this.#deadlines.clear();
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const response = await this.#responseTo(incoming, outgoing);
    for (const [name, value] of Object.entries(HEADERS)) if (!response.headers.has(name)) response.headers.set(name, value);
    await send(response, incoming, outgoing);
  }

  async #responseTo(incoming: IncomingMessage, outgoing: ServerResponse): Promise<Response> {
    const { headers, rawHeaders, method = "GET", url = "" } = incoming;
    const stream = streamOf(incoming);
    const isBeside = this.#neighbours.has(stream) || this.#neighbour.owns(method, targetOf(incoming).path);
    try {
      const isSecure = stream.encrypted;
      const fault = approachFault({ headers, rawHeaders, target: url, isSecure }, this.#isOwnName);
      if (fault !== undefined) throw fault;
      if (!isBeside) return await this.#app.fetch(standardRequest(incoming, isSecure ? "https" : "http"), { incoming, outgoing });
      const principal = await this.#logins.principalOf(stream, headers.authorization);
      return await answerOf(this.#neighbour, incoming, this.#view.services, principal);
    } catch (error) {
      const problem = this.#failed(error);
      return isBeside ? refusalBy(this.#neighbour, problem) : problem.response();
    }
  }

  #routes(): readonly Route[] {
    const view = this.#view;
    const shown: Route[] = [metricsRoute(view), ...healthRoutes(view)];
    const described = route({
      path: "/openapi.json",
      summary: "This API, described for machines",
      query: v.object({}),
      answers: { 200: { is: "OpenAPI 3.1.", type: "application/json" } },
      answer: () => Response.json(openApi(all)),
    });
    shown.push(described);
    const all: readonly Route[] = [...frontPage(), ...shown, ...apiRoutes(view)];
    return all;
  }

  /** Anything that was thrown; what is our own fault is for the log. */
  #failed(error: unknown): Problem {
    if (error instanceof Problem) return error;
    this.#logger.error({ err: error }, "an HTTP request failed");
    return new Problem(500, "The broker could not answer; its log says why.");
  }

  /** What came is no request: said once what was asked before it is answered. */
  #malformed({ code }: NodeJS.ErrnoException, stream: Duplex): void {
    const problem =
      code === "HPE_HEADER_OVERFLOW"
        ? new Problem(431, `A request has at most ${MOST_HEADER_BYTES} bytes of headers.`)
        : new Problem(400, "The request is malformed.");
    const answer = this.#answers.get(stream);
    const dismiss = () => {
      if (stream.writable) stream.end(problem.farewell(), () => stream.destroy());
      else stream.destroy();
    };
    if (answer === undefined || answer.closed) dismiss();
    else answer.once("close", dismiss);
  }

  #awaitRequest(stream: ByteStream): void {
    if (this.#deadlines.has(stream)) return;
    this.#deadlines.set(
      stream,
      this.#view.services.clock.after(REQUEST_MS, () => this.#overdue(stream)),
    );
  }

  /** Unless all of it is there, and its answer takes longer. */
  #overdue(stream: ByteStream): void {
    this.#deadlines.delete(stream);
    if (this.#requests.get(stream)?.complete === true) this.#awaitRequest(stream);
    else stream.destroy();
  }

  #requestCame(incoming: IncomingMessage): void {
    const { socket } = incoming;
    if (!(socket instanceof ByteStream)) return;
    this.#requests.set(socket, incoming);
    incoming.once("close", () => this.#came(socket));
  }

  /** It was answered, or nothing more comes. */
  #came(stream: ByteStream): void {
    this.#requests.delete(stream);
    this.#deadlines.get(stream)?.cancel();
    this.#deadlines.delete(stream);
  }
}
