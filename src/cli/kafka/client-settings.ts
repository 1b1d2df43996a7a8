// Settings of Kafka's clients as the console tools take them: a file, then `name=value` flags, then the flags that have a setting's place.
// What is wrong with a value is said in the client's words.

import { FlagError, type Flags } from "./flags.ts";
import { clientSettings, type Io } from "./tool.ts";

export type Settings = ReadonlyMap<string, string>;

/** Flags that do the same. */
export interface Renamed {
  readonly current: string;
  readonly old: string;
  /** How a complaint about both begins. */
  readonly isOldFirst?: boolean;
}

/** `what` begins the notice about an older name. Raises FlagError where both names of one are given. */
export function refuseBoth(flags: Flags, renamed: readonly Renamed[], { io, what }: { readonly io: Io; readonly what: string }): void {
  for (const { current, old, isOldFirst = false } of renamed) {
    const names = isOldFirst ? [old, current] : [current, old];
    if (names.every((name) => flags.has(name)))
      throw new FlagError(`Options ${names.map((name) => `--${name}`).join(" and ")} cannot be specified together.`);
  }
  for (const { current, old } of renamed)
    if (flags.has(old)) io.out(`${what} --${old} is deprecated and will be removed in a future version. Use --${current} instead.`);
}

/** From the files of these flags, then from the properties of those. */
export function settingsOf(
  flags: Flags,
  { files, properties }: { readonly files: readonly string[]; readonly properties: readonly string[] },
) {
  const settings = new Map(files.flatMap((name) => [...clientSettings(flags.get(name))]));
  for (const name of properties) for (const text of flags.all(name)) addProperty(settings, text);
  return settings;
}

/** `name=value`; what has no equals sign gets an empty value. */
export function addProperty(properties: Map<string, string>, text: string): void {
  const at = text.indexOf("=");
  properties.set(at < 0 ? text : text.slice(0, at), at < 0 ? "" : text.slice(at + 1));
}

export function numberSetting(
  settings: Settings,
  name: string,
  { byDefault, least = 0 }: { readonly byDefault: number; readonly least?: number },
): number {
  const text = settings.get(name)?.trim();
  if (text === undefined) return byDefault;
  if (!/^[+-]?\d+$/.test(text)) throw invalid(name, text, "Not a number");
  if (Number(text) < least) throw invalid(name, text, `Value must be at least ${least}`);
  return Number(text);
}

export function booleanSetting(settings: Settings, name: string, byDefault: boolean): boolean {
  const text = settings.get(name)?.trim();
  if (text === undefined) return byDefault;
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
  throw invalid(name, text, "Expected value to be either true or false");
}

export function choiceSetting<Choice extends string>(
  settings: Settings,
  name: string,
  { choices, byDefault }: { readonly choices: readonly Choice[]; readonly byDefault: Choice },
): Choice {
  const text = settings.get(name)?.trim() ?? byDefault;
  const choice = choices.find((known) => known === text);
  if (choice === undefined) throw invalid(name, text, `String must be one of: ${choices.join(", ")}`);
  return choice;
}

export function invalid(name: string, value: string, why: string): FlagError {
  return configError(`Invalid value ${value} for configuration ${name}: ${why}`);
}

const CONFIG_EXCEPTION = "org.apache.kafka.common.config.ConfigException: ";

/** As a client of Kafka's fails that cannot be made. */
export function configError(sentence: string): FlagError {
  return new FlagError(`${CONFIG_EXCEPTION}${sentence}`, { isTerse: true });
}

/** Gives what `read` gives; what it raises about settings begins with the sentence, as in tools that catch what their client raises. */
export function sentenceFirst<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FlagError) || !error.message.startsWith(CONFIG_EXCEPTION)) throw error;
    throw new FlagError(`${error.message.slice(CONFIG_EXCEPTION.length)}\n${error.message}`, { isTerse: true });
  }
}
