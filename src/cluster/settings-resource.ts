// What has settings that clients alter while the cluster runs, beside topics, which carry their own in their image.

export type SettingsKind = "broker" | "group" | "clientMetrics";

export interface SettingsResource {
  readonly kind: SettingsKind;
  /** Of a broker its id in decimal, or "" for all brokers; else the name of the group or subscription. */
  readonly name: string;
}

export interface ResourceSettings extends SettingsResource {
  /** As text, by Kafka's names; never empty. */
  readonly values: Readonly<Record<string, string>>;
}

/** What holds for all brokers that have nothing of their own. */
export const ALL_BROKERS = "";

export function settingsKey({ kind, name }: SettingsResource): string {
  return `${kind} ${name}`;
}

const NOTHING: Readonly<Record<string, string>> = {};

/** What was set on a resource. */
export function valuesOf(
  settings: ReadonlyMap<string, ResourceSettings>,
  kind: SettingsKind,
  name: string,
): Readonly<Record<string, string>> {
  return settings.get(settingsKey({ kind, name }))?.values ?? NOTHING;
}
