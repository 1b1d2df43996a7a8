// The settings that a start was given, by source and each with its place: --set, the environment, the settings file. And errors about them
// as sentences, which end with where the value came from.

import { readFileSync } from "node:fs";
import { messageOf } from "../client/client-error.ts";
import type { BrokerConfig, ConfigSources } from "../config/broker-config.ts";
import { brokerConfig, originsOf } from "../config/broker-config.ts";
import { brokerSettingTable, isBrokerSetting } from "../config/broker-settings.ts";
import { type Environment, readEnvironment, type UnknownVariable } from "../config/environment.ts";
import { isSharedWithClients } from "../config/foreign-variables.ts";
import type { Given, GivenSettings } from "../config/given-settings.ts";
import { parseProperties } from "../config/properties-file.ts";
import { SettingError } from "../config/setting.ts";
import { type CommandError, usageError } from "./command-error.ts";

export interface StartSources extends ConfigSources {
  readonly file: GivenSettings;
  readonly environment: GivenSettings;
  readonly argument: GivenSettings;
}

/** A setting that the environment decided. */
export interface VariableInEffect {
  readonly variable: string;
  /** As it was given; not that of a secret. */
  readonly value: string;
  /** Clients know a setting of that name, too, and it may have been meant for one. */
  readonly isClients: boolean;
}

export interface EnvironmentInEffect {
  readonly variables: readonly VariableInEffect[];
  readonly unknown: readonly UnknownVariable[];
}

export interface SourceArguments {
  readonly set?: readonly string[];
  readonly config?: string;
  readonly like?: string;
}

/** Raises a usage error. */
export function readSources(given: SourceArguments, environment: Environment): StartSources {
  if (given.like !== undefined && given.like !== "kafka") throw usageError(`--like ${given.like}: the one to be like is kafka`);
  const file = given.config === undefined ? new Map<string, Given>() : readSettingsFile(given.config);
  return {
    character: given.like === "kafka" ? "kafka" : "kind",
    file,
    environment: readEnvironment(environment, file).settings,
    argument: parseSettings(given.set ?? []),
  };
}

export function isGiven({ file, environment, argument }: StartSources, name: string): boolean {
  return [file, environment, argument].some((settings) => settings.has(name));
}

/** Of a setting that is true or false. */
export function isTurnedOn({ file, environment, argument }: StartSources, name: string): boolean {
  const given = argument.get(name) ?? environment.get(name) ?? file.get(name);
  return given?.value.trim().toLowerCase() === "true";
}

/** Raises a usage error. */
export function readConfig(sources: ConfigSources): BrokerConfig {
  try {
    return brokerConfig(sources);
  } catch (error) {
    throw error instanceof SettingError ? settingUsageError(error) : error;
  }
}

export function settingUsageError(error: SettingError): CommandError {
  const place = error.place === undefined ? "" : ` (given ${error.place})`;
  const hint = error.code === "UNKNOWN_SETTING" ? '; "odradek settings" lists them all' : "";
  return usageError(`${error.message}${place}${hint}`);
}

/** What of the environment counts in the end, in its order; what has no effect here is told elsewhere. */
export function environmentInEffect(config: BrokerConfig, environment: Environment, file: GivenSettings): EnvironmentInEffect {
  const { settings, unknown } = readEnvironment(environment, file);
  const variables = new Map<string, VariableInEffect>();
  for (const [name, { variable, value }] of settings) {
    if (!isBrokerSetting(name) || originsOf(config, name)[0]?.origin !== "environment") continue;
    const { type, rules } = brokerSettingTable[name];
    if (rules.honoured !== true || variables.has(variable)) continue;
    variables.set(variable, { variable, value: type === "PASSWORD" ? "[hidden]" : value, isClients: isSharedWithClients(name) });
  }
  return { variables: [...variables.values()], unknown };
}

function parseSettings(pairs: readonly string[]): GivenSettings {
  const settings = new Map<string, Given>();
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    // What comes after the name may be a password.
    if (at < 1) throw usageError(`--set ${/^[\w.-]*/.exec(pair)?.[0] ?? ""}…: a setting must be written key=value`);
    const name = pair.slice(0, at).trim();
    const value = pair.slice(at + 1);
    const earlier = settings.get(name);
    if (earlier !== undefined && earlier.value !== value)
      throw usageError(
        `--set ${isSecret(name) ? name : `${pair}: ${name}`} was given ${isSecret(name) ? "otherwise" : earlier.value} before`,
      );
    settings.set(name, { value, place: `with --set ${name}` });
  }
  return settings;
}

/** What a listener has for itself may be a password, too. */
function isSecret(name: string): boolean {
  return isBrokerSetting(name) ? brokerSettingTable[name].type === "PASSWORD" : true;
}

/** The last line of a key wins. */
function readSettingsFile(path: string): GivenSettings {
  try {
    const properties = parseProperties(readFileSync(path, "utf8"));
    return new Map(properties.map(({ key, value, lineNumber }) => [key, { value, place: `in ${path}, line ${lineNumber}` }]));
  } catch (error) {
    throw usageError(`--config ${path}: ${messageOf(error)}`);
  }
}
