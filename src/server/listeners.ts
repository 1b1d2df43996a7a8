// The listeners of a broker. While it runs some may come and others go: one that stays, by its name, stays as it is, one that goes ends its
// connections. An address that cannot be had is a line in the log; the others are served.

import type { AnswerMemory } from "../api/answer-memory.ts";
import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import { isSaslProtocol, isTlsProtocol } from "../config/listener-rules.ts";
import { type ListenerAddress, securityProtocolOf } from "../config/listeners.ts";
import { SettingError } from "../config/setting.ts";
import type { ConnectionLimits } from "../quota/connection-limits.ts";
import type { SaslTerms } from "../security/sasl-terms.ts";
import type { ByteStream } from "./byte-stream.ts";
import type { AnswerFrame } from "./connection.ts";
import type { ConnectionBudget } from "./connection-budget.ts";
import { Listener } from "./listener.ts";
import type { MemoryBound } from "./memory-bound.ts";
import { RequestMemory } from "./request-memory.ts";
import { TlsAcceptor } from "./tls-acceptor.ts";
import { type Gather, Turns } from "./turns.ts";

export interface ListenersOptions {
  readonly config: BrokerConfig;
  readonly answerMemory: AnswerMemory;
  readonly memoryBound: MemoryBound;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly keepsProcessAlive: boolean;
  readonly budget: ConnectionBudget;
  readonly limits: ConnectionLimits;
  /** On what terms clients log in at a listener, as a config says. */
  readonly saslTerms: (config: BrokerConfig, listener: string) => SaslTerms;
}

export class Listeners {
  readonly #options: ListenersOptions;
  readonly #turns: Turns;
  readonly #requestMemory: RequestMemory;
  #open: Listener[] = [];
  /** Once requests are taken up. */
  #serve: ((listener: Listener) => void) | undefined;
  #isClosed = false;
  /** One change after the other. */
  #following: Promise<unknown> = Promise.resolve();

  private constructor(options: ListenersOptions) {
    this.#options = options;
    this.#turns = new Turns(options.clock, options.memoryBound);
    this.#requestMemory = new RequestMemory(() => options.config["queued.max.request.bytes"], options.clock);
  }

  /** Takes the ports; requests are taken up from `serve` on. Rejects with Node's own error when one cannot be taken. */
  static async open(addresses: readonly ListenerAddress[], options: ListenersOptions): Promise<Listeners> {
    const listeners = new Listeners(options);
    try {
      for (const address of addresses) listeners.#open.push(await listeners.#listen(address));
    } catch (error) {
      await listeners.close();
      throw error;
    }
    return listeners;
  }

  /** Those that are open, in the order in which they were opened. */
  get all(): readonly Listener[] {
    return this.#open;
  }

  /** @param http takes over what begins with HTTP */
  serve(answer: AnswerFrame, gather: Gather, http?: (stream: ByteStream) => void): void {
    this.#serve = (listener) => listener.serve(answer, gather, http);
    for (const listener of this.#open) this.#serve(listener);
  }

  /** Opens those that are new and closes those that are not wanted any more. Gives whether anything changed; never rejects. */
  follow(addresses: readonly ListenerAddress[]): Promise<boolean> {
    const followed = this.#following.then(() => this.#follow(addresses));
    this.#following = followed;
    return followed;
  }

  /** Ends every connection and waits until the ports are free. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#following;
    await Promise.all(this.#open.map((listener) => listener.close()));
  }

  /**
   * Why the listeners of a config cannot be secured as it says: those that are open with other stores, those that would come as they are set.
   * Reads the files.
   */
  tlsFault(config: BrokerConfig, addresses: readonly ListenerAddress[]): string | undefined {
    for (const { name } of addresses) {
      if (!isTls(config, name)) continue;
      const acceptor = this.#open.find((listener) => listener.name === name)?.tls;
      const fault =
        acceptor === undefined ? openingFault(config, name, this.#options.clock) : acceptor.replacementFault(this.#options.config, config);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  /** Why clients could not log in as a config says. */
  saslFault(config: BrokerConfig, addresses: readonly ListenerAddress[]): string | undefined {
    for (const { name } of addresses) {
      const fault = isSasl(config, name) ? faultOf(() => this.#options.saslTerms(config, name).check()) : undefined;
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  /** Certificates that were replaced hold for connections that come from then on. */
  #reloadTls(): void {
    const { config, logger } = this.#options;
    for (const { name, tls } of this.#open) {
      try {
        if (tls?.reload(config) === true) logger.info({ listener: name }, "replaced the certificates of a listener");
      } catch (error) {
        if (!(error instanceof SettingError)) throw error;
        logger.error({ listener: name, reason: error.message }, "kept the certificates of a listener");
      }
    }
  }

  async #follow(addresses: readonly ListenerAddress[]): Promise<boolean> {
    const { logger } = this.#options;
    this.#reloadTls();
    const wanted = new Set(addresses.map(({ name }) => name));
    const leaving = this.#open.filter(({ name }) => !wanted.has(name));
    const known = new Set(this.#open.map(({ name }) => name));
    this.#open = this.#open.filter(({ name }) => wanted.has(name));
    for (const listener of leaving) {
      await listener.close();
      logger.info({ listener: listener.name, port: listener.port }, "closed a listener");
    }
    let hasChanged = leaving.length > 0;
    for (const address of addresses) {
      if (this.#isClosed || known.has(address.name)) continue;
      hasChanged = (await this.#add(address)) || hasChanged;
    }
    return hasChanged;
  }

  async #add(address: ListenerAddress): Promise<boolean> {
    const { logger } = this.#options;
    const { name, host, port } = address;
    try {
      const listener = await this.#listen(address);
      this.#open.push(listener);
      this.#serve?.(listener);
      logger.info({ listener: name, host, port: listener.port }, "opened a listener");
      return true;
    } catch (error) {
      logger.error(
        { listener: name, host, port, error: error instanceof Error ? error.message : String(error) },
        "could not open a listener",
      );
      return false;
    }
  }

  async #listen({ name, host, port }: ListenerAddress): Promise<Listener> {
    const { config, answerMemory, clock, logger, keepsProcessAlive, budget, limits, saslTerms } = this.#options;
    const sasl = isSasl(config, name) ? saslTerms(config, name) : undefined;
    sasl?.check();
    const tls = isTls(config, name) ? new TlsAcceptor(config, name, clock) : undefined;
    const opened = await Listener.open({
      ...(tls === undefined ? {} : { tls }),
      ...(sasl === undefined ? {} : { sasl }),
      name,
      host: host === "" ? "::" : host,
      port,
      maxFrameBytes: config["socket.request.max.bytes"],
      limits,
      idleLimitMs: config["connections.max.idle.ms"],
      budget,
      turns: this.#turns,
      answerMemory,
      requestMemory: this.#requestMemory,
      clock,
      logger,
      keepsProcessAlive,
      takesCrowds: keepsProcessAlive,
    });
    sasl?.prepare();
    return opened;
  }
}

function isTls(config: BrokerConfig, listener: string): boolean {
  return isTlsProtocol(securityProtocolOf(config["listener.security.protocol.map"], listener));
}

function isSasl(config: BrokerConfig, listener: string): boolean {
  return isSaslProtocol(securityProtocolOf(config["listener.security.protocol.map"], listener));
}

function openingFault(config: BrokerConfig, listener: string, clock: Clock): string | undefined {
  return faultOf(() => void new TlsAcceptor(config, listener, clock));
}

function faultOf(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof SettingError) return error.message;
    throw error;
  }
}
