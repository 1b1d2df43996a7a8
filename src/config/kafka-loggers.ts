// The names of Kafka's loggers, and which of our components says what is said there under that name. They are those that a broker of
// Kafka 4.3, which is also a controller, has from its start on: it refuses others, and so do we. Where no component is named, there is
// nothing that we would say.

/** A component, and the names by their packages. */
const NAMES: readonly (readonly [component: string | undefined, packages: readonly (readonly [name: string, loggers: string])[]])[] = [
  [
    "api",
    [
      ["kafka.request", "logger"],
      ["kafka.server", "ControllerApis KafkaApis KafkaRequestHandler"],
    ],
  ],
  [
    "groups",
    [
      ["org.apache.kafka.coordinator.group", "GroupConfig GroupCoordinatorConfig GroupCoordinatorService"],
      ["org.apache.kafka.coordinator.group.assignor", "SimpleAssignor UniformAssignor"],
    ],
  ],
  [
    "log",
    [
      ["kafka.log", "LogCleaner LogManager"],
      ["org.apache.kafka.storage.internals.checkpoint", "CheckpointFileWithFailureHandler CleanShutdownFileHandler"],
      ["org.apache.kafka.storage.internals.epoch", "LeaderEpochFileCache"],
      [
        "org.apache.kafka.storage.internals.log",
        "AbstractIndex Cleaner LocalLog LogCleaner LogCleaner$CleanerThread LogDirFailureChannel LogLoader LogSegment OffsetIndex ProducerStateManager TimeIndex UnifiedLog",
      ],
      ["org.apache.kafka.storage.internals.utils", "Throttler"],
    ],
  ],
  [
    "partitions",
    [
      ["kafka.server", "ReplicaManager ReplicaManager$LogDirFailureHandler"],
      ["org.apache.kafka.server", "FetchManager"],
      ["state.change", "logger"],
    ],
  ],
  ["peers", [["org.apache.kafka.clients", "ClientUtils ClusterConnectionStates CommonClientConfigs NetworkClient"]]],
  [
    "server",
    [
      ["kafka.network", "ConnectionQuotas DataPlaneAcceptor Processor RequestChannel$ SocketServer"],
      ["org.apache.kafka.common.network", "ChannelBuilders NetworkReceive Selector"],
      ["org.apache.kafka.server.network", "EndpointReadyFutures"],
    ],
  ],
  [
    "settings",
    [
      ["kafka.server", "ConfigAdminManager"],
      ["kafka.server.metadata", "DynamicConfigPublisher"],
      ["org.apache.kafka.controller", "ConfigurationControlManager"],
    ],
  ],
  [
    "shares",
    [
      ["kafka.server.share", "SharePartitionManager"],
      ["org.apache.kafka.coordinator.share", "ShareCoordinatorService"],
      ["org.apache.kafka.server.share.persister", "DefaultStatePersister PersisterStateManager$SendThread"],
    ],
  ],
  ["telemetry", [["org.apache.kafka.server", "ClientMetricsManager"]]],
  [
    "transactions",
    [
      ["kafka.coordinator.transaction", "TransactionCoordinator TransactionMarkerChannelManager"],
      ["org.apache.kafka.coordinator.transaction", "RPCProducerIdManager"],
      ["org.apache.kafka.server.transaction", "AddPartitionsToTxnManager"],
    ],
  ],
  [
    undefined,
    [
      ["", "LogFutureTimestampLogger"],
      ["com.yammer.metrics.reporting", "JmxReporter"],
      ["kafka.server", "BrokerServer ControllerRegistrationManager ControllerServer KafkaRaftServer ReplicationQuotaManager SharedServer"],
      ["kafka.server.metadata", "BrokerMetadataPublisher"],
      ["kafka.server.share", "ShareCoordinatorMetadataCacheHelperImpl"],
      ["kafka.utils", "Log4jControllerRegistration$"],
      ["org.apache.kafka.common.config", "AbstractConfig ConfigDef"],
      ["org.apache.kafka.common.metrics", "JmxReporter Metrics"],
      ["org.apache.kafka.common.metrics.stats", "Percentiles"],
      ["org.apache.kafka.common.protocol", "Errors"],
      ["org.apache.kafka.common.record.internal", "ControlRecordType"],
      ["org.apache.kafka.common.security.oauthbearer", "DefaultJwtRetriever"],
      ["org.apache.kafka.common.utils", "AppInfoParser KafkaThread LoggingSignalHandler ThreadUtils Utils"],
      [
        "org.apache.kafka.controller",
        "AclControlManager BrokerHeartbeatManager ClientQuotaControlManager ClusterControlManager DelegationTokenControlManager EventPerformanceMonitor FeatureControlManager OffsetControlManager PeriodicTaskControlManager ProducerIdControlManager QuorumController ReplicationControlManager ScramControlManager",
      ],
      [
        "org.apache.kafka.coordinator.common.runtime",
        "CoordinatorLoaderImpl CoordinatorRuntime MultiThreadedEventProcessor MultiThreadedEventProcessor$EventProcessorThread",
      ],
      ["org.apache.kafka.deferred", "DeferredEventQueue"],
      ["org.apache.kafka.image.loader", "MetadataBatchLoader MetadataLoader"],
      ["org.apache.kafka.image.publisher", "BrokerRegistrationTracker SnapshotEmitter SnapshotGenerator"],
      ["org.apache.kafka.metadata", "KRaftMetadataCache ListenerInfo"],
      ["org.apache.kafka.metadata.properties", "MetaPropertiesEnsemble"],
      ["org.apache.kafka.metadata.publisher", "AclPublisher FeaturesPublisher"],
      ["org.apache.kafka.metadata.util", "BatchFileReader"],
      ["org.apache.kafka.queue", "KafkaEventQueue"],
      [
        "org.apache.kafka.raft",
        "CandidateState FileQuorumStateStore KafkaNetworkChannel KafkaNetworkChannel$SendThread KafkaRaftClient KafkaRaftClientDriver LeaderState ProspectiveState QuorumState TimingWheelExpirationService$ExpiredOperationReaper UnattachedState",
      ],
      [
        "org.apache.kafka.raft.internals",
        "AddVoterHandler DefaultRequestSender KRaftControlRecordStateMachine KafkaRaftLog RecordsIterator RemoveVoterHandler UpdateVoterHandler VoterSetHistory",
      ],
      [
        "org.apache.kafka.server",
        "AssignmentsManager BrokerFeatures BrokerLifecycleManager DelayedActionQueue FetchSessionCacheShard NodeToControllerChannelManagerImpl NodeToControllerRequestThread",
      ],
      ["org.apache.kafka.server.config", "ConfigSynonym DynamicProducerStateManagerConfig"],
      ["org.apache.kafka.server.fault", "LoggingFaultHandler ProcessTerminatingFaultHandler"],
      ["org.apache.kafka.server.logger", "LoggingController"],
      ["org.apache.kafka.server.metrics", "LinuxIoMetricsCollector"],
      ["org.apache.kafka.server.purgatory", "DelayedOperationPurgatory DelayedOperationPurgatory$ExpiredOperationReaper"],
      ["org.apache.kafka.server.quota", "ClientQuotaManager ClientQuotaManager$ThrottledChannelReaper ControllerMutationQuotaManager"],
      ["org.apache.kafka.server.util", "FileLock KafkaScheduler NetworkPartitionMetadataClient"],
      ["org.apache.kafka.server.util.timer", "SystemTimerReaper$Reaper"],
      ["org.apache.kafka.snapshot", "Snapshots"],
      ["org.apache.kafka.storage.log.metrics", "BrokerTopicStats"],
      ["org.apache.kafka.timeline", "SnapshotRegistry"],
    ],
  ],
];

/** Components by the names of loggers. */
export const KAFKA_LOGGERS: ReadonlyMap<string, string | undefined> = new Map(
  NAMES.flatMap(([component, packages]) =>
    packages.flatMap(([name, loggers]) =>
      loggers.split(" ").map((logger) => [name === "" ? logger : `${name}.${logger}`, component] as const),
    ),
  ),
);
