// Settings that Kafka 4 dropped. Old server.properties files still carry them; Kafka passes over them, and so do we.

const REMOVED: ReadonlySet<string> = new Set([
  "control.plane.listener.name",
  "delegation.token.master.key",
  "enable.zookeeper.securerandom",
  "inter.broker.protocol.version",
  "log.message.downconversion.enable",
  "log.message.format.version",
  "log.message.timestamp.difference.max.ms",
  "offsets.commit.required.acks",
  "password.encoder.secret",
  "reserved.broker.max.id",
]);

export function isRemovedSetting(name: string): boolean {
  return REMOVED.has(name) || name.startsWith("zookeeper.");
}
