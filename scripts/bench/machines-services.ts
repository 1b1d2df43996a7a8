// The database and the object store of a cluster of machines, real ones on this machine, and what they did: what CPU they took, what the store was
// asked.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, type ObjectStoreService, startDatabase, startObjectStore } from "../../test/interop/machines/services.ts";
import { OBJECT_STORE_REFERENCE } from "../object-store-reference.ts";
import { POSTGRES_REFERENCE } from "../postgres-reference.ts";
import { freePort, type Places } from "./contender.ts";
import { cpuSecondsOf, cpuSecondsOfFamily, listenerOn } from "./process-accounts.ts";

/** Whether they can be started here. */
export const canStartServices = (): boolean => [POSTGRES_REFERENCE, OBJECT_STORE_REFERENCE].every((tool) => existsSync(tool));

/** What the store was asked, by what it costs: to take or list something, to give something. */
export interface StoreRequests {
  readonly writes: number;
  readonly reads: number;
}

export class MachineServices {
  readonly #database: Database;
  readonly #store: ObjectStoreService;
  readonly #folder: string;
  #clusters = 0;

  private constructor(database: Database, store: ObjectStoreService, folder: string) {
    this.#database = database;
    this.#store = store;
    this.#folder = folder;
  }

  /** @param delayMs more for each request to the store */
  static async start(delayMs = 0): Promise<MachineServices> {
    const ports = { database: await freePort(0), store: await freePort(1) };
    const folder = mkdtempSync(join(tmpdir(), "bench-services-"));
    stopWithProcess(ports);
    // The store of the reference writes a line for each request there; of another one nothing is known.
    const env = { VGW_ACCESS_LOG: accessLogIn(folder) };
    const started = await Promise.all([startDatabase(ports.database), startObjectStore(ports.store, `${delayMs}`, 0, env)]);
    return new MachineServices(...started, folder);
  }

  /** For a cluster that begins empty. */
  async places(): Promise<Places> {
    const name = `bench_${++this.#clusters}`;
    const { port, bucket } = this.#store;
    await this.#database.create(name);
    return { cluster: this.#database.urlOf(name), objects: `s3://${bucket}/${name}`, environment: this.#store.environment(port) };
  }

  databaseCpuSeconds(): number | undefined {
    const pid = listenerOn(this.#database.port);
    return pid === undefined ? undefined : cpuSecondsOfFamily(pid);
  }

  /** Without a delay. */
  storeCpuSeconds(): number | undefined {
    const pid = listenerOn(this.#store.port);
    return pid === undefined ? undefined : cpuSecondsOf(pid);
  }

  /** So far; `undefined` when the store does not say. */
  requests(): StoreRequests | undefined {
    const log = accessLogIn(this.#folder);
    if (!existsSync(log)) return undefined;
    const actions = [...readFileSync(log, "utf8").matchAll(/ s3_(\w+) /g)].map(([, action = ""]) => action);
    const reads = actions.filter((action) => /^(Get|Head)/.test(action)).length;
    return { reads, writes: actions.filter((action) => !/^(Get|Head|Delete)/.test(action)).length };
  }

  async stop(): Promise<void> {
    await Promise.all([this.#database.stop(), this.#store.stop()]);
    rmSync(this.#folder, { recursive: true, force: true });
    for (const ports of started) if (ports.database === this.#database.port) started.delete(ports);
  }
}

interface Ports {
  readonly database: number;
  readonly store: number;
}

const started = new Set<Ports>();

/** Whoever interrupts a run does not want to find them later. */
function stopWithProcess(ports: Ports): void {
  if (started.size === 0) process.once("exit", stopAll);
  started.add(ports);
}

function stopAll(): void {
  for (const { database, store } of started) {
    execFileSync(POSTGRES_REFERENCE, ["stop", "--port", String(database)], { stdio: "ignore" });
    execFileSync(OBJECT_STORE_REFERENCE, ["stop", "--port", String(store)], { stdio: "ignore" });
  }
}

function accessLogIn(folder: string): string {
  return join(folder, "access.log");
}
