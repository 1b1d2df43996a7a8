// What a connection is used for: which APIs it has asked for, in which versions, how often, and what errors it was told: a client uses a handful of them, and mostly
// the one that it used last.

import type { Shape } from "../../protocol/schema/field.ts";
import type { Reply } from "../api/handler.ts";
import type { ApiFigures } from "./request-figures.ts";

export class ApiUsage {
  readonly figures: ApiFigures;
  readonly version: number;
  count = 0;
  #errors: Map<number, number> | undefined;

  constructor(figures: ApiFigures, version: number) {
    this.figures = figures;
    this.version = version;
  }

  /** How often each error was told, without NONE. */
  get errors(): ReadonlyMap<number, number> {
    return this.#errors ?? new Map();
  }

  told(reply: Reply<Shape>): void {
    this.figures.told(reply, this.#tell);
  }

  readonly #tell = (errorCode: number): void => {
    this.#errors ??= new Map();
    this.#errors.set(errorCode, (this.#errors.get(errorCode) ?? 0) + 1);
    this.figures.tell(errorCode);
  };
}

export class Usage {
  /** Since when the connection is there, in milliseconds since 1970. */
  readonly sinceMs: number;
  /** As the last request gave it. */
  clientId = "";
  readonly all: ApiUsage[] = [];
  last: ApiUsage | undefined;

  constructor(sinceMs: number) {
    this.sinceMs = sinceMs;
  }

  took(figures: ApiFigures, version: number, clientId: string | null): ApiUsage {
    this.clientId = clientId ?? "";
    const last = this.last;
    const usage = last !== undefined && last.figures === figures && last.version === version ? last : this.#of(figures, version);
    usage.count++;
    return usage;
  }

  #of(figures: ApiFigures, version: number): ApiUsage {
    let usage = this.all.find((each) => each.figures === figures && each.version === version);
    if (usage === undefined) {
      usage = new ApiUsage(figures, version);
      this.all.push(usage);
    }
    this.last = usage;
    return usage;
  }
}
