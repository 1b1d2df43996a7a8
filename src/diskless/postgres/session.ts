// One connection to PostgreSQL, from its opening to its end. Each statement has a deadline, and passing it destroys the socket: the driver
// itself would wait for ever for an answer that does not come, or leave a client behind that answers the next statement with it. What became
// of the statement is then not known.
//
// A database that does not keep what it acknowledged, or that only reads, is noticed at the opening. The driver is loaded with the first.

import { Socket } from "node:net";
import type { Client, CustomTypesConfig, DatabaseError, QueryResultRow } from "pg";
import type { Clock } from "../../base/clock.ts";
import { StorageError } from "../../storage/storage-error.ts";

export interface SessionOptions {
  /** postgres://user:password@host:port/database, as libpq has it. */
  readonly url: string;
  /** As pg_stat_activity shows it. */
  readonly applicationName: string;
  readonly clock: Clock;
  readonly connectTimeoutMs: number;
  /** For the server: it gives up what takes longer. */
  readonly statementTimeoutMs: number;
  /** Also where the database may forget what it acknowledged. */
  readonly mayForget: boolean;
}

export interface Statement {
  readonly text: string;
  /** $1, $2 …; Buffers are bytea, arrays of numbers or strings arrays. */
  readonly values?: readonly unknown[];
  /** Under it the statement is prepared once a connection. */
  readonly name?: string;
}

/** Numbers for int8 and in its arrays, Buffers for bytea, values for json and jsonb. */
export type Row = QueryResultRow;

/** Longest wait for a row or a table that others have locked. */
const LOCK_TIMEOUT_MS = 3_000;
const IDLE_IN_TRANSACTION_MS = 5_000;
const FAREWELL_MS = 1_000;
const KEEP_ALIVE_DELAY_MS = 5_000;
const INT8 = 20;
const INT8_ARRAY = 1016;

const PROBE = `
  SELECT pg_backend_pid() AS "backendId", pg_is_in_recovery() AS "isStandby", current_setting('transaction_read_only') AS "readOnly",
    current_setting('transaction_isolation') AS isolation, current_setting('fsync') AS fsync,
    current_setting('synchronous_commit') AS "synchronousCommit"`;

const SETTINGS = `
  SELECT set_config('application_name', $1, false), set_config('statement_timeout', $2, false), set_config('lock_timeout', $3, false),
    set_config('idle_in_transaction_session_timeout', $4, false), set_config('default_transaction_isolation', 'read committed', false)`;

export class Session {
  /** Another process answers than the one that was connected to: a pooler stands between. Then no setting of ours holds, and no LISTEN. */
  isPooled = false;
  /** Called once, when it has ended, however. */
  onEnd: () => void = () => undefined;
  onNotification: (payload: string) => void = () => undefined;
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #clock: Clock;
  readonly #isDatabaseError: (error: unknown) => error is DatabaseError;
  #backendId: number | undefined;
  #failure: StorageError | undefined;
  #isEnding = false;

  private constructor(client: Client, socket: Socket, clock: Clock, isDatabaseError: (error: unknown) => error is DatabaseError) {
    this.#client = client;
    this.#socket = socket;
    this.#clock = clock;
    this.#isDatabaseError = isDatabaseError;
    // Without a listener for errors one of them would end the process.
    client.on("error", (error) => this.#fail(error));
    client.on("end", () => this.#fail(new Error("the connection was closed")));
    client.on("notification", ({ payload = "" }) => this.onNotification(payload));
    client.connection.on("backendKeyData", ({ processID }: { processID: number }) => {
      this.#backendId = processID;
    });
  }

  /** Rejects with StorageError: UNAVAILABLE, or DATABASE_UNFIT with a sentence that says why. */
  static async open(options: SessionOptions): Promise<Session> {
    const { Client, DatabaseError } = await import("pg");
    const socket = new Socket();
    const client = new Client({
      connectionString: options.url,
      stream: () => socket,
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
      types: await columnTypes(),
    });
    const session = new Session(client, socket, options.clock, (error) => error instanceof DatabaseError);
    try {
      // Whatever the reason is, nothing was asked yet.
      await session.#within(options.connectTimeoutMs, () =>
        client.connect().catch((error: unknown) => Promise.reject(session.#fail(error))),
      );
      await session.#begin(options);
      return session;
    } catch (error) {
      session.destroy();
      throw error;
    }
  }

  get hasEnded(): boolean {
    return this.#failure !== undefined || this.#isEnding;
  }

  /**
   * Only one at a time; without a time-out the caller is to destroy the session when it takes too long. Rejects with StorageError: UNAVAILABLE, or
   * DATABASE_REFUSED when the database refused it and nothing was done.
   */
  async query<R extends Row>({ text, values, name }: Statement, timeoutMs?: number): Promise<readonly R[]> {
    const statement = { text, ...(values === undefined ? {} : { values: [...values] }), ...(name === undefined ? {} : { name }) };
    // Under a name that a pooler gives to another of its connections nothing is prepared.
    if (this.isPooled) delete statement.name;
    return (await this.#within(timeoutMs, () => this.#client.query<R>(statement))).rows;
  }

  /** Takes leave of the server. */
  async end(): Promise<void> {
    if (this.hasEnded) return;
    this.#isEnding = true;
    const timer = this.#clock.after(FAREWELL_MS, () => this.#socket.destroy());
    await this.#client.end();
    timer.cancel();
    this.onEnd();
  }

  destroy(cause: unknown = new Error("the connection was given up")): void {
    this.#fail(cause);
  }

  async #begin(options: SessionOptions): Promise<void> {
    const [found] = await this.query<Found>({ text: PROBE }, options.connectTimeoutMs);
    if (found === undefined) throw unavailable("The database gave no answer");
    this.isPooled = found.backendId !== this.#backendId;
    refuseUnfit(found, { ...options, isPooled: this.isPooled });
    if (this.isPooled) return;
    const { applicationName, statementTimeoutMs, connectTimeoutMs } = options;
    const values = [applicationName, statementTimeoutMs, Math.min(LOCK_TIMEOUT_MS, statementTimeoutMs), IDLE_IN_TRANSACTION_MS].map(String);
    await this.query({ text: SETTINGS, values }, connectTimeoutMs);
  }

  #within<Result>(timeoutMs: number | undefined, work: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      const timer = timeoutMs === undefined ? undefined : this.#clock.after(timeoutMs, () => reject(this.#fail(late(timeoutMs))));
      const done = (settle: () => void) => {
        timer?.cancel();
        settle();
      };
      work().then(
        (result) => done(() => resolve(result)),
        (error: unknown) => done(() => reject(this.#refusal(error))),
      );
    });
  }

  #refusal(error: unknown): StorageError {
    if (this.#failure !== undefined) return this.#failure;
    const sqlState = this.#isDatabaseError(error) ? error.code : undefined;
    if (sqlState !== undefined && !endsSession(sqlState))
      return new StorageError("DATABASE_REFUSED", `The database refused a statement: ${String(error)}`, { sqlState, cause: error });
    return this.#fail(error);
  }

  #fail(cause: unknown): StorageError {
    if (this.#failure !== undefined) return this.#failure;
    const sqlState = this.#isDatabaseError(cause) ? cause.code : undefined;
    this.#failure = unavailable(`The database does not answer: ${reasonOf(cause)}`, {
      cause,
      ...(sqlState === undefined ? {} : { sqlState }),
    });
    this.#socket.destroy();
    if (!this.#isEnding) this.onEnd();
    return this.#failure;
  }
}

type Found = Readonly<Record<"isolation" | "fsync" | "synchronousCommit" | "readOnly", string>> & {
  readonly backendId: number;
  readonly isStandby: boolean;
};

function refuseUnfit(found: Found, { mayForget, isPooled }: { readonly mayForget: boolean; readonly isPooled: boolean }): void {
  // Perhaps not any more when it is asked again: after a change of primaries.
  if (found.isStandby || found.readOnly === "on") throw unavailable("The database is a standby, or read-only");
  if (isPooled && found.isolation !== "read committed")
    throw unfit(`The database's transactions are ${found.isolation} by default, and through a pooler they cannot be made read committed`);
  if (mayForget) return;
  if (found.fsync !== "on") throw unfit("The database runs with fsync off: after a crash it may have lost what it acknowledged");
  if (found.synchronousCommit === "off")
    throw unfit("The database has synchronous_commit off for this role: after a crash it may have lost what it acknowledged");
}

/** The server is stopping, has no room, only reads, or is at fault itself: another connection has to be tried. But a statement that was cancelled was only that. */
function endsSession(sqlState: string): boolean {
  return sqlState !== "57014" && ["08", "25", "53", "57", "58", "XX"].includes(sqlState.slice(0, 2));
}

function late(timeoutMs: number): Error {
  return new Error(`no answer within ${timeoutMs} ms`);
}

async function columnTypes(): Promise<CustomTypesConfig> {
  const { types } = await import("pg");
  return {
    getTypeParser: (oid: number, format?: "text" | "binary") => {
      if (oid === INT8) return Number;
      if (oid === INT8_ARRAY) return int8Array;
      return types.getTypeParser(oid, format);
    },
  };
}

/** "{1,2}" */
function int8Array(text: string): number[] {
  return text === "{}" ? [] : text.slice(1, -1).split(",").map(Number);
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  // Where a name has several addresses, the message is empty.
  return cause.message === "" && "code" in cause ? String(cause.code) : cause.message;
}

function unavailable(message: string, facts: Readonly<Record<string, unknown>> = {}): StorageError {
  return new StorageError("UNAVAILABLE", message, facts);
}

function unfit(message: string): StorageError {
  return new StorageError("DATABASE_UNFIT", message);
}
