// Databases on a PostgreSQL of a test's own, as processes open them, each over a line that can be cut.

import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../../src/base/system-clock.ts";
import { openPostgresDatabase, type PostgresDatabase, type PostgresDatabaseOptions } from "../../src/diskless/postgres/database.ts";
import { Session } from "../../src/diskless/postgres/session.ts";
import { compactKeys, type KeyValue } from "../diskless/contracts/metadata-store.ts";
import { type RecordedLine, recordingLogger } from "../support/recording-logger.ts";
import { Line } from "./machines/line.ts";
import type { PostgresServer } from "./postgres-server.ts";

const PATIENCE_MS = 20_000;

export interface PostgresProcess {
  readonly database: PostgresDatabase<KeyValue>;
  readonly line: Line;
  readonly log: RecordedLine[];
}

export class PostgresProcesses {
  readonly #server: PostgresServer;
  readonly #opened: PostgresDatabase<KeyValue>[] = [];
  readonly #lines: Line[] = [];
  #databaseCount = 0;
  #urlAt: (port: number) => string = () => "";

  constructor(server: PostgresServer) {
    this.#server = server;
  }

  /** From now on processes share an empty one. */
  async newDatabase(): Promise<void> {
    this.#urlAt = await this.#server.createDatabase(`shared_${process.pid}_${++this.#databaseCount}`);
  }

  /** Of the database itself. */
  get url(): string {
    return this.#urlAt(this.#server.port);
  }

  async open(options: Partial<PostgresDatabaseOptions<KeyValue>> = {}): Promise<PostgresProcess> {
    const line = await Line.open({ port: 0, servicePort: this.#server.port });
    this.#lines.push(line);
    const log: RecordedLine[] = [];
    const database = await openPostgresDatabase<KeyValue>({
      ...{
        url: this.#urlAt(line.port),
        commitTimeoutMs: 3_000,
        compact: compactKeys,
        snapshotAfterUnits: 10,
        logger: recordingLogger(log),
      },
      mayMoveLeaderships: (changes) => changes.some(({ key }) => key === "move"),
      ...options,
    });
    this.#opened.push(database);
    return { database, line, log };
  }

  /** A session beside them, in which that was done. */
  async administer(...statements: readonly string[]): Promise<Session> {
    const options = {
      ...{ clock: systemClock, applicationName: "administrator", connectTimeoutMs: 5_000 },
      ...{ statementTimeoutMs: PATIENCE_MS, mayForget: true },
    };
    const session = await Session.open({ url: this.url, ...options });
    for (const text of statements) await session.query({ text }, PATIENCE_MS);
    return session;
  }

  async alter(...statements: readonly string[]): Promise<void> {
    await (await this.administer(...statements)).end();
  }

  async closeAll(): Promise<void> {
    for (const line of this.#lines.splice(0)) await line.close();
    await Promise.all(this.#opened.splice(0).map((database) => database.close()));
  }
}

/** What was held back is lost. */
export function heal(line: Line): void {
  line.breakConnections();
  line.set("open");
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`it did not come to pass within ${PATIENCE_MS} ms`);
    await delay(10);
  }
}
