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
import type { Logger } from "../base/logger.ts";
import type { ByteStream } from "../server/byte-stream.ts";
import { apiRoutes } from "./api/api-routes.ts";
import type { BrokerView } from "./broker-view.ts";
import { Conversation } from "./conversation.ts";
import { frontPage } from "./front-page.ts";
import { approachFault, noProxy } from "./guard.ts";
import { healthRoutes } from "./health.ts";
import { Logins } from "./login.ts";
import { metricsRoute } from "./metrics/metrics-route.ts";
import { answerOf, type Neighbour, refusalBy, targetOf } from "./neighbour.ts";
import { openApi } from "./openapi.ts";
import { ownNames } from "./own-names.ts";
import { Problem } from "./problem.ts";
import { Refusals } from "./refusals.ts";
import { type Route, route } from "./route.ts";
import { type Env, routed, streamOf } from "./routed.ts";
import { send, standardRequest } from "./standard-form.ts";
import { valibot as v } from "./web-framework.ts";

const MOST_HEADER_BYTES = 16 * 1024;

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
  readonly #refusals: Refusals;
  readonly #server: Server;
  readonly #conversations = new Map<Duplex, Conversation>();
  /** Whose every request is the neighbour's. */
  readonly #neighbours = new WeakSet<ByteStream>();

  constructor(view: BrokerView, logger: Logger, neighbour: Neighbour) {
    const { config, clock } = view.services;
    this.#view = view;
    this.#logger = logger;
    this.#neighbour = neighbour;
    this.#logins = new Logins(config, clock);
    this.#isOwnName = ownNames(view);
    this.#refusals = new Refusals(logger, clock);
    const failed = (error: unknown, incoming: IncomingMessage) => this.#failed(error, incoming);
    this.#app = routed(this.#routes(), { services: view.services, logins: this.#logins, failed });
    this.#server = createServer({ maxHeaderSize: MOST_HEADER_BYTES, requireHostHeader: false }, (incoming, outgoing) => {
      this.#conversations.get(incoming.socket)?.take(incoming, outgoing, () => this.#serve(incoming, outgoing));
    });
    // Who has asked may close his side, and is answered all the same.
    (this.#server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
    // Idle connections are their listener's to end.
    this.#server.keepAliveTimeout = 0;
    this.#server.on("clientError", (error, stream) => this.#conversations.get(stream)?.dismiss(malformed(error)));
    this.#server.on("connect", (_, stream) => this.#conversations.get(stream)?.dismiss(noProxy()));
  }

  /** @param isNeighbours it came on a port of the neighbour's own */
  accept(stream: ByteStream, isNeighbours = false): void {
    if (isNeighbours) this.#neighbours.add(stream);
    const refused = (problem: Problem) => this.#refusals.tell(stream.peer, problem);
    this.#conversations.set(stream, new Conversation(stream, this.#view.services.clock, refused));
    stream.once("close", () => this.#conversations.delete(stream));
    this.#server.emit("connection", stream);
  }

  close(): void {
    for (const conversation of this.#conversations.values()) conversation.close();
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    try {
      const response = await this.#responseTo(incoming, outgoing);
      for (const [name, value] of Object.entries(HEADERS)) if (!response.headers.has(name)) response.headers.set(name, value);
      await send(response, incoming, outgoing);
    } catch (error) {
      this.#logger.error({ err: error }, "could not send the answer to an HTTP request");
      outgoing.destroy();
    }
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
      const problem = this.#failed(error, incoming);
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
  #failed(error: unknown, incoming: IncomingMessage): Problem {
    if (error instanceof Problem) {
      this.#refusals.tell(streamOf(incoming).peer, error, incoming);
      return error;
    }
    // Who leaves, or sends what is none, while his request comes hears no answer.
    if (incoming.errored !== null && !incoming.complete) return malformed(incoming.errored);
    this.#logger.error({ err: error }, "an HTTP request failed");
    return new Problem(500, "The broker could not answer; its log says why.");
  }
}

function malformed({ code }: NodeJS.ErrnoException): Problem {
  if (code === "HPE_HEADER_OVERFLOW") return new Problem(431, `A request has at most ${MOST_HEADER_BYTES} bytes of headers.`);
  return new Problem(400, "The request is malformed.");
}
