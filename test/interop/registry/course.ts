// What each client of a schema registry does with it, as data: the programs in the four languages read it from their first argument. Records of all formats
// have the same content, a part inside of an order, and the schema of the part is another subject's.

/** How a program finds its place. */
export interface Place {
  readonly bootstrap: string;
  readonly registry: string;
  /** Of topics and subjects: each program has its own. */
  readonly prefix: string;
}

type Format = "AVRO" | "JSON" | "PROTOBUF";
/** Successors of a schema, by who can read whom. */
type Kind = "both" | "backward" | "forward";

export const VALUE = { name: "spool", part: { count: 7 } };

const json = (value: unknown) => JSON.stringify(value);
const avro = (...fields: readonly object[]) => json({ type: "record", name: "R", fields });
const a = { name: "a", type: "int" };
const b = { name: "b", type: "int" };
const bounded = (more: object) => json({ type: "object", properties: { a: { type: "number", maximum: 10, ...more } } });
const proto = (type: string, ...messages: readonly string[]) => `syntax = "proto3"; message R { ${type} a = 1; } ${messages.join(" ")}`;
const N = "message N { int32 b = 1; }";

/** The schemas of orders refer to those of parts by these names. */
const ORDERS: { readonly [format in Format]: { readonly reference: string; readonly part: string; readonly order: string } } = {
  AVRO: {
    reference: "n.Part",
    part: json({ type: "record", name: "Part", namespace: "n", fields: [{ name: "count", type: "int" }] }),
    order: json({
      type: "record",
      name: "Order",
      namespace: "n",
      fields: [
        { name: "name", type: "string" },
        { name: "part", type: "n.Part" },
      ],
    }),
  },
  JSON: {
    reference: "part.json",
    part: json({ $id: "part.json", type: "object", title: "Part", properties: { count: { type: "integer" } }, required: ["count"] }),
    order: json({ type: "object", title: "Order", properties: { name: { type: "string" }, part: { $ref: "part.json" } } }),
  },
  PROTOBUF: {
    reference: "part.proto",
    part: 'syntax = "proto3"; package n; message Part { int32 count = 1; }',
    order: 'syntax = "proto3"; package n; import "part.proto"; message Order { string name = 1; Part part = 2; }',
  },
};

const SUCCESSORS: { readonly [format in Format]: { readonly [kind in Kind | "first"]: string } } = {
  AVRO: {
    first: avro(a, b),
    both: avro(a, b, { ...b, name: "c", default: 1 }),
    backward: avro(a),
    forward: avro(a, b, { ...b, name: "c" }),
  },
  JSON: { first: bounded({}), both: bounded({ title: "a" }), backward: bounded({ maximum: 20 }), forward: bounded({ maximum: 5 }) },
  PROTOBUF: { first: proto("int32", N), both: proto("int64", N), backward: proto("int32", N, "message O {}"), forward: proto("int32") },
};

const LEVELS: { readonly [level: string]: { readonly taken: Kind; readonly refused?: Kind } } = {
  NONE: { taken: "backward" },
  BACKWARD: { taken: "backward", refused: "forward" },
  BACKWARD_TRANSITIVE: { taken: "backward", refused: "forward" },
  FORWARD: { taken: "forward", refused: "backward" },
  FORWARD_TRANSITIVE: { taken: "forward", refused: "backward" },
  FULL: { taken: "both", refused: "forward" },
  FULL_TRANSITIVE: { taken: "both", refused: "backward" },
};

const FORMATS = ["AVRO", "JSON", "PROTOBUF"] as const;

/** For each format and level a first schema, one that may follow it, and one that may not. */
const CHANGES = FORMATS.flatMap((format) =>
  Object.entries(LEVELS).map(([level, { taken, refused }]) => ({
    ...{ format, level, first: SUCCESSORS[format].first, taken: SUCCESSORS[format][taken] },
    refused: refused === undefined ? null : SUCCESSORS[format][refused],
  })),
);

export function courseAt(place: Place): string {
  return json({ ...place, value: VALUE, orders: ORDERS, changes: CHANGES });
}

/** What a program prints: records as they were read, what became of changes, and what deleting gives. */
export interface Course {
  readonly records: { readonly [format: string]: unknown };
  /** By format and level; a change that is compatible, or not, may also only have been asked about. */
  readonly changes: { readonly [change: string]: readonly string[] };
  readonly deletions?: readonly unknown[];
}

export const EXPECTED: Required<Course> = {
  records: Object.fromEntries(FORMATS.map((format) => [format, VALUE])),
  changes: Object.fromEntries(
    CHANGES.map(({ format, level, refused }) => [`${format} ${level}`, refused === null ? ["taken"] : ["taken", "refused"]]),
  ),
  // Of two versions the first softly, what is left; the subject softly, for good; then it is not there.
  deletions: [1, [2], [2], [1, 2], 40401],
};
