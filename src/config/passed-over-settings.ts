// Settings that Kafka's table does not have and that configurations made for it carry all the same: what Kafka 4 dropped, and what only
// plug-ins and vendors read. Kafka passes over them, and so do we, with a notice.

const NAMES: ReadonlySet<string> = new Set([
  // Before Kafka 4.
  "advertised.host.name",
  "advertised.port",
  "broker.id.generation.enable",
  "control.plane.listener.name",
  "controlled.shutdown.max.retries",
  "controlled.shutdown.retry.backoff.ms",
  "delegation.token.master.key",
  "enable.zookeeper.securerandom",
  "group.coordinator.new.enable",
  "host.name",
  "inter.broker.protocol.version",
  "leader.imbalance.per.broker.percentage",
  "log.message.downconversion.enable",
  "log.message.format.version",
  "log.message.timestamp.difference.max.ms",
  "offsets.commit.required.acks",
  "port",
  "quota.consumer.default",
  "quota.producer.default",
  "reserved.broker.max.id",
]);

const PREFIXES: readonly string[] = [
  "config.providers.",
  "confluent.",
  "metrics.jmx.",
  "password.encoder.",
  "rlmm.config.",
  "rsm.config.",
  "zookeeper.",
];

export function isPassedOver(name: string): boolean {
  return NAMES.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix));
}
