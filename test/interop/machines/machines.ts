// Brokers as the scenario of machines sees them: places, each with a port of its own, in which brokers are started, stopped in order, killed
// and made to stand still, and what they may be cut off from. Here those that are a process each: Odradek's of a cluster, over PostgreSQL and
// an object store that each reaches by lines of its own, and a lone one (lone.ts). See kafka.ts for Apache Kafka's nodes.

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
/** What a broker may be cut off from. */
export type FarEnd = ServiceName | "clients";

/** Places are numbered from 0. */
export interface Machines {
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
  line(place: number, farEnd: FarEnd): Line;
  service(name: ServiceName): { kill(): Promise<void>; resume(): Promise<void> };
  close(): Promise<void>;
}

export interface ClusterOptions {
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
export async function startMachines(options: ClusterOptions): Promise<BrokerProcesses> {
  const { root, title, places, portOf, linePortOf, database, store, settings, hasOwnIds, logFolder } = options;
  await database.create(title);
  const lines = new Map<string, Line>();
  for (let place = 0; place < places; place++) {
    for (const service of SERVICES) {
      const to = service === "database" ? database.port : store.port;
      lines.set(`${place} ${service}`, await Line.open({ port: linePortOf(place, service), servicePort: to }));
    }
  }
  const machines = new BrokerProcesses({
    places,
    portOf,
    lines,
    logFolder,
    commandOf: (place, line) =>
      odradekCommand({
        root,
        port: portOf(place),
        storage: ["--cluster", database.urlOf(title, line("database").port), "--objects", `s3://${store.bucket}/${title}`],
        settings: { ...(hasOwnIds ? { "node.id": `${place + 1}` } : {}), ...settings },
        env: store.environment(line("store").port),
      }),
    services: { database, store },
  });
  try {
    for (let place = 0; place < places - 1; place++) await machines.start(place);
  } catch (error) {
    await machines.close();
    throw error;
  }
  return machines;
}

export interface BrokerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly ready: RegExp;
}

interface OdradekOptions {
  readonly root?: string | undefined;
  readonly port: number;
  readonly storage: readonly string[];
  readonly settings: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

export function odradekCommand({ root = ROOT, port, storage, settings, env = {} }: OdradekOptions): BrokerCommand {
  const args = [join(root, "src/cli/main.ts"), "start", "--host", "127.0.0.1", "--port", `${port}`, "--json", ...storage];
  for (const [name, value] of Object.entries(settings)) args.push("--set", `${name}=${value}`);
  return { command: NODE, args, env, ready: /"event":\s*"ready"/ };
}

export interface ProcessesOptions {
  readonly places: number;
  /** Where clients reach the broker. */
  readonly portOf: (place: number) => number;
  /** "<place> <far end>" */
  readonly lines: ReadonlyMap<string, Line>;
  readonly commandOf: (place: number, line: (farEnd: FarEnd) => Line) => BrokerCommand;
  readonly logFolder: string;
  readonly services?: { readonly [Name in ServiceName]: { kill(): Promise<void>; resume(): Promise<void> } };
}

export class BrokerProcesses implements Machines {
  readonly #options: ProcessesOptions;
  readonly #brokers = new Map<number, ChildProcess>();
  #started = 0;

  constructor(options: ProcessesOptions) {
    this.#options = options;
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
    const { commandOf, logFolder } = this.#options;
    const { command, args, env, ready } = commandOf(place, (farEnd) => this.line(place, farEnd));
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } });
    mkdirSync(logFolder, { recursive: true });
    const log = createWriteStream(join(logFolder, `place-${place}-start-${++this.#started}.log`));
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    this.#brokers.set(place, child);
    await waitForOutput(child, ready, START_MS);
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

  line(place: number, farEnd: FarEnd): Line {
    const line = this.#options.lines.get(`${place} ${farEnd}`);
    if (line === undefined) throw new Error(`there is no line from place ${place} to the ${farEnd}`);
    return line;
  }

  service(name: ServiceName): { kill(): Promise<void>; resume(): Promise<void> } {
    const { services } = this.#options;
    if (services === undefined) throw new Error(`there is no ${name}`);
    return services[name];
  }

  async close(): Promise<void> {
    for (const place of this.running()) {
      this.thaw(place);
      await this.kill(place);
    }
    await Promise.all([...this.#options.lines.values()].map((line) => line.close()));
  }

  async #end(place: number, how: (child: ChildProcess) => Promise<void>): Promise<void> {
    const child = this.#brokers.get(place);
    this.#brokers.delete(place);
    if (child !== undefined) await how(child);
  }
}
