// A FileDescriptorProto as the .proto file that it was made of, as far as it tells.

import { InvalidSchema } from "../format.ts";
import {
  EnumOptionsSchema,
  EnumValueOptionsSchema,
  FieldOptionsSchema,
  FileDescriptorProtoSchema,
  FileOptionsSchema,
  fromBinary,
  MessageOptionsSchema,
  MethodOptionsSchema,
  OneofOptionsSchema,
  ServiceOptionsSchema,
  toJson,
} from "./descriptors.ts";
import type { ProtoEnum, ProtoExtend, ProtoField, ProtoFile, ProtoMessage, ProtoOption, ProtoRange, ProtoService } from "./file.ts";
import { type DescriptorJson, type DescriptorValue, escapeText, optionsFromJson } from "./options.ts";
import { camelCase } from "./to-descriptor.ts";

/** Throws `InvalidSchema` for what is no descriptor. */
export function fileFromDescriptor(base64: string): ProtoFile {
  let json: DescriptorJson;
  try {
    const descriptor = fromBinary(FileDescriptorProtoSchema, Buffer.from(base64, "base64"));
    json = toJson(FileDescriptorProtoSchema, descriptor, { useProtoFieldName: true }) as DescriptorJson;
  } catch (cause) {
    throw new InvalidSchema(`Neither a .proto file nor a descriptor: ${cause instanceof Error ? cause.message : ""}`);
  }
  const dependencies = list(json, "dependency").map(String);
  const isPublic = new Set(list(json, "public_dependency"));
  const isWeak = new Set(list(json, "weak_dependency"));
  const edition = text(json, "edition")?.replace("EDITION_", "");
  const syntax = edition ?? text(json, "syntax") ?? "proto2";
  const isProto2 = syntax === "proto2";
  return {
    syntax,
    package: text(json, "package") ?? "",
    imports: dependencies.map((path, index) => ({ path, kind: isPublic.has(index) ? "public" : isWeak.has(index) ? "weak" : undefined })),
    options: optionsFromJson(json["options"], FileOptionsSchema),
    types: [...objects(json, "message_type").map((one) => messageOf(one, isProto2)), ...objects(json, "enum_type").map(enumOf)],
    extensions: extensionsOf(json, isProto2),
    services: objects(json, "service").map(serviceOf),
  };
}

function messageOf(json: DescriptorJson, isProto2: boolean): ProtoMessage {
  const nested = objects(json, "nested_type");
  const types = nested.filter((one) => !isMapEntry(one)).map((one) => messageOf(one, isProto2));
  const groups = new Map(types.map((type) => [type.name, type]));
  const entries = new Map(nested.filter(isMapEntry).map((entry) => [text(entry, "name") ?? "", entry]));
  const field = (one: DescriptorJson) => fieldOf(one, { entries, groups, isProto2 });
  const all = objects(json, "field");
  const oneofs = objects(json, "oneof_decl").map((oneof, index) => ({
    name: text(oneof, "name") ?? "",
    options: optionsFromJson(oneof["options"], OneofOptionsSchema),
    fields: all
      .filter((one) => one["oneof_index"] === index && one["proto3_optional"] !== true)
      .map((one) => ({ ...field(one), label: undefined })),
  }));
  return {
    kind: "message",
    name: text(json, "name") ?? "",
    options: optionsFromJson(json["options"], MessageOptionsSchema),
    fields: all.filter((one) => one["oneof_index"] === undefined || one["proto3_optional"] === true).map(field),
    oneofs: oneofs.filter(({ fields }) => fields.length > 0),
    types: [...types, ...objects(json, "enum_type").map(enumOf)],
    reserved: reservedOf(json, (end) => end - 1),
    extensionRanges: objects(json, "extension_range").map((range) => ({ ranges: [rangeOf(range, (end) => end - 1)], options: [] })),
    extensions: extensionsOf(json, isProto2),
  };
}

/** What the message tells that a field stands in. */
interface Surroundings {
  /** The messages that the entries of its maps are, by name. */
  readonly entries: ReadonlyMap<string, DescriptorJson>;
  /** Those that a group may declare. */
  readonly groups: ReadonlyMap<string, ProtoMessage>;
  readonly isProto2: boolean;
}

function fieldOf(json: DescriptorJson, { entries, groups, isProto2 }: Surroundings): ProtoField {
  const name = text(json, "name") ?? "";
  const number = Number(json["number"]);
  const options = fieldOptions(json, name);
  const last = (text(json, "type_name") ?? "").split(".").at(-1) ?? "";
  const entry = entries.get(last);
  if (entry !== undefined) {
    const [key, value] = objects(entry, "field");
    return { label: undefined, type: typeOf(value ?? {}), mapKey: typeOf(key ?? {}), name, number, options, group: undefined };
  }
  const group = json["type"] === "TYPE_GROUP" ? groups.get(last) : undefined;
  const type = group === undefined ? typeOf(json) : last;
  const label = labelOf(json, isProto2);
  return { label, type, mapKey: undefined, name, number, options, group };
}

/** In proto2 every field has a label, in proto3 one that is not repeated has it only where it says so. */
function labelOf(json: DescriptorJson, isProto2: boolean): ProtoField["label"] {
  if (json["label"] === "LABEL_REPEATED") return "repeated";
  if (json["label"] === "LABEL_REQUIRED") return "required";
  return isProto2 || json["proto3_optional"] === true ? "optional" : undefined;
}

function fieldOptions(json: DescriptorJson, name: string): readonly ProtoOption[] {
  const value = text(json, "default_value");
  const jsonName = text(json, "json_name");
  const isText = json["type"] === "TYPE_STRING";
  const isQuoted = isText || json["type"] === "TYPE_BYTES";
  const ofField: ProtoOption[] = [];
  if (value !== undefined) {
    ofField.push({ name: "default", value: { kind: isQuoted ? "string" : "scalar", text: isText ? escapeText(value) : value } });
  }
  if (jsonName !== undefined && jsonName !== camelCase(name)) {
    ofField.push({ name: "json_name", value: { kind: "string", text: escapeText(jsonName) } });
  }
  return [...ofField, ...optionsFromJson(json["options"], FieldOptionsSchema)];
}

function typeOf(json: DescriptorJson): string {
  return text(json, "type_name") ?? (text(json, "type") ?? "").replace("TYPE_", "").toLowerCase();
}

function enumOf(json: DescriptorJson): ProtoEnum {
  return {
    kind: "enum",
    name: text(json, "name") ?? "",
    options: optionsFromJson(json["options"], EnumOptionsSchema),
    values: objects(json, "value").map((value) => ({
      name: text(value, "name") ?? "",
      number: Number(value["number"] ?? 0),
      options: optionsFromJson(value["options"], EnumValueOptionsSchema),
    })),
    reserved: reservedOf(json, (end) => end),
  };
}

function serviceOf(json: DescriptorJson): ProtoService {
  return {
    name: text(json, "name") ?? "",
    options: optionsFromJson(json["options"], ServiceOptionsSchema),
    methods: objects(json, "method").map((method) => ({
      name: text(method, "name") ?? "",
      input: text(method, "input_type") ?? "",
      output: text(method, "output_type") ?? "",
      streamsInput: method["client_streaming"] === true,
      streamsOutput: method["server_streaming"] === true,
      options: optionsFromJson(method["options"], MethodOptionsSchema),
    })),
  };
}

function extensionsOf(json: DescriptorJson, isProto2: boolean): readonly ProtoExtend[] {
  const surroundings = { entries: new Map(), groups: new Map(), isProto2 };
  return objects(json, "extension").map((field) => ({ extendee: text(field, "extendee") ?? "", fields: [fieldOf(field, surroundings)] }));
}

function reservedOf(json: DescriptorJson, lastOf: (end: number) => number): ProtoMessage["reserved"] {
  const ranges = objects(json, "reserved_range").map((range) => rangeOf(range, lastOf));
  const names = list(json, "reserved_name").map(String);
  return [
    ...(ranges.length > 0 ? [{ ranges, names: [], isQuoted: false }] : []),
    ...(names.length > 0 ? [{ ranges: [], names, isQuoted: true }] : []),
  ];
}

function rangeOf(json: DescriptorJson, lastOf: (end: number) => number): ProtoRange {
  const last = lastOf(Number(json["end"] ?? 0));
  const isOpen = last === 2 ** 29 - 1 || last === 2 ** 31 - 1;
  return { first: Number(json["start"] ?? 0), last: isOpen ? undefined : last };
}

function isMapEntry(json: DescriptorJson): boolean {
  const { options } = json;
  return typeof options === "object" && !Array.isArray(options) && options["map_entry"] === true;
}

function text(json: DescriptorJson, name: string): string | undefined {
  const value = json[name];
  return typeof value === "string" ? value : undefined;
}

function list(json: DescriptorJson, name: string): readonly DescriptorValue[] {
  const value = json[name];
  return Array.isArray(value) ? value : [];
}

function objects(json: DescriptorJson, name: string): readonly DescriptorJson[] {
  return list(json, name).flatMap((value) => (typeof value === "object" && !Array.isArray(value) ? [value] : []));
}
