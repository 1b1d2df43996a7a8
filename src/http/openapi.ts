// The description of this HTTP API, OpenAPI 3.1, derived from its routes.

import type { GenericSchema } from "valibot";
import { VERSION } from "../base/version.ts";
import { PROBLEM_TYPE } from "./problem.ts";
import type { Answers, Route } from "./route.ts";
import { toJsonSchema, valibot as v } from "./web-framework.ts";

const problem = v.object({ type: v.string(), title: v.string(), status: v.number(), detail: v.string() });
const REFUSALS: Answers = {
  400: { is: "The request is malformed, or asks for something that there is not.", type: PROBLEM_TYPE, schema: problem },
  401: { is: "The listener asks for a login.", type: PROBLEM_TYPE, schema: problem },
  403: {
    is: "Who asks may not: another machine, a page of another origin, or a user whom no rule allows it.",
    type: PROBLEM_TYPE,
    schema: problem,
  },
};

export function openApi(routes: readonly Route[]): object {
  return {
    openapi: "3.1.0",
    info: { title: "Odradek", version: VERSION, description: "What a broker tells of itself by HTTP, on the ports of its listeners." },
    components: {
      securitySchemes: { basic: { type: "http", scheme: "basic", description: "Users of SASL, where a listener asks for them." } },
    },
    paths: pathsOf(routes),
  };
}

function pathsOf(routes: readonly Route[]): object {
  const paths: { [path: string]: { [method: string]: object } } = {};
  for (const each of routes) paths[each.path] = { ...paths[each.path], [each.method.toLowerCase()]: operation(each) };
  return paths;
}

function operation({ summary, query, params, body, answers, isOpen }: Route): object {
  return {
    summary,
    parameters: [...parameters(params, "path"), ...parameters(query, "query")],
    ...(body === undefined ? {} : { requestBody: { content: { "application/json": { schema: schemaOf(body, "input") } } } }),
    responses: responses(isOpen ? answers : { ...REFUSALS, ...answers }),
    ...(isOpen ? {} : { security: [{}, { basic: [] }] }),
  };
}

function parameters(declared: Route["params"], place: "path" | "query"): object[] {
  if (declared === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(declared, "input");
  return Object.entries(properties).map(([name, schema]) => ({ name, in: place, required: required.includes(name), schema }));
}

function responses(answers: Answers): object {
  return Object.fromEntries(
    Object.entries(answers).map(([status, { is, type, schema }]) => {
      const content = { [type]: schema === undefined ? {} : { schema: schemaOf(schema, "output") } };
      return [status, { description: is, content }];
    }),
  );
}

/** Checks that no schema can tell are left out of it. */
function schemaOf(schema: GenericSchema, typeMode: "input" | "output") {
  return toJsonSchema(schema, { typeMode, errorMode: "ignore" });
}
