// What handlers work with: the parts of one broker.

import type { Clock } from "../base/clock.ts";
import type { Gate } from "../base/gate.ts";
import type { LogLevels } from "../base/log-levels.ts";
import type { Logger } from "../base/logger.ts";
import type { Random } from "../base/random.ts";
import type { Cluster } from "../cluster/cluster.ts";
import type { LocalPartitions } from "../cluster/local-partitions.ts";
import type { Peers } from "../cluster/peers.ts";
import type { ProducerIds } from "../cluster/producer-ids.ts";
import type { Topics } from "../cluster/topics.ts";
import type { BrokerConfig } from "../config/broker-config.ts";
import type { GroupCoordinator } from "../coordinator/group/group-coordinator.ts";
import type { ShareCoordinator } from "../coordinator/share/share-coordinator.ts";
import type { ShareStatePersister } from "../coordinator/share/share-state-persister.ts";
import type { PartitionVerifier } from "../coordinator/transaction/partition-verifier.ts";
import type { TransactionCoordinator } from "../coordinator/transaction/transaction-coordinator.ts";
import type { FetchSessions } from "../partition/fetch-sessions.ts";
import type { Throttling } from "../quota/throttling.ts";
import type { Authorizer } from "../security/authorizer.ts";
import type { TokenSecrets } from "../security/token-secrets.ts";
import type { Shares } from "../share/shares.ts";
import type { LogDirectory } from "../storage/storage-engine.ts";
import type { ClientTelemetry } from "../telemetry/client-telemetry.ts";
import type { AnswerMemory } from "./answer-memory.ts";
import type { AppendRoom } from "./append-room.ts";
import type { AskFor } from "./ask-for.ts";
import type { ReadTurns } from "./read-turns.ts";
import type { ServedApi } from "./served-api.ts";

/** Why the listeners cannot go on with other settings: keys and certificates that cannot be used. Reads the files. */
export type SecurityFault = (altered: BrokerConfig) => string | undefined;

export interface Services {
  readonly brokerId: number;
  /** Its values change when they are altered: read them when they matter. */
  readonly config: BrokerConfig;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly cluster: Cluster;
  readonly peers: Peers;
  readonly askFor: AskFor;
  readonly topics: Topics;
  readonly partitions: LocalPartitions;
  readonly producerIds: ProducerIds;
  readonly fetchSessions: FetchSessions;
  readonly answerMemory: AnswerMemory;
  readonly appendRoom: AppendRoom;
  readonly readTurns: ReadTurns;
  readonly groups: GroupCoordinator;
  readonly transactions: TransactionCoordinator;
  readonly verifier: PartitionVerifier;
  readonly shareCoordinator: ShareCoordinator;
  /** Where the state of share partitions is kept. */
  readonly shareStates: ShareStatePersister;
  readonly shares: Shares;
  readonly telemetry: ClientTelemetry;
  readonly throttling: Throttling;
  /** Where batches pass that are judged off the event loop. */
  readonly longBatches: Gate;
  readonly logLevels: LogLevels;
  /** `undefined`: everybody may do everything. */
  readonly authorizer: Authorizer | undefined;
  readonly securityFault: SecurityFault;
  /** `undefined`: there are no delegation tokens. */
  readonly tokenSecrets: TokenSecrets | undefined;
  /** Where the data of this broker is. */
  readonly logDirectory: () => LogDirectory;
  readonly served: readonly ServedApi[];
}
