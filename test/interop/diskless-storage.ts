// INTEROP_ENGINE=diskless: Odradek's brokers under test have their data in PostgreSQL and an object store, each as the only one of a cluster.
// What lies in a data folder otherwise is in a database and under a prefix of its own, whose name the folder has.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openDatabase, openObjectStore } from "./machines/services.ts";
import { port } from "./port.ts";
import { runOrThrow } from "./processes.ts";

const DATABASE_PORT = port(19560);
const STORE_PORT = port(19570);
const NAME_FILE = "diskless.txt";

/** Tools that wait for each of a thousand records would otherwise wait for minutes: what goes at once beyond some is to cost little. */
const LINGER = "diskless.append.linger.ms=20";

export function isDisklessRun(): boolean {
  return process.env["INTEROP_ENGINE"] === "diskless";
}

/** Options of the command, and what its environment has to have. */
export async function disklessStorage(
  dataFolder: string,
): Promise<{ readonly args: readonly string[]; readonly environment: Readonly<Record<string, string>> }> {
  const database = await openDatabase(DATABASE_PORT);
  const store = await openObjectStore(STORE_PORT);
  const path = join(dataFolder, NAME_FILE);
  if (!existsSync(path)) {
    mkdirSync(dataFolder, { recursive: true });
    const name = `broker-${process.pid}-${Date.now()}`;
    await database.create(name);
    writeFileSync(path, name);
  }
  const name = readFileSync(path, "utf8");
  const args = ["--cluster", database.urlOf(name), "--objects", `s3://${store.bucket}/${name}`, "--set", LINGER];
  return { args, environment: store.environment(STORE_PORT) };
}

/** What the broker's database answers: one value. */
export async function askDatabase(dataFolder: string, query: string): Promise<string> {
  const url = (await openDatabase(DATABASE_PORT)).urlOf(readFileSync(join(dataFolder, NAME_FILE), "utf8"));
  return (await runOrThrow("psql", [url, "--no-align", "--tuples-only", "--command", query])).trim();
}

export async function stopDisklessServices(): Promise<void> {
  await (await openDatabase(DATABASE_PORT)).stop();
  await (await openObjectStore(STORE_PORT)).stop();
}
