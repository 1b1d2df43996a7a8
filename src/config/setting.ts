// The little language in which settings are declared: a setting is its type, default and rules as plain data, so that
// reading, validation, documentation and DescribeConfigs all derive from one table. A declaration costs one small object;
// nothing is compiled at load.
//
// Values: BOOLEAN is boolean, INT/SHORT/LONG/DOUBLE are numbers (Long.MAX_VALUE is MAX_INT64), LIST is a list of strings,
// STRING/CLASS/PASSWORD are strings. A setting whose default is null may be null.

/** Kafka's names of the types, as DescribeConfigs knows them. */
export type SettingType = "BOOLEAN" | "STRING" | "INT" | "SHORT" | "LONG" | "DOUBLE" | "LIST" | "CLASS" | "PASSWORD";

/** Which altering of a running broker Kafka permits; absent means read only. */
export type DynamicUpdate = "per-broker" | "cluster-wide";

export type SettingValue = boolean | number | string | readonly string[] | null;

export interface SettingRules {
  /** Has effect here; without it the setting is accepted, validated and described, and changes nothing. */
  readonly honoured?: boolean;
  readonly dynamic?: DynamicUpdate;
  /** Kafka hides it from DescribeConfigs. */
  readonly internal?: boolean;
  /** Kafka's table does not have it, a class that Kafka loads reads it: DescribeConfigs knows no more of it than that it is set. */
  readonly unlisted?: boolean;
  /** Smallest and largest number. */
  readonly min?: number;
  readonly max?: number;
  /** One number permitted outside of the bounds. */
  readonly or?: number;
  /** Permitted strings, or elements of a list. */
  readonly oneOf?: readonly string[];
  readonly ignoreCase?: boolean;
  /** Neither the empty text nor the empty list. */
  readonly nonEmpty?: boolean;
  /** Anything further: gives what is wrong in words, or undefined. Sees the parsed value. */
  readonly check?: (value: SettingValue, name: string) => string | undefined;
}

export interface Setting<Value extends SettingValue = SettingValue> {
  readonly type: SettingType;
  readonly default: Value;
  /** One sentence. */
  readonly documentation: string;
  readonly rules: SettingRules;
}

/** The one setting that Kafka treats in a way of its own, on every level. */
export const MIN_IN_SYNC_REPLICAS = "min.insync.replicas";

/** A table of settings by Kafka's names, and the values that it reads to. */
export type SettingTable = { readonly [name: string]: Setting };
export type ValuesOf<Table extends SettingTable> = { readonly [Name in keyof Table]: Table[Name]["default"] };

const NO_RULES: SettingRules = {};

function setting<Value extends SettingValue>(type: SettingType, value: Value, documentation: string, rules: SettingRules): Setting<Value> {
  return { type, default: value, documentation, rules };
}

export function bool(value: boolean, documentation = "", rules: SettingRules = NO_RULES): Setting<boolean> {
  return setting("BOOLEAN", value, documentation, rules);
}

export function int(value: number, documentation?: string, rules?: SettingRules): Setting<number>;
export function int(value: null, documentation?: string, rules?: SettingRules): Setting<number | null>;
export function int(value: number | null, documentation = "", rules: SettingRules = NO_RULES): Setting<number | null> {
  return setting("INT", value, documentation, rules);
}

export function short(value: number, documentation = "", rules: SettingRules = NO_RULES): Setting<number> {
  return setting("SHORT", value, documentation, rules);
}

export function long(value: number, documentation?: string, rules?: SettingRules): Setting<number>;
export function long(value: null, documentation?: string, rules?: SettingRules): Setting<number | null>;
export function long(value: number | null, documentation = "", rules: SettingRules = NO_RULES): Setting<number | null> {
  return setting("LONG", value, documentation, rules);
}

export function double(value: number, documentation = "", rules: SettingRules = NO_RULES): Setting<number> {
  return setting("DOUBLE", value, documentation, rules);
}

export function str(value: string, documentation?: string, rules?: SettingRules): Setting<string>;
export function str(value: null, documentation?: string, rules?: SettingRules): Setting<string | null>;
export function str(value: string | null, documentation = "", rules: SettingRules = NO_RULES): Setting<string | null> {
  return setting("STRING", value, documentation, rules);
}

export function list(value: readonly string[], documentation?: string, rules?: SettingRules): Setting<readonly string[]>;
export function list(value: null, documentation?: string, rules?: SettingRules): Setting<readonly string[] | null>;
export function list(
  value: readonly string[] | null,
  documentation = "",
  rules: SettingRules = NO_RULES,
): Setting<readonly string[] | null> {
  return setting("LIST", value, documentation, rules);
}

/** The name of a Java class: described faithfully, never loaded. */
export function javaClass(value: string, documentation?: string, rules?: SettingRules): Setting<string>;
export function javaClass(value: null, documentation?: string, rules?: SettingRules): Setting<string | null>;
export function javaClass(value: string | null, documentation = "", rules: SettingRules = NO_RULES): Setting<string | null> {
  return setting("CLASS", value, documentation, rules);
}

/** A secret: never printed or described. */
export function password(documentation = "", rules: SettingRules = NO_RULES): Setting<string | null> {
  return setting<string | null>("PASSWORD", null, documentation, rules);
}

export type SettingErrorCode = "UNKNOWN_SETTING" | "INVALID_VALUE" | "CONFLICT" | "MALFORMED_FILE";

/** What is wrong with a setting, in Kafka's words where Kafka has them: clients see the message with INVALID_CONFIG. */
export class SettingError extends Error {
  readonly code: SettingErrorCode;
  /** The setting's name, or empty where no single one is to blame. */
  readonly setting: string;
  /** Where the value was given, in words that follow "given"; `undefined` for a default, or a value from code. */
  readonly place: string | undefined;

  constructor(code: SettingErrorCode, setting: string, message: string, place?: string) {
    super(message);
    this.name = "SettingError";
    this.code = code;
    this.setting = setting;
    this.place = place;
  }

  /** The same, of a value that was given there. */
  at(place: string | undefined): SettingError {
    return new SettingError(this.code, this.setting, this.message, place);
  }
}
