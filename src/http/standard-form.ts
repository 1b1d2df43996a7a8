// Node's requests in the standard form that the framework takes, and its answers given to Node. There is a library for it, which replaces globals of
// the process, or else waits by timers that tests replace; a broker is a guest in other programs.

import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { isNdjson } from "./ndjson.ts";
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

/** Whole, unless it goes on by its nature. A connection on which some of the request is still to come ends with it. */
export async function send(response: Response, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  if (isNdjson(response)) return sendStream(response, incoming, outgoing);
  const body = Buffer.from(await response.arrayBuffer());
  const headers = headersOf(response, incoming);
  if (incoming.method !== "HEAD") headers["content-length"] = body.length;
  outgoing.writeHead(response.status, headers);
  outgoing.end(body);
}

/** As its lines come, and as the client takes them. Who closes his side wants no more of them. */
async function sendStream(response: Response, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const leave = () => outgoing.destroy();
  incoming.socket.once("end", leave);
  outgoing.writeHead(response.status, headersOf(response, incoming));
  outgoing.flushHeaders();
  try {
    if (incoming.method === "HEAD" || response.body === null) await response.body?.cancel();
    else for await (const line of response.body) if (outgoing.destroyed || !(await taken(outgoing, line))) break;
    outgoing.end();
  } finally {
    incoming.socket.off("end", leave);
  }
}

/** Gives whether there is still somebody who takes it. */
function taken(outgoing: ServerResponse, bytes: Uint8Array): boolean | Promise<boolean> {
  if (outgoing.write(bytes)) return true;
  return new Promise((resolve) => {
    const settle = () => {
      outgoing.off("drain", settle);
      outgoing.off("close", settle);
      resolve(!outgoing.destroyed);
    };
    outgoing.once("drain", settle);
    outgoing.once("close", settle);
  });
}

function headersOf({ headers: given }: Response, incoming: IncomingMessage): Record<string, string | number> {
  const headers: Record<string, string | number> = Object.fromEntries(given);
  if (!incoming.complete) headers["connection"] = "close";
  return headers;
}
