// What a broker is started with.

import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import type { Change } from "../cluster/image.ts";
import type { SharedLogs } from "../cluster/shared-logs.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { ConnectionBudget } from "../server/connection-budget.ts";
import type { Interceptor } from "../server/interceptors.ts";
import type { MetadataStore } from "../storage/metadata-store.ts";
import type { IssuedStores } from "./issuing.ts";

export interface NewTopic {
  readonly name: string;
  /** Default: the setting num.partitions. */
  readonly partitions?: number;
  /** Default: the setting default.replication.factor. */
  readonly replicationFactor?: number;
  readonly configs?: Readonly<Record<string, string>>;
}

export interface BrokerOptions {
  readonly config: BrokerConfig;
  readonly clusterId: string;
  /** The same for all brokers of a cluster in one process. */
  readonly logs: SharedLogs;
  readonly metadata: MetadataStore<Change>;
  /** It runs in a worker thread: it goes when it is not started again. */
  readonly isWorker?: boolean;
  /** That of its lease, in a cluster of machines (src/membership). */
  readonly incarnation?: number;
  /** Stand around its handlers from the first request on. */
  readonly interceptors?: readonly Interceptor[];
  /** What clients and brokers elsewhere reach this machine by, where a listener that is on every interface does not say; default: nothing. */
  readonly machineHost?: string;
  /** Threads of the process that have brokers; default 1. */
  readonly threadCount?: number;
  /** Where clients reach the broker, unless the setting `listeners` was given. Port 0: any free one. */
  readonly host: string;
  readonly port: number;
  /** Default true. False: the process may end while the broker runs. */
  readonly keepsProcessAlive?: boolean;
  /** What TLS listeners show that have no key store of their own. */
  readonly issued?: IssuedStores;
  /** Of connections, when other brokers of the thread share it. */
  readonly budget?: ConnectionBudget;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly random?: Random;
}
