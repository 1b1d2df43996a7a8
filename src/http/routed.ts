// Routes as the framework serves them: what came is checked by the declaration of its route, then it is asked who asks, then it is answered.
//
// What has a body, and whatever changes something, comes as JSON and says so: a form of a web page cannot. Answers that go on are bounded in
// number.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Context } from "hono";
import type { GenericSchema, InferOutput } from "valibot";
import { accessOf } from "../api/access-of.ts";
import type { Services } from "../api/services.ts";
import { assert } from "../base/assert.ts";
import { ByteStream } from "../server/byte-stream.ts";
import type { Logins } from "./login.ts";
import { isNdjson } from "./ndjson.ts";
import { Problem } from "./problem.ts";
import type { Asker, Route } from "./route.ts";
import { bodyLimit, Hono, valibot as v } from "./web-framework.ts";

const MOST_BODY_BYTES = 1024 * 1024;
/** Answers that go on, of a broker. */
const MOST_STREAMS = 64;

export type Env = { readonly Bindings: { readonly incoming: IncomingMessage; readonly outgoing: ServerResponse } };

export interface RoutedOptions {
  readonly services: Services;
  readonly logins: Logins;
  /** What was thrown, as it is answered. */
  readonly failed: (error: unknown, incoming: IncomingMessage) => Problem;
}

export function routed(routes: readonly Route[], options: RoutedOptions): Hono<Env> {
  const app = new Hono<Env>();
  const streams = new Set<ServerResponse>();
  app.use(bodyLimit({ maxSize: MOST_BODY_BYTES, onError: tooLarge }));
  for (const each of routes)
    app.on(each.method, each.path.replace(/\{(\w+)\}/g, ":$1"), (context) => answer(each, context, { ...options, streams }));
  for (const path of new Set(routes.map((each) => each.path))) {
    const methods = routes.filter((each) => each.path === path).map(({ method }) => (method === "GET" ? "GET, HEAD" : method));
    app.all(path.replace(/\{(\w+)\}/g, ":$1"), () => {
      throw new Problem(405, `What is here takes ${methods.join(", ")}.`, { allow: methods.join(", ") });
    });
  }
  app.notFound(() => new Problem(404, "There is nothing here.").response());
  app.onError((error, { env }) => options.failed(error, env.incoming).response());
  return app;
}

interface Serving extends RoutedOptions {
  readonly streams: Set<ServerResponse>;
}

async function answer(served: Route, context: Context<Env>, { services, logins, streams }: Serving): Promise<Response> {
  const { incoming, outgoing } = context.env;
  const stream = streamOf(incoming);
  const query = checked(served.query, context.req.query(), "");
  const params = served.params === undefined ? {} : checked(served.params, context.req.param(), "");
  if (served.method !== "GET") mustBeJson(context.req.header("content-type"));
  const principal = served.isOpen ? stream.peer.principal : await logins.principalOf(stream, context.req.header("authorization"));
  const body = served.body === undefined ? undefined : checked(served.body, await bodyOf(context), "the body");
  const access = accessOf(services, { brokerId: undefined, principal, remoteAddress: stream.peer.remoteAddress });
  const asker: Asker = { principal, peer: stream.peer, access, signal: endOf(outgoing) };
  const { accept = "", "accept-encoding": acceptEncoding = "" } = context.req.header();
  const response = await served.answer({ ...asker, query, params, body, accept, acceptEncoding });
  if (isNdjson(response)) await bounded(response, outgoing, streams);
  return response;
}

/** Throws Problem, which names what does not fit. */
function checked<Schema extends GenericSchema>(schema: Schema, given: unknown, what: string): InferOutput<Schema> {
  const parsed = v.safeParse(schema, given);
  if (parsed.success) return parsed.output;
  const faults = parsed.issues.map(({ message, path = [] }) => `${path.map(({ key }) => String(key)).join(".") || what}: ${message}`);
  throw new Problem(400, faults.join("; "));
}

function mustBeJson(contentType: string | undefined): void {
  const [type = ""] = (contentType ?? "").split(";");
  if (type.trim().toLowerCase() !== "application/json")
    throw new Problem(415, "What changes something takes Content-Type: application/json.");
}

async function bodyOf(context: Context<Env>): Promise<unknown> {
  const text = await context.req.text();
  try {
    return text.trim() === "" ? {} : JSON.parse(text);
  } catch (cause) {
    throw new Problem(400, `The body is no JSON: ${cause instanceof Error ? cause.message : ""}`, {}, { cause });
  }
}

function endOf(outgoing: ServerResponse): AbortSignal {
  const ended = new AbortController();
  outgoing.once("close", () => ended.abort());
  return ended.signal;
}

async function bounded(response: Response, outgoing: ServerResponse, streams: Set<ServerResponse>): Promise<void> {
  if (streams.size >= MOST_STREAMS) {
    await response.body?.cancel();
    throw new Problem(503, `${MOST_STREAMS} answers go on already; end some of them.`);
  }
  streams.add(outgoing);
  outgoing.once("close", () => streams.delete(outgoing));
}

export function streamOf({ socket }: IncomingMessage): ByteStream {
  assert(socket instanceof ByteStream, "requests come on connections of listeners");
  return socket;
}

function tooLarge(): never {
  throw new Problem(413, `A request has at most ${MOST_BODY_BYTES} bytes.`);
}
