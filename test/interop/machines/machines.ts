// A cluster as the scenario of machines sees it: places, each with a port of its own, in which brokers are started, stopped in order, killed and
// made to stand still, and what they may be cut off from. Here the one of Odradek: a process for each broker, over PostgreSQL and an object
// store that each reaches by lines of its own. See kafka.ts for Apache Kafka's.

import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { NODE, ROOT } from "../broker-under-test.ts";
import { killChild, stopChild, waitFor, waitForOutput } from "../processes.ts";
import { statesOfThreads } from "../threads.ts";
import { Line } from "./line.ts";
import type { Database, ObjectStoreService } from "./services.ts";

export const SERVICES = ["database", "store"] as const;
export type ServiceName = (typeof SERVICES)[number];

/** Places are numbered from 0. */
export interface Machines {
  readonly name: "kafka" | "odradek";
  /** Of all places. */
  readonly bootstrap: string;
  portOf(place: number): number;
  /** Places where a broker runs, also one that stands still. */
  running(): readonly number[];
  start(place: number): Promise<void>;
  /** In order. */
  stop(place: number): Promise<void>;
  kill(place: number): Promise<void>;
  /** Nothing of it runs until it continues; its sockets stay open. */
  freeze(place: number): Promise<void>;
  thaw(place: number): void;
  line(place: number, service: ServiceName): Line;
  service(name: ServiceName): { kill(): Promise<void>; resume(): Promise<void> };
  close(): Promise<void>;
}

export interface MachinesOptions {
  /** Of the tree whose brokers run. */
  readonly root?: string;
  /** Of the database, of the prefix in the store, of the folder of brokers' logs: of this cluster alone. */
  readonly title: string;
  readonly places: number;
  readonly portOf: (place: number) => number;
  readonly linePortOf: (place: number, service: ServiceName) => number;
  readonly database: Database;
  readonly store: ObjectStoreService;
  readonly settings: Readonly<Record<string, string>>;
  /** Each place has an id of its own, whoever runs there; else the cluster gives ids out. */
  readonly hasOwnIds: boolean;
  readonly logFolder: string;
}

const START_MS = 60_000;
const STOP_MS = 30_000;

/** With a broker in each place but the last. */
export async function startMachines(options: MachinesOptions): Promise<OdradekMachines> {
  const { title, places, linePortOf, database, store } = options;
  await database.create(title);
  const lines = new Map<string, Line>();
  for (let place = 0; place < places; place++) {
    for (const service of SERVICES) {
      const servicePort = service === "database" ? database.port : store.port;
      lines.set(`${place} ${service}`, await Line.open({ port: linePortOf(place, service), servicePort }));
    }
  }
  const machines = new OdradekMachines(options, lines);
  try {
    for (let place = 0; place < places - 1; place++) await machines.start(place);
  } catch (error) {
    await machines.close();
    throw error;
  }
  return machines;
}

export class OdradekMachines implements Machines {
  readonly name = "odradek";
  readonly #options: MachinesOptions;
  readonly #lines: ReadonlyMap<string, Line>;
  readonly #brokers = new Map<number, ChildProcess>();
  #started = 0;

  constructor(options: MachinesOptions, lines: ReadonlyMap<string, Line>) {
    this.#options = options;
    this.#lines = lines;
  }

  get bootstrap(): string {
    return Array.from({ length: this.#options.places }, (_, place) => `127.0.0.1:${this.portOf(place)}`).join();
  }

  portOf(place: number): number {
    return this.#options.portOf(place);
  }

  running(): readonly number[] {
    return [...this.#brokers.keys()].toSorted();
  }

  async start(place: number): Promise<void> {
    const { root = ROOT, title, database, store, settings, hasOwnIds, logFolder } = this.#options;
    const args = [join(root, "src/cli/main.ts"), "start", "--host", "127.0.0.1", "--port", `${this.portOf(place)}`, "--json"];
    args.push("--cluster", database.urlOf(title, this.line(place, "database").port), "--objects", `s3://${store.bucket}/${title}`);
    if (hasOwnIds) args.push("--set", `node.id=${place + 1}`);
    for (const [name, value] of Object.entries(settings)) args.push("--set", `${name}=${value}`);
    const env = { ...process.env, ...store.environment(this.line(place, "store").port) };
    const child = spawn(NODE, args, { stdio: ["ignore", "pipe", "pipe"], env });
    mkdirSync(logFolder, { recursive: true });
    const log = createWriteStream(join(logFolder, `place-${place}-start-${++this.#started}.log`));
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    this.#brokers.set(place, child);
    await waitForOutput(child, /"event":\s*"ready"/, START_MS);
  }

  stop(place: number): Promise<void> {
    return this.#end(place, (child) => stopChild(child, STOP_MS));
  }

  kill(place: number): Promise<void> {
    return this.#end(place, killChild);
  }

  async freeze(place: number): Promise<void> {
    const child = this.#brokers.get(place);
    child?.kill("SIGSTOP");
    await waitFor(
      `the broker in place ${place} to stand still`,
      async () => statesOfThreads(child?.pid),
      (states) => states.every((state) => state === "T"),
    );
  }

  thaw(place: number): void {
    this.#brokers.get(place)?.kill("SIGCONT");
  }

  line(place: number, service: ServiceName): Line {
    const line = this.#lines.get(`${place} ${service}`);
    if (line === undefined) throw new Error(`there is no line from place ${place} to the ${service}`);
    return line;
  }

  service(name: ServiceName): Database | ObjectStoreService {
    return this.#options[name];
  }

  /** Brokers that ended by themselves, with their places. */
  ended(): readonly number[] {
    return [...this.#brokers].filter(([, { exitCode, signalCode }]) => exitCode !== null || signalCode !== null).map(([place]) => place);
  }

  async close(): Promise<void> {
    for (const place of this.running()) {
      this.thaw(place);
      await this.kill(place);
    }
    await Promise.all([...this.#lines.values()].map((line) => line.close()));
  }

  async #end(place: number, how: (child: ChildProcess) => Promise<void>): Promise<void> {
    const child = this.#brokers.get(place);
    this.#brokers.delete(place);
    if (child !== undefined) await how(child);
  }
}
