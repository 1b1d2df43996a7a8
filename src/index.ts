// The public interface of the package: a broker inside the process that asks for it.

import type { Logger } from "./base/logger.ts";
import type { NewTopic } from "./broker.ts";
import { brokerConfig, type SettingInputs } from "./config/broker-config.ts";
import type { Character } from "./config/character.ts";
import { openNode } from "./node.ts";

export type { Logger } from "./base/logger.ts";
export type { NewTopic } from "./broker.ts";
export { SettingError } from "./config/setting.ts";
export { StorageError } from "./storage/storage-error.ts";

export interface StartOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default "localhost": both loopback families. */
  readonly host?: string;
  /** "memory" (default), or the folder that keeps the data. */
  readonly data?: string;
  /** Topics that exist once the broker has started. */
  readonly topics?: readonly NewTopic[];
  /** Kafka's broker settings, by Kafka's names. */
  readonly settings?: SettingInputs;
  /** "kafka": Apache Kafka's own delays and defaults. Default "kind": to developers. */
  readonly like?: Character;
  /** Default: silent. A pino logger fits, with `isDebugging` added. */
  readonly logger?: Logger;
}

export interface RunningBroker extends AsyncDisposable {
  /** What a client is given to connect: "localhost:49152". */
  readonly bootstrapServers: string;
  readonly port: number;
  readonly clusterId: string;
  /** Ends connections, flushes and closes the data; safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts a broker in this process.
 *
 * @throws SettingError for a setting or topic that is not allowed; StorageError when the data folder cannot be used; Node's own
 *   error (`code` EADDRINUSE, EACCES) when the port cannot be taken.
 */
export async function startBroker(options: StartOptions = {}): Promise<RunningBroker> {
  const config = brokerConfig({ character: options.like ?? "kind", argument: options.settings ?? {} });
  const node = await openNode({
    config,
    host: options.host ?? "localhost",
    port: options.port ?? 0,
    data: options.data ?? "memory",
    topics: options.topics ?? [],
    ...(options.logger === undefined ? {} : { logger: options.logger }),
  });
  return {
    bootstrapServers: node.broker.bootstrapServers,
    port: node.broker.port,
    clusterId: node.broker.clusterId,
    stop: () => node.stop(),
    [Symbol.asyncDispose]: () => node.stop(),
  };
}
