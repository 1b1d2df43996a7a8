// Settings of one listener: `listener.name.<its name in lower case>.` before the name of a broker's setting.

const LISTENER_PREFIX = /^listener\.name\.[^.]+\./;

/** The broker's setting that a name with a listener's prefix is about; `undefined` for any other name. */
export function listenerSettingBase(name: string): string | undefined {
  return LISTENER_PREFIX.test(name) ? name.replace(LISTENER_PREFIX, "") : undefined;
}

export function listenerSettingName(listener: string, base: string): string {
  return `listener.name.${listener.toLowerCase()}.${base}`;
}

/** The listener, in lower case, that such a name is about. */
export function listenerOfSetting(name: string): string {
  return name.split(".")[2] ?? "";
}

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
