// Why a setting has no effect here: one reason for each that is accepted, checked, described and then not heeded. The table of settings
// says which those are; a test holds both together. Plug-ins' own settings, which no table has, are in passed-over-settings.ts.

import type { Setting } from "./setting.ts";

/** A name that ends with a dot stands for all that begin with it; the longest name counts. */
const REASONS: readonly (readonly [reason: string, names: readonly string[]])[] = [
  [
    "the metadata store stands where Kafka has its KRaft quorum",
    [
      "controller.",
      "initial.broker.registration.timeout.ms",
      "internal.metadata.",
      "metadata.",
      "process.roles",
      "server.max.startup.time.ms",
    ],
  ],
  [
    "brokers share their logs and copy nothing between machines",
    [
      "alter.log.dirs.replication.",
      "follower.replication.throttled.replicas",
      "leader.replication.throttled.replicas",
      "num.replica.",
      "replica.",
      "replication.quota.",
      "unclean.leader.election.interval.ms",
    ],
  ],
  ["a broker that stops always hands over what it leads", ["controlled.shutdown.enable"]],
  [
    "leaders are moved when it is asked for, not in the background",
    ["auto.leader.rebalance.enable", "leader.imbalance.check.interval.seconds"],
  ],
  [
    "there is no tiered storage",
    [
      "follower.fetch.last.tiered.offset.enable",
      "local.retention.",
      "log.local.retention.",
      "remote.fetch.",
      "remote.list.",
      "remote.log.",
      "remote.storage.enable",
    ],
  ],
  ["TLS is Node's own, not the JVM's", ["ssl."]],
  ["brokers log in to nobody by SASL, and there are no Java classes and no Kerberos", ["sasl."]],
  [
    "brokers prove to each other who they are by keys of their own: they need neither a login nor certificates that others trust",
    ["sasl.mechanism.inter.broker.protocol", "ssl.endpoint.identification.algorithm"],
  ],
  ["there are no JMX metrics", ["kafka.metrics.", "metric.reporters", "metrics."]],
  [
    "Java classes are not loaded",
    [
      "alter.config.policy.class.name",
      "client.quota.callback.class",
      "config.providers",
      "create.topic.policy.class.name",
      "group.share.persister.class.name",
      "principal.builder.class",
      "security.providers",
    ],
  ],
  [
    "one thread does all the work",
    [
      "background.threads",
      "group.coordinator.background.threads",
      "group.coordinator.threads",
      "log.cleaner.threads",
      "num.io.threads",
      "num.network.threads",
      "num.recovery.threads.per.data.dir",
      "share.coordinator.threads",
    ],
  ],
  [
    "requests that wait are dropped as soon as they are answered",
    [
      "delete.records.purgatory.purge.interval.requests",
      "fetch.purgatory.purge.interval.requests",
      "producer.purgatory.purge.interval.requests",
      "share.fetch.purgatory.purge.interval.requests",
    ],
  ],
  ["a connection is read no further while a request of it is under way", ["queued.max.requests"]],
  ["brokers give each other up at request.timeout.ms", ["socket.connection."]],
  ["sockets are left as the system makes them", ["socket.listen.", "socket.receive.", "socket.send."]],
  ["all listeners are opened together", ["early.start.listeners"]],
  ["there is one log folder", ["cordoned.log.dirs", "log.dir.failure.timeout.ms"]],
  ["files grow as they are written", ["log.preallocate", "preallocate"]],
  ["lz4 is compressed at one level", ["compression.lz4.level"]],
  ["log start offsets are written at once", ["log.flush.start.offset.checkpoint.interval.ms"]],
  ["producers are forgotten whenever retention is looked at", ["producer.id.expiration.check.interval.ms"]],
  [
    "coordinators write at once and uncompressed, and load with buffers of their own",
    [
      "group.coordinator.append.linger.ms",
      "group.coordinator.cached.buffer.max.bytes",
      "offsets.load.buffer.size",
      "offsets.topic.compression.codec",
      "share.coordinator.append.linger.ms",
      "share.coordinator.cached.buffer.max.bytes",
      "share.coordinator.load.buffer.size",
      "share.coordinator.state.topic.compression.codec",
      "transaction.state.log.load.buffer.size",
    ],
  ],
  ["state that could not begin is asked for again by the next heartbeat", ["group.share.initialize.retry.interval.ms"]],
  ["what is in development is not offered", ["unstable."]],
];

/** In words that go on after "no effect:"; `undefined` when none is known. */
export function reasonWithoutEffect(name: string): string | undefined {
  let longest = "";
  let found: string | undefined;
  for (const [reason, names] of REASONS) {
    for (const candidate of names) {
      const fits = candidate === name || (candidate.endsWith(".") && name.startsWith(candidate));
      if (fits && candidate.length > longest.length) [longest, found] = [candidate, reason];
    }
  }
  return found;
}

/** For the test that no entry is left over. */
export function namesWithReasons(): readonly string[] {
  return REASONS.flatMap(([, names]) => names);
}

/** What the setting is for, and, where it does nothing, why. */
export function documentationOf(name: string, { documentation, rules }: Setting): string {
  if (rules.honoured) return documentation;
  return `${documentation} Accepted without effect: ${reasonWithoutEffect(name) ?? "it is not supported"}.`;
}
