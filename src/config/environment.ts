// Settings from the environment, named as Kafka's container images name them: KAFKA_LOG_RETENTION_HOURS is log.retention.hours;
// `__` stands for an underscore and `___` for a dash. Other KAFKA_… variables (KAFKA_OPTS, those of applications) are passed over.

import { isBrokerSetting } from "./broker-settings.ts";

const PREFIX = "KAFKA_";

export function environmentSettings(environment: { readonly [name: string]: string | undefined }): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [variable, value] of Object.entries(environment)) {
    if (value === undefined || !variable.startsWith(PREFIX)) continue;
    const name = settingName(variable);
    if (isBrokerSetting(name)) settings[name] = value;
  }
  return settings;
}

/** The variable that gives a setting, for messages. */
export function environmentVariable(setting: string): string {
  return PREFIX + setting.replaceAll("_", "__").replaceAll("-", "___").replaceAll(".", "_").toUpperCase();
}

function settingName(variable: string): string {
  return variable
    .slice(PREFIX.length)
    .toLowerCase()
    .replace(/_{1,3}/g, (run) => (run === "_" ? "." : run === "__" ? "_" : "-"));
}
