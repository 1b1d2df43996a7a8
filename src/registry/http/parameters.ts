// What requests say: in the path, in the query, and in JSON.

import { invalidVersion, RegistryError } from "../errors.ts";
import type { Which } from "../queries.ts";

/** The query of a request. What is unknown in it is left alone. */
export class Query {
  readonly #parameters: URLSearchParams;

  constructor(parameters: URLSearchParams) {
    this.#parameters = parameters;
  }

  /** True for "true" in any case, and for nothing else. */
  flag(name: string): boolean {
    return this.#parameters.get(name)?.toLowerCase() === "true";
  }

  text(name: string): string {
    return this.#parameters.get(name) ?? "";
  }

  has(name: string): boolean {
    return this.#parameters.has(name);
  }

  all(name: string): readonly string[] {
    return this.#parameters.getAll(name);
  }

  which(): Which {
    return this.flag("deletedOnly") ? "deleted" : this.liveOrAll();
  }

  liveOrAll(): "live" | "all" {
    return this.flag("deleted") ? "all" : "live";
  }

  /** The part of a list that is asked for by `offset` and `limit`. */
  page<Item>(items: readonly Item[]): readonly Item[] {
    const offset = Math.max(this.#integer("offset", 0), 0);
    const limit = this.#integer("limit", -1);
    return items.slice(offset, limit <= 0 ? undefined : offset + limit);
  }

  #integer(name: string, otherwise: number): number {
    const text = this.#parameters.get(name) ?? "";
    return /^-?[0-9]+$/.test(text) ? Number(text) : otherwise;
  }
}

/** An error of HTTP itself. */
export function httpError(status: number, phrase: string): RegistryError {
  return new RegistryError(status, `HTTP ${status} ${phrase}`);
}

/** A part of a path. */
export function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw httpError(400, "Bad Request");
  }
}

/** Undefined for the latest. */
export function versionOf(text: string): number | undefined {
  if (text === "latest" || text === "-1") return undefined;
  const version = /^[0-9]+$/.test(text) ? Number(text) : 0;
  if (version < 1 || version > 0x7fffffff) throw invalidVersion(text);
  return version;
}

/** Ids are numbers; what is none leads nowhere. */
export function idOf(text: string): number {
  if (!/^[0-9]+$/.test(text)) throw httpError(404, "Not Found");
  return Number(text);
}

/** The kinds of a body's attributes. */
export type Shape = { readonly [name: string]: "string" | "number" | "boolean" | "object" | "array" };

/** Reads a body: 400 if it is not JSON, 422 if it is not an object of that shape. An attribute that is null is not given. */
export function readBody(body: string, shape: Shape): { readonly [name: string]: unknown } {
  if (body.trim() === "") throw new RegistryError(422, "The request body must not be null (was null)");
  const value = parseJson(body);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new RegistryError(422, "The request body is not an object");
  const given = Object.entries(value).filter(([, inner]) => inner !== null);
  for (const [name, inner] of Object.entries(value)) {
    if (!Object.hasOwn(shape, name)) throw new RegistryError(422, `Unrecognized field: ${name}`);
    const kind = Array.isArray(inner) ? "array" : typeof inner;
    if (inner !== null && kind !== shape[name]) throw new RegistryError(422, `Field ${name} is not of type ${shape[name]}`);
  }
  return Object.fromEntries(given);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RegistryError(400, cause instanceof Error ? cause.message : "the body is not JSON");
  }
}
