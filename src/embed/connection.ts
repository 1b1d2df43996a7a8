// What clients are given to connect, in the words of each.

import type { OAuthKit } from "./oauth-kit.ts";

/** Who connects, where the broker was started with `users` or with `oauth`. */
export interface ClientLogin {
  readonly user: string;
  /** Default: "PLAIN" for one of `users`, with `oauth` "OAUTHBEARER" for everybody else. */
  readonly mechanism?: SaslMechanism;
  /** Default: the user's own. */
  readonly password?: string;
}

export type SaslMechanism = PasswordMechanism | "OAUTHBEARER";
type PasswordMechanism = "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512";

/** Where the broker was started with `tls`, the options say whom to trust. */
export interface ClientConnections {
  /** `new Kafka(broker.connection.kafkajs())`, of kafkajs. */
  kafkajs(login?: ClientLogin): { clientId: string; brokers: string[]; ssl?: { ca: string[] }; sasl?: KafkaJsSasl };
  /** `new KafkaJS.Kafka(broker.connection.confluent())`, of @confluentinc/kafka-javascript; also librdkafka's own words. */
  confluent(login?: ClientLogin): { "bootstrap.servers": string; "client.id": string } & LibrdkafkaSecurity;
  /** `new Producer({ ...broker.connection.platformatic(), serializers })`, of @platformatic/kafka. */
  platformatic(login?: ClientLogin): { clientId: string; bootstrapBrokers: string[]; tls?: { ca: string }; sasl?: PlatformaticSasl };
}

export type KafkaJsSasl =
  | { [Name in PasswordMechanism]: { mechanism: Lowercase<Name>; username: string; password: string } }[PasswordMechanism]
  | { mechanism: "oauthbearer"; oauthBearerProvider: () => Promise<{ value: string }> };

export type PlatformaticSasl =
  | { mechanism: PasswordMechanism; username: string; password: string }
  | { mechanism: "OAUTHBEARER"; token: () => Promise<string> };

export interface LibrdkafkaSecurity {
  "security.protocol"?: "ssl" | "sasl_plaintext" | "sasl_ssl";
  "ssl.ca.pem"?: string;
  "sasl.mechanisms"?: SaslMechanism;
  "sasl.username"?: string;
  "sasl.password"?: string;
  "sasl.oauthbearer.method"?: "oidc";
  "sasl.oauthbearer.token.endpoint.url"?: string;
  "sasl.oauthbearer.client.id"?: string;
  "sasl.oauthbearer.client.secret"?: string;
}

export interface ConnectionsOptions {
  readonly brokers: () => string[];
  readonly users: Readonly<Record<string, string>>;
  /** `undefined`: nobody gives tokens. */
  readonly oauth: OAuthKit | undefined;
  /** The certificate of whoever issued the brokers'; `undefined`: they speak no TLS. */
  readonly ca: string | undefined;
  readonly clientId?: string;
}

/** A login with all that it needs. */
type CompleteLogin =
  | { readonly mechanism: PasswordMechanism; readonly user: string; readonly password: string }
  | { readonly mechanism: "OAUTHBEARER"; readonly user: string; readonly oauth: OAuthKit };

/** What is asked of a login throws RangeError for a user that the broker was not given. */
export function connectionsTo({ brokers, ca, clientId = "test", ...known }: ConnectionsOptions): ClientConnections {
  const complete = (login: ClientLogin | undefined) => (login === undefined ? undefined : completeLogin(login, known));
  return {
    kafkajs: (login) => {
      const sasl = complete(login);
      return {
        clientId,
        brokers: brokers(),
        ...(ca === undefined ? {} : { ssl: { ca: [ca] } }),
        ...(sasl === undefined ? {} : { sasl: kafkaJsSasl(sasl) }),
      };
    },
    confluent: (login) => ({
      "bootstrap.servers": brokers().join(","),
      "client.id": clientId,
      ...librdkafkaSecurity(ca, complete(login)),
    }),
    platformatic: (login) => {
      const sasl = complete(login);
      return {
        clientId,
        bootstrapBrokers: brokers(),
        ...(ca === undefined ? {} : { tls: { ca } }),
        ...(sasl === undefined ? {} : { sasl: platformaticSasl(sasl) }),
      };
    },
  };
}

function completeLogin(login: ClientLogin, { users, oauth }: Pick<ConnectionsOptions, "users" | "oauth">): CompleteLogin {
  const { user } = login;
  const password = login.password ?? (Object.hasOwn(users, user) ? users[user] : undefined);
  const { mechanism = password === undefined && oauth !== undefined ? "OAUTHBEARER" : "PLAIN" } = login;
  if (mechanism === "OAUTHBEARER") {
    if (oauth === undefined) throw new RangeError("the broker was started without oauth: true");
    return { mechanism, user, oauth };
  }
  if (password === undefined)
    throw new RangeError(`the broker was started without a user "${user}"; it has ${Object.keys(users).join(", ") || "none"}`);
  return { mechanism, user, password };
}

function kafkaJsSasl(login: CompleteLogin): KafkaJsSasl {
  switch (login.mechanism) {
    case "PLAIN":
      return { mechanism: "plain", username: login.user, password: login.password };
    case "SCRAM-SHA-256":
      return { mechanism: "scram-sha-256", username: login.user, password: login.password };
    case "SCRAM-SHA-512":
      return { mechanism: "scram-sha-512", username: login.user, password: login.password };
    case "OAUTHBEARER": {
      const { user: subject, oauth } = login;
      return { mechanism: "oauthbearer", oauthBearerProvider: async () => ({ value: await oauth.token({ subject }) }) };
    }
  }
}

function platformaticSasl(login: CompleteLogin): PlatformaticSasl {
  const { mechanism, user } = login;
  if (mechanism === "OAUTHBEARER") return { mechanism, token: () => login.oauth.token({ subject: user }) };
  return { mechanism, username: user, password: login.password };
}

function librdkafkaSecurity(ca: string | undefined, login: CompleteLogin | undefined): LibrdkafkaSecurity {
  if (ca === undefined && login === undefined) return {};
  return {
    "security.protocol": login === undefined ? "ssl" : ca === undefined ? "sasl_plaintext" : "sasl_ssl",
    ...(ca === undefined ? {} : { "ssl.ca.pem": ca }),
    ...(login === undefined ? {} : librdkafkaSasl(login)),
  };
}

/** librdkafka fetches tokens by itself. */
function librdkafkaSasl(login: CompleteLogin): LibrdkafkaSecurity {
  const { mechanism, user } = login;
  if (mechanism !== "OAUTHBEARER") return { "sasl.mechanisms": mechanism, "sasl.username": user, "sasl.password": login.password };
  return {
    "sasl.mechanisms": mechanism,
    "sasl.oauthbearer.method": "oidc",
    "sasl.oauthbearer.token.endpoint.url": login.oauth.tokenUrl,
    "sasl.oauthbearer.client.id": user,
    "sasl.oauthbearer.client.secret": "any",
  };
}
