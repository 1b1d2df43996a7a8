// Options between a .proto file and its descriptor (there as JSON, by the names of the fields of `FileOptions` and its like). What these do not know, custom
// options above all, is an uninterpreted one in a descriptor, as a parser leaves it that does not know where they are declared.

import type { DescField, DescMessage } from "@bufbuild/protobuf";
import type { ProtoOption, ProtoValue } from "./file.ts";

/** As descriptors have them in JSON. */
export type DescriptorJson = { [name: string]: DescriptorValue };
export type DescriptorValue = string | number | boolean | DescriptorValue[] | DescriptorJson;

/** Undefined if there are none. `known` is the message of these options. */
export function optionsToJson(options: readonly ProtoOption[], known: DescMessage): DescriptorJson | undefined {
  if (options.length === 0) return undefined;
  const json: DescriptorJson = {};
  const uninterpreted: DescriptorValue[] = [];
  for (const { name, value } of options) {
    if (!place(json, name.split("."), known, value)) uninterpreted.push(uninterpretedOption(name, value));
  }
  return { ...json, ...(uninterpreted.length > 0 ? { uninterpreted_option: uninterpreted } : {}) };
}

export function optionsFromJson(json: DescriptorValue | undefined, known: DescMessage, prefix = ""): readonly ProtoOption[] {
  if (!isObject(json)) return [];
  return Object.entries(json).flatMap(([name, value]): readonly ProtoOption[] => {
    if (name === "uninterpreted_option") return Array.isArray(value) ? value.flatMap(optionFromUninterpreted) : [];
    const field = known.fields.find((one) => one.name === name);
    if (field === undefined) return [];
    if (field.fieldKind === "message") return optionsFromJson(value, field.message, `${prefix}${name}.`);
    const values = Array.isArray(value) ? value : [value];
    return values.map((one) => ({
      name: prefix + name,
      value: { kind: isText(field) ? "string" : "scalar", text: textOf(one, isText(field)) },
    }));
  });
}

/** A string's characters, without the escapes of .proto files. */
export function unescapeText(text: string): string {
  return text.replace(/\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|u[0-9a-fA-F]{4}|.)/gs, (_, code: string) => {
    if (/^[xu]./.test(code)) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
    return ESCAPES[code] ?? code;
  });
}

export function escapeText(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

const ESCAPES: { readonly [letter: string]: string } = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v" };

/** Whether there is a place for the value in `known`. */
function place(json: DescriptorJson, [first = "", ...rest]: readonly string[], known: DescMessage, value: ProtoValue): boolean {
  const field = known.fields.find(({ name }) => name === first);
  if (field === undefined) return false;
  if (field.fieldKind === "message") {
    const inner = isObject(json[first]) ? json[first] : {};
    if (rest.length === 0 || !place(inner, rest, field.message, value)) return false;
    json[first] = inner;
    return true;
  }
  if (rest.length > 0 || value.kind === "message") return false;
  const converted = value.kind === "string" ? unescapeText(value.text) : scalar(value.text, field);
  if (field.fieldKind !== "list") json[first] = converted;
  else json[first] = [...(Array.isArray(json[first]) ? json[first] : []), converted];
  return true;
}

function scalar(text: string, field: DescField): DescriptorValue {
  if (text === "true" || text === "false") return text === "true";
  const isEnum = field.fieldKind === "enum" || (field.fieldKind === "list" && field.listKind === "enum");
  return isEnum || Number.isNaN(Number(text)) ? text : Number(text);
}

function uninterpretedOption(name: string, value: ProtoValue): DescriptorJson {
  const parts = [...name.matchAll(/\(([^)]*)\)|[^.()]+/g)];
  return {
    name: parts.map(([whole, extension]) => ({ name_part: extension ?? whole, is_extension: extension !== undefined })),
    ...uninterpretedValue(value),
  };
}

function uninterpretedValue(value: ProtoValue): DescriptorJson {
  if (value.kind === "message") return { aggregate_value: value.words.join(" ") };
  if (value.kind === "string") return { string_value: Buffer.from(unescapeText(value.text), "utf8").toString("base64") };
  if (/^[0-9]+$/.test(value.text)) return { positive_int_value: value.text };
  if (/^-[0-9]+$/.test(value.text)) return { negative_int_value: value.text };
  const number = Number(value.text);
  return Number.isNaN(number) ? { identifier_value: value.text } : { double_value: number };
}

function optionFromUninterpreted(json: DescriptorValue): readonly ProtoOption[] {
  if (!isObject(json) || !Array.isArray(json["name"])) return [];
  const parts = json["name"].map((part) => {
    const name = isObject(part) ? String(part["name_part"]) : "";
    return isObject(part) && part["is_extension"] === true ? `(${name})` : name;
  });
  return [{ name: parts.join("."), value: valueFromUninterpreted(json) }];
}

function valueFromUninterpreted(json: DescriptorJson): ProtoValue {
  const { aggregate_value: aggregate, string_value: bytes } = json;
  if (typeof aggregate === "string") return { kind: "message", words: aggregate.split(" ") };
  if (typeof bytes === "string") return { kind: "string", text: escapeText(Buffer.from(bytes, "base64").toString("utf8")) };
  const value = json["identifier_value"] ?? json["positive_int_value"] ?? json["negative_int_value"] ?? json["double_value"] ?? "";
  return { kind: "scalar", text: String(value) };
}

function isText(field: DescField): boolean {
  const scalarType = field.fieldKind === "scalar" || field.fieldKind === "list" ? field.scalar : undefined;
  return scalarType === STRING;
}

/** The number of `string` among the scalars of descriptors. */
const STRING = 9;

function textOf(value: DescriptorValue, quoted: boolean): string {
  return quoted ? escapeText(String(value)) : String(value);
}

function isObject(value: DescriptorValue | undefined): value is DescriptorJson {
  return typeof value === "object" && !Array.isArray(value);
}
