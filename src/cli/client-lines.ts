// What people copy to reach a broker that speaks TLS or asks for a login: a line for kafkajs, and the settings of Java's clients and of
// librdkafka's. Passwords are left for them to fill in.

import { isSaslProtocol, isTlsProtocol } from "../config/listener-rules.ts";
import { shortPath } from "./short-path.ts";

export interface ClientFacts {
  /** `host:port`, several joined by commas. */
  readonly bootstrapServers: string;
  /** What the listeners there speak. */
  readonly protocol: string;
  /** Who may log in: those that the start was given. */
  readonly users: readonly string[];
  /** Who issued the listener's certificate, where that was the broker itself. */
  readonly authority: IssuingAuthority | undefined;
}

export interface IssuingAuthority {
  /** Its certificate. */
  readonly pem: string;
  /** Where that is; `undefined` where nothing is kept. */
  readonly file: string | undefined;
}

type Properties = Readonly<Record<string, string>>;

const PASSWORD = "…";
const PLAIN_MODULE = "org.apache.kafka.common.security.plain.PlainLoginModule";
/** What an authority without a file is called in the lines: people save it so. */
const UNSAVED = "ca.pem";

export function kafkajsLine({ bootstrapServers, protocol, users, authority }: ClientFacts): string {
  const brokers = bootstrapServers.split(",").map((server) => JSON.stringify(server));
  const trusted = authority === undefined ? "true" : `{ ca: [readFileSync(${JSON.stringify(fileOf(authority, shortPath))})] }`;
  const ssl = isTlsProtocol(protocol) ? `, ssl: ${trusted}` : "";
  const [user] = users;
  const sasl = user === undefined ? "" : `, sasl: { mechanism: "plain", username: ${JSON.stringify(user)}, password: "${PASSWORD}" }`;
  return `new Kafka({ brokers: [${brokers.join(", ")}]${ssl}${sasl} })`;
}

/** `undefined` where nothing but the address is needed. */
export function javaProperties({ bootstrapServers, protocol, users: [user], authority }: ClientFacts): Properties | undefined {
  if (!isSecured(protocol)) return undefined;
  const quoted = (text: string) => `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
  return {
    "bootstrap.servers": bootstrapServers,
    "security.protocol": protocol,
    ...(authority === undefined ? {} : { "ssl.truststore.type": "PEM", "ssl.truststore.location": fileOf(authority) }),
    ...(user === undefined
      ? {}
      : { "sasl.mechanism": "PLAIN", "sasl.jaas.config": `${PLAIN_MODULE} required username=${quoted(user)} password="${PASSWORD}";` }),
  };
}

/** `undefined` where nothing but the address is needed. */
export function librdkafkaProperties({ bootstrapServers, protocol, users: [user], authority }: ClientFacts): Properties | undefined {
  if (!isSecured(protocol)) return undefined;
  return {
    "bootstrap.servers": bootstrapServers,
    "security.protocol": protocol,
    ...(authority === undefined ? {} : { "ssl.ca.location": fileOf(authority) }),
    ...(user === undefined ? {} : { "sasl.mechanisms": "PLAIN", "sasl.username": user, "sasl.password": PASSWORD }),
  };
}

function isSecured(protocol: string): boolean {
  return isTlsProtocol(protocol) || isSaslProtocol(protocol);
}

/** With slashes, which do everywhere: in a line of properties a backslash would have to be doubled. */
function fileOf({ file }: IssuingAuthority, shown = (path: string) => path): string {
  return file === undefined ? UNSAVED : shown(file).replaceAll("\\", "/");
}
