// Another API that answers on the same ports, behind the same guard and login: the schema registry. Its requests and answers, errors among them, have a form
// of their own, so it gets requests whole, and tells of this room's refusals in its own words.

import type { IncomingMessage } from "node:http";
import { accessOf } from "../api/access-of.ts";
import type { Services } from "../api/services.ts";
import type { Access } from "../security/access.ts";
import type { Permission } from "../security/permission.ts";
import { Problem } from "./problem.ts";

export interface NeighbourRequest {
  readonly method: string;
  /** As it came, percent-encoded, without the query. */
  readonly path: string;
  /** As it came, without the question mark. */
  readonly query: string;
  /** Names in lower case. */
  readonly headers: { readonly [name: string]: string | undefined };
  readonly body: string;
}

export interface NeighbourAnswer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: string;
}

export interface Neighbour {
  readonly owns: (method: string, path: string) => boolean;
  readonly answer: (services: Services, request: NeighbourRequest, access: Access<Permission>) => Promise<NeighbourAnswer>;
  readonly refusal: (status: number, detail: string) => NeighbourAnswer;
}

const MOST_BODY_BYTES = 1024 * 1024;
const WITHOUT_BODY: readonly number[] = [204, 304];

/** Of a principal's request. Rejects with Problem for a body of too many bytes. */
export async function answerOf(neighbour: Neighbour, incoming: IncomingMessage, services: Services, principal: string): Promise<Response> {
  const { method = "GET", headers, socket } = incoming;
  const { path, query } = targetOf(incoming);
  const single = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value] as const);
  const body = await bodyOf(incoming);
  const access = accessOf(services, { brokerId: undefined, principal, remoteAddress: socket.remoteAddress ?? "" });
  return responseOf(await neighbour.answer(services, { method, path, query, headers: Object.fromEntries(single), body }, access));
}

export function refusalBy(neighbour: Neighbour, { status, message, headers }: Problem): Response {
  const response = responseOf(neighbour.refusal(status, message));
  for (const [name, value] of Object.entries(headers)) response.headers.set(name, value);
  return response;
}

export function targetOf({ url = "/" }: IncomingMessage): { readonly path: string; readonly query: string } {
  const at = url.indexOf("?");
  return at < 0 ? { path: url, query: "" } : { path: url.slice(0, at), query: url.slice(at + 1) };
}

function responseOf({ status, headers, body }: NeighbourAnswer): Response {
  return new Response(WITHOUT_BODY.includes(status) ? null : body, { status, headers });
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
    bytes += chunk.length;
    if (bytes > MOST_BODY_BYTES) throw new Problem(413, `A request has at most ${MOST_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
