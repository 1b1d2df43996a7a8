// A .proto file as a FileDescriptorProto, the form in which Protobuf's own libraries keep it; what Confluent's clients ask for as `serialized`.

import {
  EnumOptionsSchema,
  EnumValueOptionsSchema,
  ExtensionRangeOptionsSchema,
  FieldOptionsSchema,
  FileDescriptorProtoSchema,
  FileOptionsSchema,
  fromJson,
  MessageOptionsSchema,
  MethodOptionsSchema,
  OneofOptionsSchema,
  ServiceOptionsSchema,
  toBinary,
} from "./descriptors.ts";
import {
  isScalar,
  type ProtoEnum,
  type ProtoField,
  type ProtoFile,
  type ProtoMessage,
  type ProtoRange,
  type ProtoService,
} from "./file.ts";
import { type DescriptorJson, type DescriptorValue, optionsToJson, unescapeText } from "./options.ts";
import type { ProtoScope } from "./scope.ts";

/** Numbers of fields end before this one. */
const END_OF_NUMBERS = 2 ** 29;

/** In Base64. */
export function serializedDescriptor(scope: ProtoScope): string {
  const descriptor = fromJson(FileDescriptorProtoSchema, fileToJson(scope));
  return Buffer.from(toBinary(FileDescriptorProtoSchema, descriptor)).toString("base64");
}

function fileToJson(scope: ProtoScope): DescriptorJson {
  const { file } = scope;
  const within = new Within(scope, file.package);
  const kinds = (kind: string) => file.imports.flatMap((one, index) => (one.kind === kind ? [index] : []));
  return compact({
    name: "default",
    package: file.package === "" ? undefined : file.package,
    dependency: file.imports.map(({ path }) => path),
    public_dependency: kinds("public"),
    weak_dependency: kinds("weak"),
    message_type: file.types.flatMap((type) => (type.kind === "message" ? [within.message(type)] : [])),
    enum_type: file.types.flatMap((type) => (type.kind === "enum" ? [enumToJson(type)] : [])),
    service: file.services.map((service) => within.service(service)),
    extension: file.extensions.flatMap(({ extendee, fields }) => fields.map((field) => within.extension(extendee, field))),
    options: optionsToJson(file.options, FileOptionsSchema),
    ...syntaxToJson(file),
  });
}

function syntaxToJson({ syntax }: ProtoFile): DescriptorJson {
  if (syntax === "proto2") return {};
  return syntax === "proto3" ? { syntax } : { syntax: "editions", edition: `EDITION_${syntax}` };
}

class Within {
  readonly #scope: ProtoScope;
  readonly #name: string;

  constructor(scope: ProtoScope, name: string) {
    this.#scope = scope;
    this.#name = name;
  }

  message(message: ProtoMessage): DescriptorJson {
    const inner = new Within(this.#scope, this.#name === "" ? message.name : `${this.#name}.${message.name}`);
    const optional = this.#scope.file.syntax === "proto3" ? message.fields.filter(({ label }) => label === "optional") : [];
    const places = new Map(optional.map((field, index) => [field, message.oneofs.length + index]));
    message.oneofs.forEach(({ fields }, index) => {
      for (const field of fields) places.set(field, index);
    });
    const fields = [...message.fields, ...message.oneofs.flatMap((oneof) => oneof.fields)];
    return compact({
      name: message.name,
      field: fields.map((field) => ({
        ...inner.field(field),
        ...(places.has(field) ? { oneof_index: places.get(field) ?? 0 } : {}),
        ...(optional.includes(field) ? { proto3_optional: true } : {}),
      })),
      nested_type: [
        ...message.types.flatMap((type) => (type.kind === "message" ? [inner.message(type)] : [])),
        ...fields.flatMap((field) => (field.mapKey === undefined ? [] : [inner.mapEntry(field)])),
      ],
      enum_type: message.types.flatMap((type) => (type.kind === "enum" ? [enumToJson(type)] : [])),
      extension_range: message.extensionRanges.flatMap(({ ranges, options }) =>
        ranges.map((range) => compact({ ...exclusive(range), options: optionsToJson(options, ExtensionRangeOptionsSchema) })),
      ),
      extension: message.extensions.flatMap(({ extendee, fields: added }) => added.map((field) => inner.extension(extendee, field))),
      oneof_decl: [
        ...message.oneofs.map(({ name, options }) => compact({ name, options: optionsToJson(options, OneofOptionsSchema) })),
        ...optional.map(({ name }) => ({ name: `_${name}` })),
      ],
      reserved_range: message.reserved.flatMap(({ ranges }) => ranges.map(exclusive)),
      reserved_name: message.reserved.flatMap(({ names }) => [...names]),
      options: optionsToJson(message.options, MessageOptionsSchema),
    });
  }

  field(field: ProtoField): DescriptorJson {
    const options = field.options.filter(({ name }) => name !== "default" && name !== "json_name");
    const jsonName = optionValue(field, "json_name");
    const isRepeated = field.label === "repeated" || field.mapKey !== undefined;
    return compact({
      name: field.name,
      number: field.number,
      label: isRepeated ? "LABEL_REPEATED" : field.label === "required" ? "LABEL_REQUIRED" : "LABEL_OPTIONAL",
      ...(field.mapKey === undefined ? this.#type(field) : { type: "TYPE_MESSAGE", type_name: `.${this.#name}.${entryName(field)}` }),
      default_value: optionValue(field, "default"),
      json_name: jsonName ?? camelCase(field.name),
      options: optionsToJson(options, FieldOptionsSchema),
    });
  }

  extension(extendee: string, field: ProtoField): DescriptorJson {
    return { ...this.field(field), extendee: this.#full(extendee) };
  }

  mapEntry(field: ProtoField): DescriptorJson {
    const key = { name: "key", number: 1, label: "LABEL_OPTIONAL", type: `TYPE_${(field.mapKey ?? "").toUpperCase()}`, json_name: "key" };
    const value = { name: "value", number: 2, label: "LABEL_OPTIONAL", ...this.#type(field), json_name: "value" };
    return { name: entryName(field), field: [key, value], options: { map_entry: true } };
  }

  service({ name, options, methods }: ProtoService): DescriptorJson {
    return compact({
      name,
      method: methods.map((method) =>
        compact({
          name: method.name,
          input_type: this.#full(method.input),
          output_type: this.#full(method.output),
          client_streaming: method.streamsInput || undefined,
          server_streaming: method.streamsOutput || undefined,
          options: optionsToJson(method.options, MethodOptionsSchema),
        }),
      ),
      options: optionsToJson(options, ServiceOptionsSchema),
    });
  }

  #type(field: ProtoField): DescriptorJson {
    if (isScalar(field.type)) return { type: `TYPE_${field.type.toUpperCase()}` };
    const kind = field.group !== undefined ? "GROUP" : this.#scope.find(field.type, this.#name)?.kind === "enum" ? "ENUM" : "MESSAGE";
    return { type: `TYPE_${kind}`, type_name: this.#full(field.type) };
  }

  #full(type: string): string {
    return `.${this.#scope.find(type, this.#name)?.fullName ?? type.replace(/^\./, "")}`;
  }
}

function enumToJson({ name, options, values, reserved }: ProtoEnum): DescriptorJson {
  return compact({
    name,
    value: values.map((value) =>
      compact({ name: value.name, number: value.number, options: optionsToJson(value.options, EnumValueOptionsSchema) }),
    ),
    options: optionsToJson(options, EnumOptionsSchema),
    reserved_range: reserved.flatMap(({ ranges }) => ranges.map(({ first, last = 2 ** 31 - 1 }) => ({ start: first, end: last }))),
    reserved_name: reserved.flatMap(({ names }) => [...names]),
  });
}

function exclusive({ first, last }: ProtoRange): DescriptorJson {
  return { start: first, end: last === undefined ? END_OF_NUMBERS : last + 1 };
}

/** Of an option that has a place of its own in a descriptor. Bytes keep their escapes there. */
function optionValue({ options, type }: ProtoField, name: string): string | undefined {
  const value = options.find((option) => option.name === name)?.value;
  if (value === undefined || value.kind === "message") return undefined;
  return value.kind === "string" && type !== "bytes" ? unescapeText(value.text) : value.text;
}

/** The message that a map's entries are on the wire. */
function entryName({ name }: ProtoField): string {
  const camel = camelCase(name);
  return `${camel.charAt(0).toUpperCase()}${camel.slice(1)}Entry`;
}

export function camelCase(name: string): string {
  return name.replace(/_+([^_])?/g, (_, letter: string | undefined) => letter?.toUpperCase() ?? "");
}

/** Without what is undefined and lists that are empty. */
function compact(json: { readonly [name: string]: DescriptorValue | undefined }): DescriptorJson {
  const entries = Object.entries(json).filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0));
  return Object.fromEntries(entries) as DescriptorJson;
}
