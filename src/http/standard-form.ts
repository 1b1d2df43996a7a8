// Node's requests in the standard form that the framework takes, and its answers given to Node. There is a library for it, which replaces globals of
// the process, or else waits by timers that tests replace; a broker is a guest in other programs.

import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { Problem } from "./problem.ts";

const WITHOUT_BODY: readonly string[] = ["GET", "HEAD"];

/** Throws Problem for what has no standard form. */
export function standardRequest(incoming: IncomingMessage, scheme: "http" | "https"): Request {
  const { method = "GET", url = "/", rawHeaders, headers } = incoming;
  const path = url === "*" ? "/" : url;
  try {
    const pairs: [string, string][] = [];
    for (let index = 0; index + 1 < rawHeaders.length; index += 2) pairs.push([rawHeaders[index] ?? "", rawHeaders[index + 1] ?? ""]);
    const body = WITHOUT_BODY.includes(method) ? {} : { body: Readable.toWeb(incoming) as ReadableStream, duplex: "half" as const };
    return new Request(`${scheme}://${headers.host ?? "localhost"}${path}`, { method, headers: pairs, ...body });
  } catch (cause) {
    throw new Problem(400, "The request is malformed.", {}, { cause });
  }
}

/** Whole: its answers are made before they leave. A connection on which some of the request is still to come ends with it. */
export async function send(response: Response, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer());
  const headers: Record<string, string | number> = Object.fromEntries(response.headers);
  if (incoming.method !== "HEAD") headers["content-length"] = body.length;
  if (!incoming.complete) headers["connection"] = "close";
  outgoing.writeHead(response.status, headers);
  outgoing.end(body);
}
