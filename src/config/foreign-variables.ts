// Environment variables that begin as a broker's settings do and are none: of clients and the applications around them, of the JVM and the
// container images around Kafka, and those with which Kubernetes and Docker announce a service that is called kafka. They are passed over
// without a word; which broker settings clients have, too, is here as well.

/** What applications and clients call theirs, after KAFKA_. */
const CLIENT_NAMES: ReadonlySet<string> = new Set([
  "ACKS",
  "API_KEY",
  "API_SECRET",
  "BOOTSTRAP",
  "BOOTSTRAP_SERVER",
  "BOOTSTRAP_SERVERS",
  "BROKER",
  "BROKER_ADDRESS",
  "BROKER_HOST",
  "BROKER_LIST",
  "BROKER_PORT",
  "BROKER_URL",
  "BROKERS",
  "CLIENT_ID",
  "CONSUMER_GROUP",
  "CONSUMER_GROUP_ID",
  "ENABLED",
  "GROUP",
  "GROUP_ID",
  "HOST",
  "HOSTS",
  "PASSWORD",
  "SASL_MECHANISM",
  "SASL_PASSWORD",
  "SASL_USERNAME",
  "SECURITY_PROTOCOL",
  "SERVER",
  "SERVERS",
  "SSL",
  "TOPIC",
  "TOPICS",
  "TRANSACTIONAL_ID",
  "URI",
  "URL",
  "USER",
  "USERNAME",
]);

/** Bitnami's way to ask a broker for users, which is worth a word where they cannot be had. */
const USERS: ReadonlySet<string> = new Set(["CLIENT_USERS", "CLIENT_PASSWORDS"]);

/** Parts of applications, tools that stand beside a broker. */
const CLIENT_PREFIXES = ["ADMIN_", "CLIENT_", "CONNECT_", "CONSUMER_", "PRODUCER_", "REST_", "STREAMS_", "TOPIC_", "TOPICS_", "UI_"];

/** Of scripts and images, after KAFKA_. */
const IMAGE_NAMES: ReadonlySet<string> = new Set([
  "ADVERTISED_PROTOCOL_NAME",
  "BASE_DIR",
  "CLUSTER_ID",
  "CONF_DIR",
  "CREATE_TOPICS",
  "CREATE_TOPICS_SEPARATOR",
  "DAEMON_GROUP",
  "DAEMON_USER",
  "DATA_DIR",
  "DEBUG",
  "ENABLE_KRAFT",
  "GC_LOG_OPTS",
  "HEAP_OPTS",
  "HOME",
  "INITIAL_CONTROLLERS",
  "INITSCRIPTS_DIR",
  "JVM_PERFORMANCE_OPTS",
  "KRAFT_CLUSTER_ID",
  "MOUNTED_CONF_DIR",
  "OPTS",
  "PROTOCOL_NAME",
  "SKIP_KRAFT_STORAGE_INIT",
  "VERSION",
  "VOLUME_DIR",
]);
const IMAGE_PREFIXES = ["JMX_", "LOG4J_", "LOG4J2_", "TOOLS_"];

/** KAFKA_SERVICE_HOST, KAFKA_PORT_9092_TCP_ADDR, KAFKA_UI_SERVICE_PORT, and KAFKA_PORT=tcp://10.0.0.1:9092. */
const SERVICE_LINK = /^KAFKA_(?:\w+_)?(?:SERVICE_(?:HOST|PORT)|PORT_\d+_(?:TCP|UDP))(?:_\w+)?$/;

export function isServiceLink(variable: string, value: string): boolean {
  return SERVICE_LINK.test(variable) || (variable === "KAFKA_PORT" && value.includes("://"));
}

/** Asked of what is no setting of a broker. */
export function isForeignVariable(variable: string): boolean {
  const name = variable.replace(/^KAFKA_/, "");
  if (CLIENT_NAMES.has(name) || IMAGE_NAMES.has(name)) return true;
  return !USERS.has(name) && [...CLIENT_PREFIXES, ...IMAGE_PREFIXES].some((prefix) => name.startsWith(prefix));
}

/** Settings with effect that a producer, a consumer or librdkafka has under the same name. */
const SHARED_WITH_CLIENTS: ReadonlySet<string> = new Set([
  "compression.gzip.level",
  "compression.lz4.level",
  "compression.type",
  "compression.zstd.level",
  "connections.max.idle.ms",
  "fetch.max.bytes",
  "message.max.bytes",
  "request.timeout.ms",
]);

export function isSharedWithClients(setting: string): boolean {
  return SHARED_WITH_CLIENTS.has(setting) || setting.startsWith("ssl.");
}
