// The brokers of a cluster as our commands reach them: a connection each, opened when it is first needed, and the ways of finding the
// one that must be asked: any, the controller, a broker by its id, the leader of a partition, the coordinator of a key.

import { Errors, isRetriable } from "../../protocol/errors.ts";
import { metadata } from "../../protocol/messages/03-metadata.ts";
import { findCoordinator } from "../../protocol/messages/10-find-coordinator.ts";
import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import { BadAddress, ClientError } from "./client-error.ts";
import { Connection, type ConnectionOptions } from "./connection.ts";
import { failOn, Refusal } from "./refusal.ts";
import { type Address, hostAndPort } from "./socket.ts";

const RETRIES = 50;
const RETRY_MS = 100;
const NONE = -1;

/** What FindCoordinator looks for. */
export const CoordinatorKey = { GROUP: 0, TRANSACTION: 1 } as const;
export type CoordinatorKey = (typeof CoordinatorKey)[keyof typeof CoordinatorKey];

export interface Broker extends Address {
  readonly id: number;
  readonly rack: string | null;
}

interface Known {
  readonly brokers: ReadonlyMap<number, Broker>;
  readonly controllerId: number;
}

export class Brokers {
  readonly #bootstrap: readonly Address[];
  readonly #options: ConnectionOptions;
  readonly #connections = new Map<string, Promise<Connection>>();
  #known: Known | undefined;

  /** Raises BadAddress for what is not `host:port,…`. */
  constructor(bootstrapServers: string, options: ConnectionOptions = {}) {
    this.#bootstrap = parseAddresses(bootstrapServers);
    this.#options = options;
  }

  /** The first of the given addresses where a broker answers, or of the brokers that were seen. */
  async any(): Promise<Connection> {
    let failure: unknown;
    for (const address of [...this.#bootstrap, ...(this.#known?.brokers.values() ?? [])]) {
      try {
        return await this.at(address);
      } catch (error) {
        failure ??= error;
      }
    }
    throw failure;
  }

  async ask<Q extends Shape, R extends Shape>(api: Api<Q, R>, newest: number, body: Encodable<Q>): Promise<Decoded<R>> {
    return (await this.any()).send(api, newest, body);
  }

  async all(): Promise<readonly Broker[]> {
    return [...(await this.#cluster()).brokers.values()].sort((one, other) => one.id - other.id);
  }

  async byId(id: number): Promise<Connection> {
    if (this.#known?.brokers.has(id) === false) this.#known = undefined;
    const broker = (await this.#cluster()).brokers.get(id);
    if (broker === undefined) throw new ClientError(`There is no broker ${id}.`);
    return this.at(broker);
  }

  /** Over the broker that is the controller, or any where the cluster names none (its brokers pass requests on). */
  async controller(): Promise<Connection> {
    const { brokers, controllerId } = await this.#cluster();
    const controller = brokers.get(controllerId);
    return controller === undefined ? this.any() : this.at(controller);
  }

  async coordinatorOf(key: string, keyType: CoordinatorKey = CoordinatorKey.GROUP): Promise<Connection> {
    const coordinator = await this.coordinatorBroker(key, keyType);
    return this.at(coordinator);
  }

  async coordinatorBroker(key: string, keyType: CoordinatorKey = CoordinatorKey.GROUP): Promise<Broker> {
    return retried(async () => {
      const { errorCode, errorMessage, nodeId, host, port } = await this.ask(findCoordinator, 3, { key, keyType });
      failOn(errorCode, keyType === CoordinatorKey.GROUP ? `group ${key}` : `transactional id ${key}`, errorMessage);
      return { id: nodeId, host, port, rack: null };
    });
  }

  /** The connection to this address; a new one once the last has ended. */
  at(address: Address): Promise<Connection> {
    const name = hostAndPort(address);
    const known = this.#connections.get(name);
    if (known !== undefined) return known;
    const opening = this.another(address);
    this.#connections.set(name, opening);
    const forget = () => {
      if (this.#connections.get(name) === opening) this.#connections.delete(name);
    };
    opening.then(({ ended }) => ended).then(forget, forget);
    return opening;
  }

  /** A connection of its own, which the caller closes: for requests that hold back what follows them. */
  another(address: Address): Promise<Connection> {
    return Connection.open(address, this.#options);
  }

  async close(): Promise<void> {
    for (const connection of this.#connections.values()) (await connection.catch(() => undefined))?.close();
  }

  async #cluster(): Promise<Known> {
    if (this.#known !== undefined) return this.#known;
    const connection = await this.any();
    // A controller tells of controllers only.
    if (!connection.versions.has(metadata.key)) {
      this.#known = { brokers: new Map(), controllerId: NONE };
      return this.#known;
    }
    const { brokers, controllerId } = await connection.send(metadata, 9, { topics: [], allowAutoTopicCreation: false });
    const entries = brokers.map(({ nodeId, host, port, rack }) => [nodeId, { id: nodeId, host, port, rack }] as const);
    this.#known = { brokers: new Map(entries), controllerId };
    return this.#known;
  }
}

/** Tries again while the broker says that the same request may succeed later, for at most some seconds. */
export async function retried<Result>(attempt: () => Promise<Result>, isWorthIt: (code: number) => boolean = isRetriable): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Refusal) || !isWorthIt(error.errorCode) || tries >= RETRIES) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** A leader or a coordinator that moves; unlike isRetriable not what is missing, which an administrator wants to hear at once. */
export function isMoving(code: number): boolean {
  return isRetriable(code) && code !== Errors.UNKNOWN_TOPIC_OR_PARTITION && code !== Errors.ELECTION_NOT_NEEDED;
}

function parseAddresses(bootstrapServers: string): Address[] {
  const addresses = bootstrapServers.split(",").flatMap((text) => {
    const [, bracketed, plain, port] = /^(?:\[(.+)\]|([^:\s]+)):(\d{1,5})$/.exec(text.trim()) ?? [];
    const host = bracketed ?? plain;
    return host === undefined ? [] : [{ host, port: Number(port) }];
  });
  if (addresses.length === 0) throw new BadAddress(bootstrapServers);
  return addresses;
}
