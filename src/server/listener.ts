// A named listener: the TCP servers of one address and port, and the connections that came in on them.
//
// "localhost" listens on both loopback families at one port. How many connections there may be, and how fast they may come, is decided in
// src/quota/connection-limits.ts; an idle connection is closed after connections.max.idle.ms.

import net from "node:net";
import type { AnswerMemory } from "../api/answer-memory.ts";
import { BufferPool } from "../base/buffer-pool.ts";
import { type Clock, monotonicMs, type Timer } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import { Seldom } from "../base/seldom.ts";
import type { ConnectionLimits, ConnectionRefusal, ListenerLimits } from "../quota/connection-limits.ts";
import type { SaslTerms } from "../security/sasl-terms.ts";
import { Arrivals } from "./arrivals.ts";
import type { ByteStream } from "./byte-stream.ts";
import { type AnswerFrame, Connection } from "./connection.ts";
import type { ConnectionBudget } from "./connection-budget.ts";
import type { RequestMemory } from "./request-memory.ts";
import type { TlsAcceptor } from "./tls-acceptor.ts";
import type { Gather, Turns } from "./turns.ts";

const SHARED_READ_BYTES = 256 * 1024;
/**
 * Node takes one connection a turn from each listening socket, so that hundreds which come at once would wait for as many turns of a busy
 * broker. Several sockets on one port share them.
 */
const SOCKETS_A_PORT = 16;
/** How long somebody at the port has to take a connection. */
const PROBE_MS = 1000;
/** Tries to find a port that is free on every address, when the port is left to the system. */
const PORT_TRIES = 20;
/** How often the log says the same of the same address, and of how many it remembers that. */
const SAME_REMARK_MS = 60_000;
const MOST_REMARKS = 1000;
/** How often idle connections are looked for: at most a tenth of the limit late. */
const IDLE_CHECKS_PER_LIMIT = 10;

const WAITING = {
  tooFast: "connections wait: they come faster than max.connection.creation.rate",
  tooMany: "connections wait: there are max.connections",
} as const;

export interface ListenerOptions {
  readonly name: string;
  /** A host name or address; "localhost" for both loopback families. */
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly maxFrameBytes: number;
  /** Shared by all listeners of the broker. */
  readonly limits: ConnectionLimits;
  /** Which other listeners may share. */
  readonly budget: ConnectionBudget;
  readonly idleLimitMs: number;
  /** Where clients have to log in. */
  readonly sasl?: SaslTerms;
  /** What secures its connections, where it speaks TLS. */
  readonly tls?: TlsAcceptor;
  /** Default true. False: the process may end although the listener and its connections are open. */
  readonly keepsProcessAlive?: boolean;
  /** Ready for many clients that come at once, for which opening takes a little longer. Default false. */
  readonly takesCrowds?: boolean;
  /** Shared by all listeners of the broker, as are the next two. */
  readonly turns: Turns;
  readonly answerMemory: AnswerMemory;
  readonly requestMemory: RequestMemory;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Listener {
  readonly #options: ListenerOptions;
  readonly #servers: net.Server[] = [];
  readonly #connections = new Set<Connection>();
  readonly #limits: ListenerLimits;
  readonly #arrivals: Arrivals;
  /** Refused, and not told yet. */
  readonly #held = new Map<net.Socket, Timer>();
  readonly #pool = new BufferPool();
  readonly #remarks: Seldom;
  readonly #shared = Buffer.allocUnsafeSlow(SHARED_READ_BYTES);
  #port = 0;
  #answer: AnswerFrame | undefined;
  #gather: Gather = (work) => work();
  #http: ((stream: ByteStream) => void) | undefined;
  #acceptedCount = 0;
  /** Accepted before `serve`. */
  #early: net.Socket[] = [];
  #idleTimer: Timer | undefined;

  private constructor(options: ListenerOptions) {
    this.#options = options;
    this.#remarks = new Seldom({ intervalMs: SAME_REMARK_MS, mostKeys: MOST_REMARKS, now: () => options.clock.now() });
    const { limits, clock } = options;
    this.#limits = limits.add({ name: options.name, goOn: () => this.#arrivals.goOn(), endIdlest: () => this.#endIdlest() });
    this.#arrivals = new Arrivals({
      limits: this.#limits,
      clock,
      take: (socket) => this.#take(socket),
      waits: ({ remoteAddress }, why) => this.#warn(why, { remoteAddress }, WAITING[why]),
    });
  }

  /** Takes the port; requests are taken up from `serve` on. Rejects with Node's own error (EADDRINUSE, EACCES, …). */
  static async open(options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(options);
    await listener.#listen();
    return listener;
  }

  /** @param http takes over what begins with HTTP */
  serve(answer: AnswerFrame, gather?: Gather, http?: (stream: ByteStream) => void): void {
    this.#answer = answer;
    this.#gather = gather ?? this.#gather;
    this.#http = http;
    for (const socket of this.#early) this.#accept(socket);
    this.#early = [];
    this.#watchIdle();
  }

  get name(): string {
    return this.#options.name;
  }

  get host(): string {
    return this.#options.host;
  }

  get tls(): TlsAcceptor | undefined {
    return this.#options.tls;
  }

  get port(): number {
    return this.#port;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  get connections(): ReadonlySet<Connection> {
    return this.#connections;
  }

  /** Connections taken up since it opened. */
  get acceptedCount(): number {
    return this.#acceptedCount;
  }

  /** Stops accepting; connections go on. */
  stopAccepting(): void {
    for (const server of this.#servers) server.close();
  }

  /** Ends every connection and waits until the ports are free. */
  async close(): Promise<void> {
    this.#idleTimer?.cancel();
    this.#options.sasl?.close();
    const left = this.#leave();
    for (const connection of this.#connections) connection.destroy();
    for (const timer of this.#held.values()) timer.cancel();
    for (const socket of [...this.#arrivals.close(), ...this.#held.keys()]) this.#drop(socket);
    this.#held.clear();
    this.#limits.close();
    await left;
  }

  /** Gives the ports back. */
  async #leave(): Promise<void> {
    const closed = this.#servers.map(
      (server) => new Promise<void>((resolve) => (server.listening ? server.close(() => resolve()) : resolve())),
    );
    for (const socket of this.#early) socket.destroy();
    await Promise.all(closed);
    this.#servers.length = 0;
  }

  async #listen(): Promise<void> {
    const { host, port, takesCrowds } = this.#options;
    const [first = host, ...others] = host === "localhost" ? ["127.0.0.1", "::1"] : [host];
    // The system lets sockets that share a port join those of another process; nobody else may serve there. Where somebody answers, it is
    // asked for the port alone, and says itself what is wrong.
    const canShare = takesCrowds === true && process.platform === "linux";
    const isShared = canShare && (port === 0 || !(await isAnswered(first, port, this.#options.clock)));
    for (let tries = 1; ; tries++) {
      this.#port = await this.#listenOn(first, port, isShared);
      try {
        const hosts = [first, ...(await this.#listenOnOthers(others, isShared))];
        if (isShared) await this.#addSockets(hosts);
        return;
      } catch (error) {
        await this.#leave();
        if (port !== 0 || tries === PORT_TRIES) throw error;
      }
    }
  }

  /** At the same port; gives those that there are, since a machine need not have both families. */
  async #listenOnOthers(hosts: readonly string[], isShared: boolean): Promise<readonly string[]> {
    try {
      for (const host of hosts) await this.#listenOn(host, this.#port, isShared);
      return hosts;
    } catch (error) {
      if (!isUnsupportedAddress(error)) throw error;
      return [];
    }
  }

  async #addSockets(hosts: readonly string[]): Promise<void> {
    for (const host of hosts) {
      for (let count = 1; count < SOCKETS_A_PORT; count++) await this.#listenOn(host, this.#port, true);
    }
  }

  #listenOn(host: string, port: number, reusePort: boolean): Promise<number> {
    return new Promise((resolve, reject) => {
      const server = net.createServer({ pauseOnConnect: true, noDelay: true }, (socket) => this.#accept(socket));
      server.once("error", reject);
      server.listen({ host, port, backlog: 1024, ipv6Only: host === "::1", reusePort }, () => {
        server.removeListener("error", reject);
        server.on("error", (error) => this.#options.logger.error({ listener: this.name, error: error.message }, "could not accept"));
        if (this.#options.keepsProcessAlive === false) server.unref();
        this.#servers.push(server);
        resolve(addressOf(server)?.port ?? port);
      });
    });
  }

  #accept(socket: net.Socket): void {
    if (this.#answer === undefined) {
      this.#early.push(socket);
      return;
    }
    const { budget } = this.#options;
    if (budget.isSpent) {
      const message = "refused a connection: the process may not open more files and sockets (ulimit -n)";
      this.#warn(`${socket.remoteAddress} ${message}`, { client: clientOf(socket), limit: budget.limit }, message);
      socket.destroy();
      return;
    }
    budget.take();
    this.#arrivals.come(socket);
  }

  #take(socket: net.Socket): void {
    const answer = this.#answer;
    if (answer === undefined) return;
    const ip = socket.remoteAddress ?? "";
    const refusal = this.#limits.take(ip);
    if (refusal !== undefined) {
      this.#refuse(socket, ip, refusal);
      return;
    }
    const connection = new Connection(socket, this.name, {
      pool: this.#pool,
      sharedReadBuffer: this.#shared,
      maxFrameBytes: this.#options.maxFrameBytes,
      answer,
      gather: this.#gather,
      turns: this.#options.turns,
      answerMemory: this.#options.answerMemory,
      requestMemory: this.#options.requestMemory,
      keepsProcessAlive: this.#options.keepsProcessAlive ?? true,
      tls: this.#options.tls,
      sasl: this.#options.sasl,
      http: this.#http,
      clock: this.#options.clock,
      monotonicMs: () => monotonicMs(this.#options.clock),
      remark: (about, what) => this.#say(about, what, "a client is set up for another listener"),
      ended: (ended, error) => this.#ended(ended, ip, error),
    });
    this.#acceptedCount++;
    this.#connections.add(connection);
  }

  /** Who comes too fast is told by the end of the connection when another may come: at once it would be there again. */
  #refuse(socket: net.Socket, ip: string, refusal: ConnectionRefusal): void {
    const facts = { client: clientOf(socket), limit: refusal.limit };
    if (refusal.kind === "tooMany") {
      this.#warn(`${ip} ${refusal.kind}`, facts, "refused a connection: too many from one address");
      this.#drop(socket);
      return;
    }
    this.#warn(`${ip} ${refusal.kind}`, facts, "refused a connection: they come too fast from one address");
    this.#held.set(
      socket,
      this.#options.clock.after(refusal.throttleMs, () => {
        this.#held.delete(socket);
        this.#drop(socket);
      }),
    );
  }

  /** Of one that was never taken up. */
  #drop(socket: net.Socket): void {
    socket.destroy();
    this.#options.budget.giveBack();
  }

  #endIdlest(): boolean {
    const silentSince = ({ idleSinceMs }: Connection) => idleSinceMs ?? Number.POSITIVE_INFINITY;
    let idlest: Connection | undefined;
    for (const connection of this.#connections)
      if (idlest === undefined || silentSince(connection) < silentSince(idlest)) idlest = connection;
    idlest?.destroy(new Error("there are more connections than max.connections allows"));
    return idlest !== undefined;
  }

  #ended(connection: Connection, ip: string, error: Error | undefined): void {
    this.#connections.delete(connection);
    this.#options.budget.giveBack();
    this.#limits.giveBack(ip);
    if (error !== undefined && !isPeerGone(error)) this.#say(connection, error.message, "closed a connection");
  }

  /** Once in a while for each address: clients try again and again. */
  #say(connection: Connection, reason: string, message: string): void {
    const facts = { client: clientOf(connection), software: connection.clientSoftware, reason };
    this.#warn(`${connection.remoteAddress} ${reason}`, facts, message);
  }

  #warn(key: string, facts: object, message: string): void {
    const meanwhile = this.#remarks.say(key);
    if (meanwhile === undefined) return;
    this.#options.logger.warn({ listener: this.name, ...facts, ...(meanwhile === 0 ? {} : { meanwhile }) }, message);
  }

  #watchIdle(): void {
    const { clock, idleLimitMs, logger } = this.#options;
    if (idleLimitMs < 0 || idleLimitMs === Number.POSITIVE_INFINITY) return;
    const check = () => {
      const before = monotonicMs(clock) - idleLimitMs;
      for (const connection of this.#connections) {
        const idleSinceMs = connection.idleSinceMs;
        if (idleSinceMs === undefined || idleSinceMs > before) continue;
        logger.debug({ listener: this.name, client: clientOf(connection) }, "closed an idle connection");
        connection.destroy();
      }
      this.#idleTimer = clock.after(intervalMs, check);
    };
    const intervalMs = Math.max(10, Math.min(30_000, idleLimitMs / IDLE_CHECKS_PER_LIMIT));
    this.#idleTimer = clock.after(intervalMs, check);
  }
}

/** Whether somebody takes connections there. */
function isAnswered(host: string, port: number, clock: Clock): Promise<boolean> {
  const reached = host === "::" ? "::1" : host === "0.0.0.0" ? "127.0.0.1" : host;
  return new Promise((resolve) => {
    const socket = net.connect({ host: reached, port });
    const end = (isReached: boolean) => {
      timer.cancel();
      socket.destroy();
      resolve(isReached);
    };
    const timer = clock.after(PROBE_MS, () => end(false));
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}

function addressOf(server: net.Server): net.AddressInfo | undefined {
  const address = server.address();
  return typeof address === "object" && address !== null ? address : undefined;
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

function isUnsupportedAddress(error: unknown): boolean {
  return ["EADDRNOTAVAIL", "EAFNOSUPPORT", "ENOTFOUND"].includes(codeOf(error));
}

function isPeerGone(error: Error): boolean {
  return ["ECONNRESET", "EPIPE", "ECONNABORTED", "ETIMEDOUT"].includes(codeOf(error));
}

/** By which a client's own log and a firewall's know the connection. */
function clientOf({ remoteAddress, remotePort }: Pick<net.Socket, "remoteAddress" | "remotePort">): string {
  return `${remoteAddress}:${remotePort}`;
}
