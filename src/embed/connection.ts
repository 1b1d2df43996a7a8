// What clients are given to connect, in the words of each.

/** Who connects, where the broker was started with `users`. */
export interface ClientLogin {
  readonly user: string;
  /** Default "PLAIN". */
  readonly mechanism?: SaslMechanism;
  /** Default: the user's own. */
  readonly password?: string;
}

export type SaslMechanism = "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";

/** Where the broker was started with `tls`, the options say whom to trust. */
export interface ClientConnections {
  /** `new Kafka(broker.connection.kafkajs())`, of kafkajs. */
  kafkajs(login?: ClientLogin): { clientId: string; brokers: string[]; ssl?: { ca: string[] }; sasl?: KafkaJsSasl };
  /** `new KafkaJS.Kafka(broker.connection.confluent())`, of @confluentinc/kafka-javascript; also librdkafka's own words. */
  confluent(login?: ClientLogin): { "bootstrap.servers": string; "client.id": string } & LibrdkafkaSecurity;
  /** `new Producer({ ...broker.connection.platformatic(), serializers })`, of @platformatic/kafka. */
  platformatic(login?: ClientLogin): { clientId: string; bootstrapBrokers: string[]; tls?: { ca: string }; sasl?: PlatformaticSasl };
}

export type KafkaJsSasl = { [Name in SaslMechanism]: { mechanism: Lowercase<Name>; username: string; password: string } }[SaslMechanism];

export interface PlatformaticSasl {
  mechanism: SaslMechanism;
  username: string;
  password: string;
}

export interface LibrdkafkaSecurity {
  "security.protocol"?: "ssl" | "sasl_plaintext" | "sasl_ssl";
  "ssl.ca.pem"?: string;
  "sasl.mechanisms"?: SaslMechanism;
  "sasl.username"?: string;
  "sasl.password"?: string;
}

export interface ConnectionsOptions {
  readonly brokers: () => string[];
  readonly users: Readonly<Record<string, string>>;
  /** The certificate of whoever issued the brokers'; `undefined`: they speak no TLS. */
  readonly ca: string | undefined;
  readonly clientId?: string;
}

/** What is asked of a login throws RangeError for a user that the broker was not given. */
export function connectionsTo({ brokers, users, ca, clientId = "test" }: ConnectionsOptions): ClientConnections {
  const complete = ({ user, mechanism = "PLAIN", password }: ClientLogin): PlatformaticSasl => {
    const known = Object.hasOwn(users, user) ? users[user] : undefined;
    const given = password ?? known;
    if (given === undefined)
      throw new RangeError(`the broker was started without a user "${user}"; it has ${Object.keys(users).join(", ") || "none"}`);
    return { mechanism, username: user, password: given };
  };
  return {
    kafkajs: (login) => ({
      clientId,
      brokers: brokers(),
      ...(ca === undefined ? {} : { ssl: { ca: [ca] } }),
      ...(login === undefined ? {} : { sasl: kafkaJsSasl(complete(login)) }),
    }),
    confluent: (login) => ({
      "bootstrap.servers": brokers().join(","),
      "client.id": clientId,
      ...librdkafkaSecurity(ca, login === undefined ? undefined : complete(login)),
    }),
    platformatic: (login) => ({
      clientId,
      bootstrapBrokers: brokers(),
      ...(ca === undefined ? {} : { tls: { ca } }),
      ...(login === undefined ? {} : { sasl: complete(login) }),
    }),
  };
}

function kafkaJsSasl({ mechanism, username, password }: PlatformaticSasl): KafkaJsSasl {
  switch (mechanism) {
    case "PLAIN":
      return { mechanism: "plain", username, password };
    case "SCRAM-SHA-256":
      return { mechanism: "scram-sha-256", username, password };
    case "SCRAM-SHA-512":
      return { mechanism: "scram-sha-512", username, password };
  }
}

function librdkafkaSecurity(ca: string | undefined, sasl: PlatformaticSasl | undefined): LibrdkafkaSecurity {
  if (ca === undefined && sasl === undefined) return {};
  return {
    "security.protocol": sasl === undefined ? "ssl" : ca === undefined ? "sasl_plaintext" : "sasl_ssl",
    ...(ca === undefined ? {} : { "ssl.ca.pem": ca }),
    ...(sasl === undefined ? {} : { "sasl.mechanisms": sasl.mechanism, "sasl.username": sasl.username, "sasl.password": sasl.password }),
  };
}
