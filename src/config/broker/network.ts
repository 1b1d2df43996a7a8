// Listeners, connections and requests.

import { int, list, long, str } from "../setting.ts";

const honoured = true;
const clusterWide = "cluster-wide";
const perBroker = "per-broker";

export const networkSettings = {
  "advertised.listeners": list(null, "Addresses that clients are told to connect to, where they differ from the listeners.", {
    honoured,
    nonEmpty: true,
  }),
  "background.threads": int(10, "Threads for background work.", { dynamic: clusterWide, min: 1 }),
  "connection.failed.authentication.delay.ms": int(100, "Delay before a connection is closed that failed to authenticate.", {
    honoured,
    min: 0,
  }),
  "connections.max.idle.ms": long(600_000, "A connection without requests for this long is closed.", { honoured }),
  "connections.max.reauth.ms": long(0, "Longest time until a SASL connection must authenticate again; 0 means never.", {
    honoured,
  }),
  "delete.records.purgatory.purge.interval.requests": int(1, "Finished DeleteRecords requests after which their remains are swept up."),
  "early.start.listeners": list(null, "Listeners that are opened before the broker is ready to serve."),
  "fetch.max.bytes": int(57_671_680, "Largest answer to one fetch request.", { honoured, min: 1024 }),
  "fetch.purgatory.purge.interval.requests": int(1000, "Finished fetch requests after which their remains are swept up."),
  "inter.broker.listener.name": str(null, "Listener over which brokers talk to each other.", { honoured }),
  "listener.security.protocol.map": str(
    "SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT",
    "Security protocol of each listener name.",
    { honoured, dynamic: perBroker },
  ),
  listeners: list(
    ["PLAINTEXT://:9092"],
    "Addresses to listen on, as NAME://host:port; those that are not advertised may come and go while the broker runs.",
    {
      honoured,
      nonEmpty: true,
      dynamic: perBroker,
    },
  ),
  "max.connection.creation.rate": int(2_147_483_647, "Most new connections a second; those that come faster wait.", {
    honoured,
    dynamic: clusterWide,
    min: 0,
  }),
  "max.connections": int(2_147_483_647, "Most connections at a time; those beyond wait until others have ended.", {
    honoured,
    dynamic: clusterWide,
    min: 0,
  }),
  "max.connections.per.ip": int(2_147_483_647, "Most connections at a time from one address.", { honoured, dynamic: clusterWide, min: 0 }),
  "max.connections.per.ip.overrides": str("", "That limit for single addresses, as host:count.", {
    honoured,
    dynamic: clusterWide,
  }),
  "max.incremental.fetch.session.cache.slots": int(1000, "Most fetch sessions that are kept.", { honoured, min: 0 }),
  "max.request.partition.size.limit": int(2000, "Most partitions in one answer to DescribeTopicPartitions.", { honoured, min: 1 }),
  "num.io.threads": int(8, "Threads that handle requests.", { dynamic: clusterWide, min: 1 }),
  "num.network.threads": int(3, "Threads that read and write sockets.", { dynamic: clusterWide, min: 1 }),
  "producer.purgatory.purge.interval.requests": int(1000, "Finished produce requests after which their remains are swept up."),
  "queued.max.request.bytes": long(
    -1,
    "Bytes announced by requests that are being received, over all connections, beyond which none is begun that a read does not give whole; -1 means no limit.",
    { honoured },
  ),
  "queued.max.requests": int(500, "Requests that may wait before the sockets are no longer read.", { min: 1 }),
  "request.timeout.ms": int(30_000, "Deadline of requests from broker to broker.", { honoured }),
  "socket.connection.setup.timeout.max.ms": long(
    30_000,
    "Longest time that a connection to another node may take to be made after failed attempts.",
  ),
  "socket.connection.setup.timeout.ms": long(10_000, "How long a connection to another node may take to be made at the first attempt."),
  "socket.listen.backlog.size": int(50, "Connections that may wait to be accepted.", { min: 1 }),
  "socket.receive.buffer.bytes": int(102_400, "Receive buffer of sockets; -1 leaves it to the system."),
  "socket.request.max.bytes": int(104_857_600, "Largest request; a connection that announces a larger one is closed.", {
    honoured,
    min: 1,
  }),
  "socket.send.buffer.bytes": int(102_400, "Send buffer of sockets; -1 leaves it to the system."),
};
