// A route, declared once: what it takes and what it gives. Input is checked by the declaration, and the page of OpenAPI is derived from it.

import type { GenericSchema, InferOutput } from "valibot";
import type { Access } from "../security/access.ts";
import type { Permission } from "../security/permission.ts";

export interface Answers {
  /** By status. */
  readonly [status: number]: { readonly is: string; readonly type: string; readonly schema?: GenericSchema };
}

export interface Asked<Query> {
  readonly query: Query;
  readonly accept: string;
  readonly access: Access<Permission>;
}

export interface Route {
  readonly path: string;
  readonly summary: string;
  /** An object of texts. */
  readonly query: GenericSchema<Record<string, unknown>, unknown>;
  readonly answers: Answers;
  /** Answered to everybody, who need not be known: for probes. */
  readonly isOpen: boolean;
  readonly answer: (asked: Asked<unknown>) => Response | Promise<Response>;
}

export interface RouteDeclaration<Query extends GenericSchema<Record<string, unknown>, unknown>> {
  readonly path: string;
  readonly summary: string;
  readonly query: Query;
  readonly answers: Answers;
  readonly isOpen?: boolean;
  readonly answer: (asked: Asked<InferOutput<Query>>) => Response | Promise<Response>;
}

/** GET, and with it HEAD. */
export function route<Query extends GenericSchema<Record<string, unknown>, unknown>>(declared: RouteDeclaration<Query>): Route {
  const { isOpen = false, answer, ...others } = declared;
  return { ...others, isOpen, answer: (asked) => answer(asked as Asked<InferOutput<Query>>) };
}
