// One process: storage on a folder or in memory, and a broker over it. What both the command line and startBroker begin with.

import { type Clock, systemClock } from "./base/clock.ts";
import type { Filesystem } from "./base/filesystem.ts";
import { type Logger, silentLogger } from "./base/logger.ts";
import { MemoryFilesystem } from "./base/memory-filesystem.ts";
import { nodeFilesystem } from "./base/node-filesystem.ts";
import { type Random, systemRandom } from "./base/random.ts";
import { Broker, type NewTopic } from "./broker.ts";
import { type Change, compactChanges } from "./cluster/image.ts";
import type { BrokerConfig } from "./config/broker-config.ts";
import { openJournalMetadataStore } from "./log/journal-metadata-store.ts";
import { openMemoryEngine, openSegmentedEngine } from "./log/segmented-engine.ts";

export interface NodeOptions {
  readonly config: BrokerConfig;
  readonly host: string;
  readonly port: number;
  /** "memory", or a folder. */
  readonly data: string;
  readonly topics: readonly NewTopic[];
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
  /** Default: Node's, or a fresh one in memory. */
  readonly filesystem?: Filesystem;
}

export interface RunningNode {
  readonly broker: Broker;
  /** Stops the broker, then closes its storage; safe to call twice. */
  stop(): Promise<void>;
}

const MEMORY = "memory";
/** Where the in-memory filesystem keeps the metadata. */
const MEMORY_FOLDER = "/data";
const JOURNAL = "metadata.journal";

/** Throws SettingError, StorageError, or Node's own error when a port cannot be taken. */
export async function openNode(options: NodeOptions): Promise<RunningNode> {
  const { config, logger = silentLogger, clock = systemClock, random = systemRandom } = options;
  const storage = {
    brokerId: config["node.id"],
    clock,
    random,
    logger: logger.child({ component: "log" }),
    producerIdExpirationMs: config["producer.id.expiration.ms"],
  };
  const isInMemory = options.data === MEMORY;
  const filesystem = options.filesystem ?? (isInMemory ? new MemoryFilesystem(clock) : nodeFilesystem);
  const directory = isInMemory ? MEMORY_FOLDER : options.data;
  const engine = isInMemory ? openMemoryEngine(storage) : openSegmentedEngine({ ...storage, filesystem, directory });
  try {
    if (isInMemory) filesystem.makeDirectory(directory);
    const metadata = openJournalMetadataStore<Change>({
      filesystem,
      path: `${directory}/${JOURNAL}`,
      compact: compactChanges,
      logger: storage.logger,
    });
    const broker = await Broker.start({
      config,
      clusterId: engine.clusterId,
      engine,
      metadata,
      host: options.host,
      port: options.port,
      logger,
      clock,
      random,
    });
    let stopping: Promise<void> | undefined;
    const stop = async () => {
      await broker.stop();
      await metadata.close();
      await engine.close();
    };
    const node: RunningNode = {
      broker,
      stop: () => {
        stopping ??= stop();
        return stopping;
      },
    };
    try {
      await broker.ensureTopics(options.topics);
    } catch (error) {
      await node.stop();
      throw error;
    }
    return node;
  } catch (error) {
    await engine.close();
    throw error;
  }
}
