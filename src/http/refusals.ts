// Lines of the log that tell who was refused by HTTP, and why: of one address the same once in a while, since it can be caused as often as somebody
// likes.

import type { IncomingMessage } from "node:http";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { Seldom } from "../base/seldom.ts";
import type { StreamPeer } from "../server/byte-stream.ts";
import type { Problem } from "./problem.ts";

const SAME_MS = 60_000;
const MOST_KINDS = 1000;
/** Of what a client chose. */
const MOST_CHARACTERS = 200;
/** What is no refusal: not found, another method, another kind of body, conflicts. */
const REFUSED: readonly number[] = [400, 401, 403, 408, 413, 421, 429, 431, 503];
const NOT_LOGGED_IN = 401;

export class Refusals {
  readonly #logger: Logger;
  readonly #said: Seldom;

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#said = new Seldom({ intervalMs: SAME_MS, mostKeys: MOST_KINDS, now: () => clock.now() });
  }

  /** @param request unless what came is none */
  tell({ listenerName, remoteAddress, remotePort }: StreamPeer, { status, message }: Problem, request?: IncomingMessage): void {
    // A browser asks without a login first.
    const isFirst = status === NOT_LOGGED_IN && request?.headers.authorization === undefined;
    if (!REFUSED.includes(status) || isFirst) return;
    const meanwhile = this.#said.say(`${remoteAddress} ${status}`);
    if (meanwhile === undefined) return;
    const asked = request === undefined ? {} : { method: request.method, target: shortened(request.url ?? "") };
    const facts = { listener: listenerName, client: `${remoteAddress}:${remotePort}`, status, reason: shortened(message), ...asked };
    this.#logger.warn({ ...facts, ...(meanwhile === 0 ? {} : { meanwhile }) }, "refused an HTTP request");
  }
}

function shortened(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)}...`;
}
