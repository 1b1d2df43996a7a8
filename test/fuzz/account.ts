// What was tried and what came of it, for the end of a run.

import type { NextRequest } from "./requests.ts";

export interface Complaint {
  readonly what: string;
  /** What was sent last, as far as a request is to blame. */
  readonly request?: NextRequest | undefined;
  readonly connection?: number | undefined;
}

export class Account {
  /** One of a kind. */
  readonly complaints: Complaint[] = [];
  readonly #kinds = new Set<string>();
  readonly #byApi = new Map<string, number>();
  readonly #byMutation = new Map<string, number>();
  readonly #byReason = new Map<string, number>();
  readonly #counts = new Map<string, number>();
  readonly #most = new Map<string, number>();

  asked({ api, mutation }: NextRequest): void {
    add(this.#byApi, api);
    add(this.#byMutation, mutation);
  }

  disconnected(reason: string): void {
    add(this.#byReason, withoutParticulars(reason));
  }

  count(what: string, by = 1): void {
    add(this.#counts, what, by);
  }

  get(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  /** Keeps the largest. */
  most(what: string, value: number): void {
    this.#most.set(what, Math.max(this.#most.get(what) ?? 0, value));
  }

  complain(complaint: Complaint): void {
    const kind = withoutParticulars(complaint.what);
    if (this.#kinds.has(kind)) return;
    this.#kinds.add(kind);
    this.complaints.push(complaint);
  }

  print(): string {
    const list = (map: ReadonlyMap<string, number>) =>
      [...map].sort(([, one], [, other]) => other - one).map(([name, count]) => `${name} ${count}`);
    return [
      `requests by API: ${list(this.#byApi).join(", ")}`,
      `by mutation: ${list(this.#byMutation).join(", ")}`,
      `disconnects by reason:\n  ${list(this.#byReason).join("\n  ")}`,
      list(this.#counts).join(", "),
      [...this.#most].map(([name, value]) => `${name} ${Math.round(value)}`).join(", "),
    ].join("\n");
  }
}

function add(map: Map<string, number>, key: string, by = 1): void {
  map.set(key, (map.get(key) ?? 0) + by);
}

const LONGEST_REASON = 110;

/** "closed a connection: … asked for a malformed Fetch version 3: needs 4 bytes at 20, the end" are many of one kind. */
function withoutParticulars(reason: string): string {
  return reason
    .replace(/ client ".*" (\([^)]*\) )?(asked for|sent)/s, " a client $2")
    .replace(/"(?:[^"\\]|\\.)*"/gs, '"…"')
    .replace(/[0-9A-F]{8,}:error:[0-9A-F]+:SSL routines:\w*:/, "")
    .replace(/ a malformed \w+ version/, " a malformed … version")
    .replace(/ for \w+ version/, " for … version")
    .replace(/the answer to \w+ /, "the answer to … ")
    .replace(/\b\w+(Request|Response)\.\S+/g, "…")
    .replace(/-?\d+/g, "N")
    .slice(0, LONGEST_REASON);
}
