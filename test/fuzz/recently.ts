// What was sent lately, so that a turn that took too long can be laid at somebody's door.

import type { NextRequest } from "./requests.ts";

interface Sent {
  readonly request: NextRequest;
  readonly connection: number;
  readonly atMs: number;
}

const KEPT = 512;
/** A request may lie in sockets for a while before it is read. */
const BEFORE_MS = 20;
const SHOWN = 12;

export class Recently {
  readonly #sent: Sent[] = [];
  #next = 0;

  add(request: NextRequest, connection: number): void {
    this.#sent[this.#next++ % KEPT] = { request, connection, atMs: Date.now() };
  }

  /** In the order of their numbers. */
  between(fromMs: number, toMs: number): string {
    const among = this.#sent.filter(({ atMs }) => atMs >= fromMs - BEFORE_MS && atMs <= toMs);
    const inOrder = among.sort((one, other) => one.request.number - other.request.number).slice(0, SHOWN);
    return inOrder.map(({ request, connection }) => `  ${describe(request, connection)}`).join("\n");
  }
}

const SHOWN_BYTES = 400;

export function describe({ number, api, mutation, bytes }: NextRequest, connection: number | undefined): string {
  const hex = bytes.subarray(0, SHOWN_BYTES).toString("hex");
  const more = bytes.length > SHOWN_BYTES ? `… (${bytes.length} bytes)` : "";
  return `connection ${connection}, request ${number}, ${api} (${mutation}): ${hex}${more}`;
}
