// Settings as text, read and printed as Kafka does: numbers in Java's notation, lists joined by commas, spaces around a value
// ignored. Error messages are Kafka's (`ConfigDef`), since clients show them.

import { MAX_INT64 } from "../../protocol/wire/int64.ts";
import { type Setting, SettingError, type SettingRules, type SettingValue } from "./setting.ts";

const MAX_INT64_TEXT = "9223372036854775807";
const BITS = { SHORT: 16n, INT: 32n, LONG: 64n } as const;

/** The value that `text` stands for; raises INVALID_VALUE. */
export function parseSetting(name: string, setting: Setting, text: string): SettingValue {
  const value = parseValue(name, setting, text.trim(), text);
  validate(name, setting, value);
  return value;
}

/** The value as DescribeConfigs prints it; null stays null. */
export function printSetting(setting: Setting, value: SettingValue): string | null {
  if (value === null) return null;
  if (typeof value === "object") return value.join(",");
  if (typeof value === "number") return setting.type === "DOUBLE" ? printDouble(value) : printInteger(value);
  return String(value);
}

function parseValue(name: string, setting: Setting, text: string, original: string): SettingValue {
  switch (setting.type) {
    case "BOOLEAN": {
      const lowerCase = text.toLowerCase();
      if (lowerCase !== "true" && lowerCase !== "false") throw invalid(name, original, "Expected value to be either true or false");
      return lowerCase === "true";
    }
    case "SHORT":
    case "INT":
    case "LONG":
      return parseInteger(name, setting.type, text, original);
    case "DOUBLE":
      if (!/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) throw invalid(name, original, "Not a number of type DOUBLE");
      return Number(text);
    case "LIST":
      return parseList(name, text);
    case "STRING":
    case "CLASS":
      return text;
    case "PASSWORD":
      return original;
  }
}

function parseInteger(name: string, type: "SHORT" | "INT" | "LONG", text: string, original: string): number {
  if (/^[+-]?\d+$/.test(text)) {
    const exact = BigInt(text.startsWith("+") ? text.slice(1) : text);
    if (BigInt.asIntN(Number(BITS[type]), exact) === exact) return Number(exact);
  }
  throw invalid(name, original, `Not a number of type ${type}`);
}

/** An empty text is the empty list; what stands twice counts once, as in Kafka. */
function parseList(name: string, text: string): readonly string[] {
  if (text === "") return [];
  const elements = text.split(",").map((element) => element.trim());
  if (elements.includes("")) throw new SettingError("INVALID_VALUE", name, `Configuration '${name}' values must not be empty.`);
  return [...new Set(elements)];
}

function validate(name: string, setting: Setting, value: SettingValue): void {
  const { rules, type } = setting;
  if (type === "LIST" && typeof value === "object" && value !== null) {
    if (rules.nonEmpty && value.length === 0) {
      const values = rules.oneOf === undefined ? "any non-empty value" : `[${rules.oneOf.join(", ")}]`;
      throw new SettingError("INVALID_VALUE", name, `Configuration '${name}' must not be empty. Valid values include: ${values}`);
    }
    for (const element of value) complain(name, element, wordComplaint(rules, element));
    complain(name, `[${value.join(", ")}]`, rules.check?.(value, name));
  } else {
    const shown = type === "PASSWORD" ? "[hidden]" : (printSetting(setting, value) ?? "null");
    complain(name, shown, complaint(rules, value) ?? rules.check?.(value, name));
  }
}

function complain(name: string, shown: string, wrong: string | undefined): void {
  if (wrong !== undefined) throw invalid(name, shown, wrong);
}

function complaint(rules: SettingRules, value: SettingValue): string | undefined {
  if (typeof value === "number") return numberComplaint(rules, value);
  if (typeof value !== "string") return undefined;
  return rules.nonEmpty && value === "" ? "String must be non-empty" : wordComplaint(rules, value);
}

function numberComplaint({ min, max, or }: SettingRules, value: number): string | undefined {
  if (or !== undefined) {
    const fits = value === or || ((min === undefined || value >= min) && (max === undefined || value <= max));
    return fits ? undefined : `Value must be between ${min} and ${max} or equal to ${or}`;
  }
  if (min !== undefined && value < min) return `Value must be at least ${min}`;
  if (max !== undefined && value > max) return `Value must be no more than ${max}`;
  return undefined;
}

function wordComplaint({ oneOf, ignoreCase }: SettingRules, word: string): string | undefined {
  if (oneOf === undefined) return undefined;
  if (ignoreCase) {
    const lowerCase = word.toLowerCase();
    if (oneOf.some((permitted) => permitted.toLowerCase() === lowerCase)) return undefined;
    return `String must be one of (case insensitive): ${oneOf.join(", ")}`;
  }
  return oneOf.includes(word) ? undefined : `String must be one of: ${oneOf.join(", ")}`;
}

function invalid(name: string, shown: string, wrong: string): SettingError {
  return new SettingError("INVALID_VALUE", name, `Invalid value ${shown} for configuration ${name}: ${wrong}`);
}

function printInteger(value: number): string {
  if (value >= MAX_INT64) return MAX_INT64_TEXT;
  return Number.isSafeInteger(value) ? String(value) : BigInt(value).toString();
}

/** Java's Double.toString: always with a fraction, scientific from 10^7 on and below 10^-3. */
function printDouble(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e7)) {
    const [digits = "", exponent = ""] = value.toExponential().split("e");
    return `${digits.includes(".") ? digits : `${digits}.0`}E${exponent.replace("+", "")}`;
  }
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}
