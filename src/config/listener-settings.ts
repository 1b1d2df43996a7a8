// Settings of one listener: `listener.name.<its name in lower case>.` before the name of a broker's setting, or, where a SASL mechanism has it
// for itself, `listener.name.<name>.<mechanism in lower case>.`.

const LISTENER_PREFIX = /^listener\.name\.[^.]+\./;
const MECHANISM_PREFIX = /^(?:gssapi|oauthbearer|plain|scram-sha-256|scram-sha-512)\./;

/** The broker's setting that a name with a listener's prefix is about; `undefined` for any other name. */
export function listenerSettingBase(name: string): string | undefined {
  return LISTENER_PREFIX.test(name) ? name.replace(LISTENER_PREFIX, "") : undefined;
}

/** The broker's setting that the rest of such a name is about, without a mechanism's prefix. */
export function withoutMechanism(base: string): string {
  return base.replace(MECHANISM_PREFIX, "");
}

export function listenerSettingName(listener: string, base: string): string {
  return `listener.name.${listener.toLowerCase()}.${base}`;
}

/** The listener, in lower case, that such a name is about. */
export function listenerOfSetting(name: string): string {
  return name.split(".")[2] ?? "";
}

/** Whether the rest of such a name is about how clients log in at the listener. */
export function isOfLogins(base: string): boolean {
  return OF_LOGINS.has(withoutMechanism(base));
}

/** Whether it says what the broker reads from elsewhere, which whoever starts it decides and no client. */
export function isOfKeyAddress(name: string): boolean {
  return withoutMechanism(listenerSettingBase(name) ?? name) === "sasl.oauthbearer.jwks.endpoint.url";
}

const OF_LOGINS: ReadonlySet<string> = new Set([
  "connection.failed.authentication.delay.ms",
  "connections.max.reauth.ms",
  "odradek.users",
  "sasl.enabled.mechanisms",
  "sasl.jaas.config",
  "sasl.oauthbearer.clock.skew.seconds",
  "sasl.oauthbearer.expected.audience",
  "sasl.oauthbearer.expected.issuer",
  "sasl.oauthbearer.jwks.endpoint.refresh.ms",
  "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms",
  "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms",
  "sasl.oauthbearer.jwks.endpoint.url",
  "sasl.oauthbearer.jwt.validator.class",
  "sasl.oauthbearer.scope.claim.name",
  "sasl.oauthbearer.sub.claim.name",
  "sasl.server.callback.handler.class",
  "sasl.server.max.receive.size",
]);

type Side = "keystore" | "truststore";
export type StoreSetting =
  | `ssl.${Side}.${"location" | "password" | "type"}`
  | `ssl.${"key.password" | "keystore.certificate.chain" | "keystore.key" | "truststore.certificates"}`;

/** Of key and trust stores, which may be replaced while a listener is open: see Kafka's SslConfigs.RECONFIGURABLE_CONFIGS. */
export const STORE_SETTINGS: ReadonlySet<StoreSetting> = new Set([
  "ssl.key.password",
  "ssl.keystore.certificate.chain",
  "ssl.keystore.key",
  "ssl.keystore.location",
  "ssl.keystore.password",
  "ssl.keystore.type",
  "ssl.truststore.certificates",
  "ssl.truststore.location",
  "ssl.truststore.password",
  "ssl.truststore.type",
]);

export function isStoreSetting(name: string): boolean {
  const names: ReadonlySet<string> = STORE_SETTINGS;
  return names.has(name);
}
