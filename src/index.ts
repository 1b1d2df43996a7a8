// The public interface of the package: brokers inside the process that asks for them.

import "./base/node-version.ts";

export type { Logger } from "./base/logger.ts";
export type { NewTopic } from "./broker/broker-options.ts";
export { SettingError } from "./config/setting.ts";
export { BrokerError } from "./embed/broker-error.ts";
export type { BrokerFaults, LastingFault, LockedRecords } from "./embed/broker-faults.ts";
export type { ClientConnections } from "./embed/connection.ts";
export type { BrokerEvents, SharedRecords } from "./embed/events.ts";
export { type Assertion, assertions } from "./embed/expectations.ts";
export type { GroupKit, GroupMember, GroupOffset, GroupView } from "./embed/group-kit.ts";
export type { OAuthKit, TokenOptions } from "./embed/oauth-kit.ts";
export type { QuotaHolder, QuotaValues } from "./embed/quota-kit.ts";
export type { Decoder, ReadRecord, RecordView } from "./embed/records.ts";
export type { BrokerInfo, NewBroker, RunningBroker } from "./embed/running-broker.ts";
export { type ClusterOptions, type StartOptions, startBroker, startCluster } from "./embed/start.ts";
export type { TlsKit } from "./embed/tls-kit.ts";
export type { NewRecord, ProducedRecord, ReadOptions, TopicKit } from "./embed/topic-kit.ts";
export { type Waits, WaitTimeout } from "./embed/waits.ts";
export { type FaultAction, FaultError, type FaultFilter, type FaultMoment, type FaultRule } from "./faults/fault-rule.ts";
export type { ApiName, ErrorName, Fault, FaultBuilder, StruckRequest } from "./faults/faults.ts";
export { StorageError } from "./storage/storage-error.ts";
export type { Labels, Metric, MetricPoint } from "./telemetry/otlp.ts";
export type { PushedMetrics } from "./telemetry/pushed-metrics.ts";
