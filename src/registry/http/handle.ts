// Answers the requests of a registry's clients, whatever server they come through.

import { forbidden, RegistryError } from "../errors.ts";
import type { SchemaRegistry } from "../registry.ts";
import { answerType, DEFAULT_TYPE, isAccepted } from "./content-types.ts";
import { withoutContext } from "./contexts.ts";
import type { RegistryAnswer, RegistryRequest } from "./exchange.ts";
import { decoded, httpError, Query } from "./parameters.ts";
import { type Need, PlainAnswer, ROUTES, type Route } from "./routes.ts";

/** Whether who asks may do that with the topic `_schemas`, in which all of the registry is. */
export type Permits = (operation: Exclude<Need, "nothing">) => boolean;

export const EVERYTHING: Permits = () => true;

export interface HandlerOptions {
  /** Calls what answers a request, by what that needs; or has another one answer it. */
  readonly around?: (need: Need, request: RegistryRequest, act: () => Promise<RegistryAnswer>) => Promise<RegistryAnswer>;
  /** Told of what went wrong on our side; the client hears of a store error. */
  readonly onFailure?: (error: unknown, request: RegistryRequest) => void;
}

/** What answers for `registry`: never fails. */
export function registryHandler(registry: SchemaRegistry, options: HandlerOptions = {}) {
  const { around = (_, __, act) => act(), onFailure = () => {} } = options;
  return async (request: RegistryRequest, permits = EVERYTHING): Promise<RegistryAnswer> => {
    const type = answerType(request.headers["accept"]);
    try {
      if (type === undefined) throw httpError(406, "Not Acceptable");
      const { need, answer } = endpointOf(registry, request);
      if (need !== "nothing" && !permits(need)) throw forbidden(need);
      return await around(need, request, async () => {
        const result = await answer();
        const [status, body] = result instanceof PlainAnswer ? [result.status, result.body] : [200, JSON.stringify(result)];
        return { status, headers: status === 204 ? {} : { "content-type": type }, body };
      });
    } catch (error) {
      if (!(error instanceof RegistryError)) onFailure(error, request);
      return errorAnswer(error, type);
    }
  };
}

/** The form in which clients of a registry are told of an error; of one that is not the registry's own they hear nothing. */
export function errorAnswer(error: unknown, type = DEFAULT_TYPE): RegistryAnswer {
  const { status, code, message } = error instanceof RegistryError ? error : new RegistryError(50001, "Error in the backend data store");
  return { status, headers: { "content-type": type }, body: JSON.stringify({ error_code: code, message }) };
}

function endpointOf(registry: SchemaRegistry, request: RegistryRequest) {
  const parameters = new URLSearchParams(request.query);
  const parts = withoutContext(partsOf(request.path), parameters);
  const { route, places } = routeFor(request.method, parts);
  const hasBody = request.method === "POST" || request.method === "PUT";
  if (hasBody && !isAccepted(request.headers["content-type"])) throw httpError(415, "Unsupported Media Type");
  const call = {
    ...{ registry, query: new Query(parameters), body: request.body },
    unknownProperties: request.headers["confluent-accept-unknown-properties"]?.toLowerCase() === "true",
    at: (name: string) => places.get(name) ?? "",
  };
  return { need: route.need, answer: () => route.handler(call) };
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
