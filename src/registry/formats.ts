// The formats of schemas by name. A format and its libraries are loaded once, with the first schema of its kind.

import type { SchemaFormat, SchemaType } from "./format.ts";

/** In the order in which Confluent's registry lists them. */
export const SCHEMA_TYPES: readonly SchemaType[] = ["JSON", "PROTOBUF", "AVRO"];

const loaders: { readonly [type in SchemaType]: () => Promise<SchemaFormat> } = {
  AVRO: async () => (await import("./avro/format.ts")).avroFormat,
  JSON: async () => (await import("./json-schema/format.ts")).jsonSchemaFormat(),
  PROTOBUF: async () => (await import("./protobuf/format.ts")).protobufFormat,
};

const loaded = new Map<SchemaType, Promise<SchemaFormat>>();

export function isSchemaType(name: string): name is SchemaType {
  return Object.hasOwn(loaders, name);
}

export function formatOf(type: SchemaType): Promise<SchemaFormat> {
  const known = loaded.get(type) ?? loaders[type]();
  loaded.set(type, known);
  return known;
}
