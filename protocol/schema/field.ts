// The little language in which Kafka's messages are declared (see the protocol guide's "message definitions", KIP-482).
//
//   int32("7+", -1)                    present from version 7 on, -1 where a version lacks it
//   string().nullable("12+")           null allowed from version 12 on
//   array(partition, "2+").optional()  an array of structs; empty where a version lacks it, and when left out
//   nested(assignment).tag(0)          a tagged field of a flexible version
//
// Versions of a field count within those of the struct around it: in an array that exists from version 8 on, "0+" is 8 and later.
// A field carries its TypeScript types: `Out` is what a decoder gives, `In` what an encoder takes. A field with an explicit
// default may be left out when encoding. Declarations are data; codecs are compiled from them in compile.ts.

import { NO_VERSIONS, parseVersions, type Versions } from "./versions.ts";

export type Primitive =
  | "bool"
  | "int8"
  | "int16"
  | "uint16"
  | "int32"
  | "int64"
  | "bigInt64"
  | "float64"
  | "string"
  | "bytes"
  | "records"
  | "uuid";

export type FieldType =
  | { readonly kind: "primitive"; readonly name: Primitive }
  | { readonly kind: "array"; readonly element: FieldType }
  | { readonly kind: "struct"; readonly struct: Struct };

/** `undefined` stands for the type's own zero: 0, "", false, an empty array, a struct of defaults. */
export type DefaultValue = number | bigint | string | boolean | null | undefined;

interface Traits {
  readonly versions: Versions;
  readonly nullableVersions: Versions;
  readonly defaultValue: DefaultValue;
  readonly tag: number | undefined;
  readonly taggedVersions: Versions;
  readonly isIgnorable: boolean;
}

export class Field<Out, In = Out, IsOptional extends boolean = boolean> {
  declare readonly out: Out;
  declare readonly in: In;
  declare readonly isOptional: IsOptional;
  readonly type: FieldType;
  readonly traits: Traits;

  constructor(type: FieldType, traits: Traits) {
    this.type = type;
    this.traits = traits;
  }

  #with<O, I, P extends boolean>(change: Partial<Traits>): Field<O, I, P> {
    return new Field<O, I, P>(this.type, { ...this.traits, ...change });
  }

  /** Null is allowed on the wire in these versions (default: all in which the field exists). */
  nullable(versions?: string): Field<Out | null, In | null, IsOptional> {
    return this.#with({ nullableVersions: versions === undefined ? this.traits.versions : parseVersions(versions) });
  }

  /** The value where a version lacks the field; the field may then be left out when encoding. */
  default(value: DefaultValue & (In | null)): Field<Out, In, true> {
    return this.#with({ defaultValue: value });
  }

  /** May be left out when encoding: the type's own zero is meant (an empty array, empty bytes, a struct of defaults). */
  optional(): Field<Out, In, true> {
    return this.#with({});
  }

  /** A tagged field (KIP-482): absent from the wire while it has its default (versions default: all in which the field exists). */
  tag(tag: number, versions?: string): Field<Out, In, true> {
    return this.#with({ tag, taggedVersions: versions === undefined ? this.traits.versions : parseVersions(versions) });
  }

  /** An encoder may drop a value that the version cannot carry. Without this mark, encoding such a value throws. */
  ignorable(): Field<Out, In, IsOptional> {
    return this.#with({ isIgnorable: true });
  }
}

export type Shape = { readonly [name: string]: Field<unknown, unknown> };

/** A named group of fields, used for elements of arrays and nested structs. */
export class Struct<S extends Shape = Shape> {
  readonly shape: S;

  constructor(shape: S) {
    this.shape = shape;
  }
}

/** What decoding a struct gives: every field, with defaults where the version lacks it. */
export type Decoded<S extends Shape> = { -readonly [K in keyof S]: S[K]["out"] };

type OptionalKeys<S extends Shape> = { [K in keyof S]: S[K]["isOptional"] extends true ? K : never }[keyof S];

/** What encoding a struct takes: fields with an explicit default may be left out. */
export type Encodable<S extends Shape> = { readonly [K in Exclude<keyof S, OptionalKeys<S>>]: S[K]["in"] } & {
  readonly [K in OptionalKeys<S>]?: S[K]["in"] | undefined;
};

export function struct<S extends Shape>(shape: S): Struct<S> {
  return new Struct(shape);
}

type Maker<T extends DefaultValue> = {
  (versions?: string): Field<T, T, false>;
  (versions: string, defaultValue: T): Field<T, T, true>;
};

function primitive<T extends DefaultValue>(name: Primitive): Maker<T> {
  return ((versions = "0+", defaultValue?: DefaultValue) =>
    newField<T, T>({ kind: "primitive", name }, versions, defaultValue)) as Maker<T>;
}

export const bool = primitive<boolean>("bool");
export const int8 = primitive<number>("int8");
export const int16 = primitive<number>("int16");
export const uint16 = primitive<number>("uint16");
export const int32 = primitive<number>("int32");
export const int64 = primitive<number>("int64");
/** An int64 that uses all of its 64 bits (a hash), as a bigint. */
export const bigInt64 = primitive<bigint>("bigInt64");
export const float64 = primitive<number>("float64");
export const string = primitive<string>("string");
/** Kafka's text form of a UUID, 22 characters; ZERO_UUID where a version lacks it. */
export const uuid = primitive<string>("uuid");

/** Decodes to a view of the frame. */
export function bytes(versions = "0+"): Field<Buffer, Buffer, false> {
  return newField({ kind: "primitive", name: "bytes" }, versions, undefined);
}

/** Record batches. Decodes to a view of the frame; encodes one buffer or a list of them, large ones without copying. */
export function records(versions = "0+"): Field<Buffer, Buffer | readonly Buffer[], false> {
  return newField({ kind: "primitive", name: "records" }, versions, undefined);
}

/** An array of structs, or of what a field without versions of its own describes: `array(int32())`. */
export function array<S extends Shape>(element: Struct<S>, versions?: string): Field<Decoded<S>[], readonly Encodable<S>[], false>;
export function array<O, I, P extends boolean>(element: Field<O, I, P>, versions?: string): Field<O[], readonly I[], false>;
export function array(element: Struct | Field<unknown>, versions = "0+"): Field<unknown> {
  return newField(
    { kind: "array", element: element instanceof Struct ? { kind: "struct", struct: element } : element.type },
    versions,
    undefined,
  );
}

/** A struct inside a struct. */
export function nested<S extends Shape>(inner: Struct<S>, versions = "0+"): Field<Decoded<S>, Encodable<S>, false> {
  return newField({ kind: "struct", struct: inner }, versions, undefined);
}

function newField<O, I>(type: FieldType, versions: string, defaultValue: DefaultValue): Field<O, I, false> {
  return new Field<O, I, false>(type, {
    versions: parseVersions(versions),
    nullableVersions: NO_VERSIONS,
    defaultValue,
    tag: undefined,
    taggedVersions: NO_VERSIONS,
    isIgnorable: false,
  });
}
