// An Avro schema as parsed: what Avro's specification has (types, names, fields), and beside it every other attribute as it came.

import type { Json, JsonEntry } from "../json-text.ts";

export const PRIMITIVES = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"] as const;

export type AvroSchema = AvroPrimitive | AvroRecord | AvroEnum | AvroFixed | AvroArray | AvroMap | AvroUnion;
export type AvroNamed = AvroRecord | AvroEnum | AvroFixed;

/** Attributes that the specification does not have, `logicalType` and what belongs to it among them, in the order given. */
export type AvroProperties = readonly JsonEntry[];

export interface AvroPrimitive {
  readonly type: (typeof PRIMITIVES)[number];
  readonly properties: AvroProperties;
}

/** `namespace` is empty where there is none. */
export interface AvroName {
  readonly name: string;
  readonly namespace: string;
}

interface Named {
  readonly name: AvroName;
  readonly doc: string | undefined;
  readonly aliases: readonly AvroName[];
  readonly properties: AvroProperties;
}

export interface AvroRecord extends Named {
  readonly type: "record" | "error";
  /** Filled after the record is known by its name, since its fields may refer to it. */
  readonly fields: AvroField[];
}

export interface AvroField {
  readonly name: string;
  readonly type: AvroSchema;
  readonly doc: string | undefined;
  readonly default: Json | undefined;
  readonly order: "ascending" | "descending" | "ignore";
  readonly aliases: readonly string[];
  readonly properties: AvroProperties;
}

export interface AvroEnum extends Named {
  readonly type: "enum";
  readonly symbols: readonly string[];
  readonly default: string | undefined;
}

export interface AvroFixed extends Named {
  readonly type: "fixed";
  readonly size: number;
}

export interface AvroArray {
  readonly type: "array";
  readonly items: AvroSchema;
  readonly properties: AvroProperties;
}

export interface AvroMap {
  readonly type: "map";
  readonly values: AvroSchema;
  readonly properties: AvroProperties;
}

export interface AvroUnion {
  readonly type: "union";
  readonly branches: readonly AvroSchema[];
}

export function isNamed(schema: AvroSchema): schema is AvroNamed {
  return schema.type === "record" || schema.type === "error" || schema.type === "enum" || schema.type === "fixed";
}

export function fullName({ name, namespace }: AvroName): string {
  return namespace === "" ? name : `${namespace}.${name}`;
}

/** A name as it is written where `namespace` is understood. A type that is called like a primitive one is never shortened. */
export function nameWithin(name: AvroName, namespace: string): string {
  const isPrimitive = PRIMITIVES.some((primitive) => primitive === name.name);
  return name.namespace === namespace && !isPrimitive ? name.name : fullName(name);
}

/** A full name, or one within `namespace`. */
export function nameOf(text: string, namespace: string): AvroName {
  const dot = text.lastIndexOf(".");
  return dot < 0 ? { name: text, namespace } : { name: text.slice(dot + 1), namespace: text.slice(0, dot) };
}
