// A PostgreSQL of its own for a file of scenarios, with a database that has our schema, and connections to it.

import { POSTGRES_REFERENCE } from "../../scripts/postgres-reference.ts";
import { silentLogger } from "../../src/base/logger.ts";
import { systemRandom } from "../../src/base/random.ts";
import { systemClock } from "../../src/base/system-clock.ts";
import { Connection, type ConnectionTerms } from "../../src/diskless/postgres/connection.ts";
import { migrate } from "../../src/diskless/postgres/migrations.ts";
import { Session } from "../../src/diskless/postgres/session.ts";
import { StoreHealth } from "../../src/diskless/store-health.ts";
import { run, runOrThrow } from "./processes.ts";

const START_MS = 120_000;

export class PostgresServer {
  readonly port: number;
  readonly #url: string;
  readonly #connections: Connection[] = [];

  private constructor(port: number, url: string) {
    this.port = port;
    this.#url = url;
  }

  static async start(port: number): Promise<PostgresServer> {
    await run(POSTGRES_REFERENCE, ["stop", "--port", `${port}`], { deadlineMs: START_MS });
    const url = await runOrThrow(POSTGRES_REFERENCE, ["start", "--port", `${port}`], { deadlineMs: START_MS });
    const server = new PostgresServer(port, url.trim());
    const session = await server.#session();
    await migrate(session);
    await session.end();
    return server;
  }

  /** An empty database beside the one that has our schema; gives its URL, for connections to that port. */
  async createDatabase(name: string): Promise<(port: number) => string> {
    const session = await this.#session();
    await session.query({ text: `CREATE DATABASE ${name}` }, START_MS);
    await session.end();
    return (port) => this.#url.replace(/:\d+\/.*/, `:${port}/${name}`);
  }

  /** A lane of its own. */
  connect(purpose: string): Connection {
    const connection = new Connection(this.#terms, { purpose });
    this.#connections.push(connection);
    return connection;
  }

  /** As a crash does it: clients lose their connections, and what was committed is there after `resume`. */
  async kill(): Promise<void> {
    await runOrThrow(POSTGRES_REFERENCE, ["kill", "--port", `${this.port}`], { deadlineMs: START_MS });
  }

  async resume(): Promise<void> {
    await runOrThrow(POSTGRES_REFERENCE, ["resume", "--port", `${this.port}`], { deadlineMs: START_MS });
  }

  async stop(): Promise<void> {
    for (const connection of this.#connections) await connection.close();
    await run(POSTGRES_REFERENCE, ["stop", "--port", `${this.port}`], { deadlineMs: START_MS });
  }

  #session(): Promise<Session> {
    return Session.open({ ...this.#terms, applicationName: "odradek test", connectTimeoutMs: 5_000, statementTimeoutMs: 60_000 });
  }

  get #terms(): ConnectionTerms {
    const health = new StoreHealth(this.#url, systemClock, silentLogger);
    return { url: this.#url, clock: systemClock, random: systemRandom, logger: silentLogger, health, mayForget: false };
  }
}
