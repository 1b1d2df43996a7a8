// PostgreSQL and an object store, real ones, started for a test on ports of its own; and killed and resumed by it.

import { hasObjectStoreReference, OBJECT_STORE_REFERENCE } from "../../../scripts/object-store-reference.ts";
import { hasPostgresReference, POSTGRES_REFERENCE } from "../../../scripts/postgres-reference.ts";
import { runOrThrow } from "../processes.ts";

const PATIENCE = { deadlineMs: 300_000 };

export const hasServices = (): boolean => hasPostgresReference() && hasObjectStoreReference();

export interface Service {
  readonly port: number;
  /** Without a chance to write anything more; clients lose their connections. */
  kill(): Promise<void>;
  /** With the data that it had. */
  resume(): Promise<void>;
  /** Deletes its data. */
  stop(): Promise<void>;
}

export interface Database extends Service {
  /** Makes an empty database. */
  create(name: string): Promise<void>;
  /** For connections to that port; default: the server's. */
  urlOf(name: string, port?: number): string;
}

export interface ObjectStoreService extends Service {
  readonly bucket: string;
  /** For the process of a broker, for connections to that port. */
  environment(port: number): Readonly<Record<string, string>>;
}

/** Empty. */
export async function startDatabase(port: number): Promise<Database> {
  await runOrThrow(POSTGRES_REFERENCE, ["stop", "--port", `${port}`], PATIENCE);
  return openDatabase(port);
}

/** The one that runs on the port, if one does. */
export async function openDatabase(port: number): Promise<Database> {
  await runOrThrow(POSTGRES_REFERENCE, ["start", "--port", `${port}`, "--set", "max_connections=200"], PATIENCE);
  const urlOf = (name: string, at = port): string => `postgres://odradek@127.0.0.1:${at}/${name}`;
  return {
    ...service(POSTGRES_REFERENCE, port),
    urlOf,
    create: async (name) => {
      await runOrThrow("psql", [urlOf("odradek"), "--quiet", "--command", `CREATE DATABASE "${name}"`], PATIENCE);
    },
  };
}

/**
 * Empty.
 * @param latencyMs more for each request, "20" or between "5-150"
 * @param failRate of requests that fail, 0 to 1; half of them were carried out. With either, the next port is taken, too
 * @param env more of it, for the store
 */
export async function startObjectStore(port: number, latencyMs = "0", failRate = 0, env = {}): Promise<ObjectStoreService> {
  await runOrThrow(OBJECT_STORE_REFERENCE, ["stop", "--port", `${port}`], PATIENCE);
  return openObjectStore(port, latencyMs, failRate, env);
}

/** The one that runs on the port, if one does. */
export async function openObjectStore(port: number, latencyMs = "0", failRate = 0, env = {}): Promise<ObjectStoreService> {
  const options = ["--port", `${port}`, "--latency", latencyMs, "--fail-rate", `${failRate}`];
  const printed = await runOrThrow(OBJECT_STORE_REFERENCE, ["start", ...options], { ...PATIENCE, env });
  const given = new Map(printed.split("\n").map((line) => line.split("=", 2) as [string, string]));
  return {
    ...service(OBJECT_STORE_REFERENCE, port),
    bucket: given.get("S3_BUCKET") ?? "",
    environment: (at) => ({
      AWS_ENDPOINT_URL: `http://127.0.0.1:${at}`,
      AWS_ACCESS_KEY_ID: given.get("S3_ACCESS_KEY_ID") ?? "",
      AWS_SECRET_ACCESS_KEY: given.get("S3_SECRET_ACCESS_KEY") ?? "",
      AWS_REGION: given.get("S3_REGION") ?? "",
    }),
  };
}

function service(tool: string, port: number): Service {
  const does = async (what: string): Promise<void> => {
    await runOrThrow(tool, [what, "--port", `${port}`], PATIENCE);
  };
  return { port, kill: () => does("kill"), resume: () => does("resume"), stop: () => does("stop") };
}
