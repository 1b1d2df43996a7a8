// A .proto file as parsed: all that it says, in its order, but comments.

export interface ProtoFile {
  /** `proto2`, `proto3`, or an edition's year. */
  readonly syntax: string;
  /** Empty without one. */
  readonly package: string;
  readonly imports: readonly ProtoImport[];
  readonly options: readonly ProtoOption[];
  readonly types: readonly ProtoType[];
  readonly extensions: readonly ProtoExtend[];
  readonly services: readonly ProtoService[];
}

export interface ProtoImport {
  readonly path: string;
  readonly kind: "public" | "weak" | undefined;
}

/** `name` as written, without spaces: `(my.option).part`. */
export interface ProtoOption {
  readonly name: string;
  readonly value: ProtoValue;
}

/** A string (as between double quotes), a word or number with its sign, or a message in text format, as its words. */
export type ProtoValue =
  | { readonly kind: "string" | "scalar"; readonly text: string }
  | { readonly kind: "message"; readonly words: readonly string[] };

export type ProtoType = ProtoMessage | ProtoEnum;

export interface ProtoMessage {
  readonly kind: "message";
  readonly name: string;
  readonly options: readonly ProtoOption[];
  /** Those of oneofs are there. */
  readonly fields: readonly ProtoField[];
  readonly oneofs: readonly ProtoOneof[];
  readonly types: readonly ProtoType[];
  readonly reserved: readonly ProtoReserved[];
  readonly extensionRanges: readonly { readonly ranges: readonly ProtoRange[]; readonly options: readonly ProtoOption[] }[];
  readonly extensions: readonly ProtoExtend[];
}

export interface ProtoField {
  readonly label: "optional" | "required" | "repeated" | undefined;
  /** A scalar's name or that of a type, as written; of a map that of its values. */
  readonly type: string;
  /** The type of a map's keys. */
  readonly mapKey: string | undefined;
  readonly name: string;
  readonly number: number;
  readonly options: readonly ProtoOption[];
  /** The message that a group declares. */
  readonly group: ProtoMessage | undefined;
}

export interface ProtoOneof {
  readonly name: string;
  readonly options: readonly ProtoOption[];
  readonly fields: readonly ProtoField[];
}

/** Both ends belong to it; `last` is undefined for `max`. */
export interface ProtoRange {
  readonly first: number;
  readonly last: number | undefined;
}

/** Numbers, or names. `isQuoted`: editions write names without quotes. */
export interface ProtoReserved {
  readonly ranges: readonly ProtoRange[];
  readonly names: readonly string[];
  readonly isQuoted: boolean;
}

export interface ProtoEnum {
  readonly kind: "enum";
  readonly name: string;
  readonly options: readonly ProtoOption[];
  readonly values: readonly { readonly name: string; readonly number: number; readonly options: readonly ProtoOption[] }[];
  readonly reserved: readonly ProtoReserved[];
}

export interface ProtoExtend {
  readonly extendee: string;
  readonly fields: readonly ProtoField[];
}

export interface ProtoService {
  readonly name: string;
  readonly options: readonly ProtoOption[];
  readonly methods: readonly ProtoMethod[];
}

export interface ProtoMethod {
  readonly name: string;
  readonly input: string;
  readonly output: string;
  readonly streamsInput: boolean;
  readonly streamsOutput: boolean;
  readonly options: readonly ProtoOption[];
}

export const SCALARS = [
  ...["double", "float", "int32", "int64", "uint32", "uint64", "sint32", "sint64", "fixed32", "fixed64", "sfixed32", "sfixed64"],
  ...["bool", "string", "bytes"],
];

export function isScalar(type: string): boolean {
  return SCALARS.includes(type);
}

/** A message's fields, those of its oneofs among them. */
export function allFields(message: ProtoMessage): readonly ProtoField[] {
  return [...message.fields, ...message.oneofs.flatMap(({ fields }) => fields)];
}
