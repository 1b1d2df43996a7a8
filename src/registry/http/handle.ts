// Answers the requests of a registry's clients, whatever server they come through.

import { RegistryError } from "../errors.ts";
import type { SchemaRegistry } from "../registry.ts";
import { answerType, DEFAULT_TYPE, isAccepted } from "./content-types.ts";
import { withoutContext } from "./contexts.ts";
import type { RegistryAnswer, RegistryRequest } from "./exchange.ts";
import { decoded, httpError, Query } from "./parameters.ts";
import { PlainAnswer, ROUTES, type Route } from "./routes.ts";

/** Told of what went wrong on our side; the client hears of a store error. */
export type OnFailure = (error: unknown, request: RegistryRequest) => void;

/** What answers for `registry`: never fails. */
export function registryHandler(registry: SchemaRegistry, onFailure: OnFailure = () => {}) {
  return async (request: RegistryRequest): Promise<RegistryAnswer> => {
    const type = answerType(request.headers["accept"]);
    try {
      if (type === undefined) throw httpError(406, "Not Acceptable");
      const result = await answer(registry, request);
      const [status, body] = result instanceof PlainAnswer ? [result.status, result.body] : [200, JSON.stringify(result)];
      return { status, headers: status === 204 ? {} : { "content-type": type }, body };
    } catch (error) {
      return errorAnswer(error, type ?? DEFAULT_TYPE, () => onFailure(error, request));
    }
  };
}

function answer(registry: SchemaRegistry, request: RegistryRequest): unknown {
  const parameters = new URLSearchParams(request.query);
  const parts = withoutContext(partsOf(request.path), parameters);
  const { route, places } = routeFor(request.method, parts);
  const hasBody = request.method === "POST" || request.method === "PUT";
  if (hasBody && !isAccepted(request.headers["content-type"])) throw httpError(415, "Unsupported Media Type");
  return route.handler({
    ...{ registry, query: new Query(parameters), body: request.body },
    unknownProperties: request.headers["confluent-accept-unknown-properties"]?.toLowerCase() === "true",
    at: (name) => places.get(name) ?? "",
  });
}

/** Still encoded; slashes at the end say nothing. */
function partsOf(path: string): readonly string[] {
  const trimmed = path.replace(/^\/+/, "").replace(/\/+$/, "");
  return trimmed === "" ? [] : trimmed.split("/");
}

const BY_LENGTH = Map.groupBy(ROUTES, ({ path }) => partsOf(path).length);

function routeFor(method: string, parts: readonly string[]): { readonly route: Route; readonly places: ReadonlyMap<string, string> } {
  const fitting = (BY_LENGTH.get(parts.length) ?? []).flatMap((route) => {
    const places = placesIn(partsOf(route.path), parts);
    return places === undefined ? [] : [{ route, places }];
  });
  if (fitting.length === 0) throw httpError(404, "Not Found");
  const found = fitting.find(({ route }) => route.method === (method === "HEAD" ? "GET" : method));
  if (found === undefined) throw httpError(405, "Method Not Allowed");
  return found;
}

function placesIn(pattern: readonly string[], parts: readonly string[]): ReadonlyMap<string, string> | undefined {
  const places = new Map<string, string>();
  for (const [index, name] of pattern.entries()) {
    const part = parts[index] ?? "";
    if (name.startsWith(":")) places.set(name.slice(1), decoded(part));
    else if (name !== part) return undefined;
  }
  return places;
}

function errorAnswer(error: unknown, type: string, onFailure: () => void): RegistryAnswer {
  if (!(error instanceof RegistryError)) onFailure();
  const { status, code, message } = error instanceof RegistryError ? error : new RegistryError(50001, "Error in the backend data store");
  return { status, headers: { "content-type": type }, body: JSON.stringify({ error_code: code, message }) };
}
