// A route, declared once: what it takes and what it gives. Input is checked by the declaration, and the page of OpenAPI is derived from it.

import type { GenericSchema, InferOutput } from "valibot";
import type { Access } from "../security/access.ts";
import type { Permission } from "../security/permission.ts";
import type { StreamPeer } from "../server/byte-stream.ts";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

export interface Answers {
  /** By status. */
  readonly [status: number]: { readonly is: string; readonly type: string; readonly schema?: GenericSchema };
}

/** Who asks, and over which connection. */
export interface Asker {
  readonly principal: string;
  readonly peer: StreamPeer;
  readonly access: Access<Permission>;
  /** Aborted when he has gone, or has his answer. */
  readonly signal: AbortSignal;
}

export interface Asked<Query, Params = unknown, Body = unknown> extends Asker {
  readonly query: Query;
  /** Of the path. */
  readonly params: Params;
  readonly body: Body;
  readonly accept: string;
  readonly acceptEncoding: string;
}

/** An object of texts. */
type Texts = GenericSchema<Record<string, unknown>, unknown>;

interface Described {
  /** What differs stands in braces: "/api/topics/{topic}". */
  readonly path: string;
  readonly summary: string;
  readonly answers: Answers;
}

export interface Route extends Described {
  readonly method: Method;
  readonly query: Texts;
  readonly params: Texts | undefined;
  /** Of JSON; `undefined` where there is none. */
  readonly body: GenericSchema | undefined;
  /** Answered to everybody, who need not be known: for probes. */
  readonly isOpen: boolean;
  readonly answer: (asked: Asked<unknown>) => Response | Promise<Response>;
}

export interface RouteDeclaration<Query extends Texts, Params extends Texts, Body extends GenericSchema> extends Described {
  /** GET unless given, and with it HEAD. */
  readonly method?: Method;
  readonly query: Query;
  readonly params?: Params;
  readonly body?: Body;
  readonly isOpen?: boolean;
  readonly answer: (asked: Asked<InferOutput<Query>, InferOutput<Params>, InferOutput<Body>>) => Response | Promise<Response>;
}

export function route<Query extends Texts, Params extends Texts, Body extends GenericSchema>(
  declared: RouteDeclaration<Query, Params, Body>,
): Route {
  const { method = "GET", isOpen = false, params, body, answer, ...others } = declared;
  const answerAny = (asked: Asked<unknown>) => answer(asked as Asked<InferOutput<Query>, InferOutput<Params>, InferOutput<Body>>);
  return { ...others, method, params, body, isOpen, answer: answerAny };
}
