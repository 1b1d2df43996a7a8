// A lane to the database: statements one after another, over one connection at a time of its own. What must not wait for one another has lanes
// apart. A lost connection is made anew when a statement needs it, with waits that grow and are never quite the same.
//
// A statement that was under way when its connection was lost is not sent again here: whether it was done is not known, and only who sent it
// knows how to find out. One that had not been sent waits for the next connection, until its own deadline.

import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Random } from "../../base/random.ts";
import { StorageError } from "../../storage/storage-error.ts";
import type { StoreHealth } from "../store-health.ts";
import { type Row, Session, type Statement } from "./session.ts";

/** What all connections of a process have in common. */
export interface ConnectionTerms {
  readonly url: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly health: StoreHealth;
  /** Also where the database may forget what it acknowledged. */
  readonly mayForget: boolean;
}

export interface ConnectionOptions {
  /** Unlike those of others: "leases". It is shown in pg_stat_activity. */
  readonly purpose: string;
  /** Whose it is: "broker 3, incarnation 17". */
  readonly owner?: string;
  /** Default for statements that say nothing. */
  readonly timeoutMs?: number;
  /** LISTENs there, but not through a pooler. */
  readonly channel?: string;
  /** Called at each notification, and without what it says when there may have been some that nobody heard. */
  readonly onNotification?: (payload?: string) => void;
}

/** A statement that waits, or is under way. */
interface Call {
  /** Rejects with what the session rejects with. */
  send(session: Session): Promise<void>;
  reject(error: unknown): void;
  isOver: boolean;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const LONGEST_CONNECT_MS = 5_000;
const FIRST_DELAY_MS = 50;
const LONGEST_DELAY_MS = 2_000;
/** A serialization failure, a deadlock, a lock not had in time: nothing was done, and the next attempt may succeed. */
const TRANSIENT = new Set<unknown>(["40001", "40P01", "55P03"]);
const TRANSIENT_DELAY_MS = 20;

const POOLED =
  "a pooler stands before the database: time-outs are not set for its sessions, and changes of others are seen by asking every second";

/** Statements that may wait for a lane at a time. */
const MOST_WAITING = 1_000;

export class Connection {
  readonly #terms: ConnectionTerms;
  readonly #options: ConnectionOptions;
  readonly #timeoutMs: number;
  readonly #waiting: Call[] = [];
  /** Under way. */
  #current: Call | undefined;
  #session: Session | undefined;
  #isRunning = false;
  #isClosed = false;
  #delayMs = 0;
  #wake: () => void = () => undefined;

  constructor(terms: ConnectionTerms, options: ConnectionOptions) {
    this.#terms = terms;
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  /**
   * Within the time-out, waiting included. Rejects with StorageError: UNAVAILABLE where it is not known whether it was done, DATABASE_REFUSED (with
   * the fact `sqlState`) where the database refused it, and nothing was done.
   */
  query<R extends Row>(statement: Statement, timeoutMs = this.#timeoutMs): Promise<readonly R[]> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(closed());
      if (this.#waiting.length >= MOST_WAITING) return reject(new StorageError("UNAVAILABLE", "Too many statements wait for the database"));
      const over = (settle: () => void) => {
        call.isOver = true;
        timer.cancel();
        settle();
      };
      const call: Call = {
        send: async (session) => {
          const rows = await session.query<R>(statement);
          over(() => resolve(rows));
        },
        reject: (error) => over(() => reject(error)),
        isOver: false,
      };
      const timer = this.#terms.clock.after(timeoutMs, () => this.#expire(call, timeoutMs));
      this.#waiting.push(call);
      void this.#run();
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** What waits is rejected. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#wake();
    for (const call of this.#waiting.splice(0)) call.reject(closed());
    if (this.#current !== undefined) this.#session?.destroy(closed());
    await this.#session?.end();
    this.#terms.health.forget(this.#options.purpose);
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (this.#waiting.length > 0) {
      const session = await this.#connected();
      if (session === undefined) continue;
      this.#current = this.#waiting.shift();
      if (this.#current !== undefined) await this.#answer(session, this.#current);
      this.#current = undefined;
    }
    this.#isRunning = false;
  }

  async #answer(session: Session, call: Call): Promise<void> {
    try {
      await call.send(session);
      this.#delayMs = 0;
      this.#terms.health.worked(this.#options.purpose);
    } catch (error) {
      if (session.hasEnded) this.#failed(error);
      if (error instanceof StorageError && TRANSIENT.has(error.facts["sqlState"])) await this.#pause(TRANSIENT_DELAY_MS);
      else call.reject(error);
      if (!call.isOver) this.#waiting.unshift(call);
    }
  }

  #expire(call: Call, timeoutMs: number): void {
    const error = new StorageError("UNAVAILABLE", `The database gave no answer within ${timeoutMs} ms`);
    call.reject(error);
    // The socket goes with it: the answer may still come, and would be taken for another statement's.
    if (call === this.#current) this.#session?.destroy(error);
    else if (this.#waiting.includes(call)) this.#waiting.splice(this.#waiting.indexOf(call), 1);
  }

  /** `undefined` when it could not be had now. */
  async #connected(): Promise<Session | undefined> {
    if (this.#session !== undefined) return this.#session;
    if (this.#delayMs > 0) await this.#pause(this.#delayMs);
    if (this.#isClosed) return undefined;
    this.#delayMs = Math.min(LONGEST_DELAY_MS, Math.max(FIRST_DELAY_MS, 2 * this.#delayMs));
    try {
      await this.#connect();
    } catch (error) {
      if (!this.#isClosed) this.#failed(error);
    }
    return this.#session;
  }

  #failed(error: unknown): void {
    const { length } = this.#waiting;
    this.#terms.health.failed(this.#options.purpose, error, { waiting: this.#current === undefined ? length : length + 1 });
  }

  async #connect(): Promise<void> {
    const { purpose, owner, channel, onNotification } = this.#options;
    // Those who wait may want to try another connection sooner.
    const connectTimeoutMs = Math.min(LONGEST_CONNECT_MS, this.#timeoutMs);
    const session = await Session.open({
      ...this.#terms,
      applicationName: ["odradek", ...(owner === undefined ? [] : [owner]), purpose].join(" "),
      connectTimeoutMs,
      statementTimeoutMs: this.#timeoutMs,
    });
    if (channel !== undefined && onNotification !== undefined && !session.isPooled) {
      session.onNotification = onNotification;
      await session.query({ text: `LISTEN ${channel}` }, connectTimeoutMs);
    }
    if (this.#isClosed || session.hasEnded) return session.destroy();
    this.#session = session;
    session.onEnd = () => {
      this.#session = undefined;
    };
    if (session.isPooled) this.#terms.health.say(POOLED);
    onNotification?.();
  }

  /** About as long as that, and over at once when the connection is closed. */
  async #pause(delayMs: number): Promise<void> {
    const share = 0.5 + this.#terms.random.positiveInt32() / 2 ** 32;
    await new Promise<void>((resolve) => {
      const timer = this.#terms.clock.after(delayMs * share, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}

function closed(): StorageError {
  return new StorageError("UNAVAILABLE", "The connection to the database is closed");
}
