// A registry over a log in memory, and calls of it as an HTTP client makes them.

import { registryHandler } from "../../src/registry/http/handle.ts";
import { SchemaRegistry } from "../../src/registry/registry.ts";
import { MemorySchemaLog, type SchemaRecord } from "../../src/registry/schema-log.ts";

/** What tests look at one by one; the rest they compare whole. */
export interface Body {
  readonly error_code?: number;
  readonly message?: string;
  readonly subject?: string;
  readonly version?: number;
  readonly id?: number;
  readonly guid?: string;
  readonly schema?: string;
  readonly references?: unknown;
  readonly metadata?: unknown;
  readonly aliases?: readonly string[];
  readonly is_compatible?: boolean;
  readonly messages?: readonly string[];
}

export interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly text: string;
  readonly body: Body;
  /** The body where that is a list. */
  readonly list: readonly Body[];
}

export interface TestRegistry {
  readonly log: MemorySchemaLog;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  put(path: string, body: unknown): Promise<Answer>;
  delete(path: string): Promise<Answer>;
}

export async function testRegistry(records: readonly SchemaRecord[] = []): Promise<TestRegistry> {
  const log = new MemorySchemaLog(records);
  const registry = new SchemaRegistry(log);
  await registry.catchUp();
  const handle = registryHandler(registry, {
    onFailure: (error) => {
      throw error;
    },
  });
  const call = async (method: string, target: string, sent = "", headers: Record<string, string> = {}): Promise<Answer> => {
    const [path = "", query = ""] = target.split("?");
    const answer = await handle({ method, path, query, headers, body: sent });
    const body = parsed(answer.body);
    const list = Array.isArray(body) ? body : [];
    return { status: answer.status, type: answer.headers["content-type"], text: answer.body, body, list };
  };
  const written = (body: unknown) => (typeof body === "string" ? body : JSON.stringify(body));
  return {
    log,
    get: (path, headers) => call("GET", path, "", headers),
    post: (path, body, headers) => call("POST", path, written(body), headers),
    put: (path, body) => call("PUT", path, written(body)),
    delete: (path) => call("DELETE", path),
  };
}

/** Texts of schemas are no JSON. */
function parsed(text: string): Body {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** A registration of the Avro record `R` with these fields. */
export function avroRecord(...fields: readonly object[]): { readonly schema: string } {
  return { schema: JSON.stringify({ type: "record", name: "R", fields }) };
}
