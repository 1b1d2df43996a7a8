// Protobuf files in pairs, with the verdict of Protobuf's specification of what the wire allows ("Updating A Message Type"), and of Confluent's rules where
// that leaves a choice (messages must stay, a label must stay where it is written).

import type { Pair, Verdict } from "./pairs.ts";

function proto3(change: string, older: string, newer: string, verdict: Verdict): Pair {
  const head = 'syntax = "proto3"; package p;';
  return { change, older: `${head} ${older}`, newer: `${head} ${newer}`, verdict };
}

function proto2(change: string, older: string, newer: string, verdict: Verdict): Pair {
  return { change, older: `syntax = "proto2"; ${older}`, newer: `syntax = "proto2"; ${newer}`, verdict };
}

/** The type of one field. */
function type(older: string, newer: string, verdict: Verdict): Pair {
  const others = "enum E { Z = 0; } message A { int32 a = 1; } message B { int32 a = 1; }";
  return proto3(`${older} becomes ${newer}`, `${others} message M { ${older} f = 1; }`, `${others} message M { ${newer} f = 1; }`, verdict);
}

const TYPES: readonly Pair[] = [
  type("int32", "int64", "both"),
  type("int32", "uint32", "both"),
  type("int64", "uint64", "both"),
  type("int32", "bool", "both"),
  type("bool", "uint64", "both"),
  type("E", "int32", "both"),
  type("uint32", "E", "both"),
  type("sint32", "sint64", "both"),
  type("string", "bytes", "both"),
  type("fixed32", "sfixed32", "both"),
  type("fixed64", "sfixed64", "both"),
  type("int32", "sint32", "neither"),
  type("int64", "sint64", "neither"),
  type("int32", "fixed32", "neither"),
  type("fixed32", "fixed64", "neither"),
  type("sfixed32", "int32", "neither"),
  type("float", "double", "neither"),
  type("float", "int32", "neither"),
  type("double", "int64", "neither"),
  type("int32", "string", "neither"),
  type("E", "string", "neither"),
  type("A", "string", "neither"),
  type("A", "bytes", "neither"),
  type("A", "E", "neither"),
  type("A", "B", "neither"),
  type("A", ".p.A", "both"),
  type("map<string, int32>", "map<string, int64>", "both"),
  type("map<int32, string>", "map<int64, string>", "both"),
  type("map<string, int32>", "map<string, string>", "neither"),
  type("map<string, int32>", "map<int32, int32>", "neither"),
  type("map<string, A>", "map<string, B>", "neither"),
  type("map<string, int32>", "A", "neither"),
  type("map<string, string>", "string", "neither"),
  type("int32", "repeated int32", "both"),
  type("optional int32", "int32", "both"),
  type("optional int32", "repeated int32", "neither"),
  type("optional E", "repeated E", "neither"),
  type("optional string", "repeated string", "both"),
  type("optional bytes", "repeated bytes", "both"),
  type("optional A", "repeated A", "both"),
];

const FIELDS: readonly Pair[] = [
  proto3("nothing", "message M { int32 a = 1; }", "message M { int32 a = 1; }", "both"),
  proto3("a field", "message M { int32 a = 1; }", "message M { int32 a = 1; string b = 2; }", "both"),
  proto3("no field that was there", "message M { int32 a = 1; string b = 2; }", "message M { int32 a = 1; }", "both"),
  proto3("another name of a field", "message M { int32 a = 1; }", "message M { int32 b = 1; }", "both"),
  proto3("another number of a field", "message M { int32 a = 1; }", "message M { int32 a = 2; }", "both"),
  proto3("a number with another field", "message M { int32 a = 1; }", "message M { string b = 1; }", "neither"),
  proto3("another order of fields", "message M { int32 a = 1; string b = 2; }", "message M { string b = 2; int32 a = 1; }", "both"),
  proto3(
    "two fields that changed places",
    "message M { int32 a = 1; string b = 2; }",
    "message M { int32 a = 2; string b = 1; }",
    "neither",
  ),
  proto3(
    "another type in a message within",
    "message M { message I { int32 a = 1; } I i = 1; }",
    "message M { message I { string a = 1; } I i = 1; }",
    "neither",
  ),
  proto3(
    "a field in a message within",
    "message M { message I { int32 a = 1; } I i = 1; }",
    "message M { message I { int32 a = 1; int32 b = 2; } I i = 1; }",
    "both",
  ),
  proto3("reserved numbers", "message M { int32 a = 1; int32 b = 2; }", "message M { reserved 2; int32 a = 1; }", "both"),
  proto3("options", "message M { int32 a = 1; }", 'option java_package = "x"; message M { int32 a = 1 [deprecated = true]; }', "both"),
  proto3("a recursive message's field", "message M { M next = 1; }", "message M { M next = 1; int32 a = 2; }", "both"),
  proto2("a required field", "message M { optional int32 a = 1; }", "message M { optional int32 a = 1; required int32 b = 2; }", "neither"),
  proto2(
    "no required field",
    "message M { optional int32 a = 1; required int32 b = 2; }",
    "message M { optional int32 a = 1; }",
    "neither",
  ),
  proto2("a field that became required", "message M { optional int32 a = 1; }", "message M { required int32 a = 1; }", "neither"),
  proto2("a string that became required", "message M { optional string a = 1; }", "message M { required string a = 1; }", "both"),
  proto2("another default", "message M { optional int32 a = 1; }", "message M { optional int32 a = 1 [default = 5]; }", "both"),
  proto2(
    "a field of a group",
    "message M { optional group G = 1 { optional int32 a = 1; } }",
    "message M { optional group G = 1 { optional int32 a = 1; optional int32 b = 2; } }",
    "both",
  ),
  proto2(
    "extensions",
    "message M { optional int32 a = 1; }",
    "message M { optional int32 a = 1; extensions 100 to max; } extend M { optional int32 x = 100; }",
    "both",
  ),
];

const TYPES_OF_FILES: readonly Pair[] = [
  proto3("a message", "message M { int32 a = 1; }", "message M { int32 a = 1; } message N { int32 a = 1; }", "backward"),
  proto3("no message that was there", "message M { int32 a = 1; } message N { int32 a = 1; }", "message M { int32 a = 1; }", "forward"),
  proto3("another order of messages", "message M { int32 a = 1; } message N { }", "message N { } message M { int32 a = 1; }", "both"),
  proto3("a message within", "message M { int32 a = 1; }", "message M { int32 a = 1; message I { } }", "backward"),
  proto3("no message within", "message M { int32 a = 1; message I { } }", "message M { int32 a = 1; }", "forward"),
  proto3("another name of a message", "message M { int32 a = 1; }", "message N { int32 a = 1; }", "neither"),
  proto3("a message moved outside", "message M { message I { } I i = 1; }", "message I { } message M { I i = 1; }", "neither"),
  proto3("an enum", "message M { int32 a = 1; }", "message M { int32 a = 1; } enum E { Z = 0; }", "both"),
  proto3("no enum", "message M { int32 a = 1; } enum E { Z = 0; }", "message M { int32 a = 1; }", "both"),
  proto3("a constant of an enum", "enum E { Z = 0; } message M { E e = 1; }", "enum E { Z = 0; A = 1; } message M { E e = 1; }", "both"),
  proto3(
    "no constant that was there",
    "enum E { Z = 0; A = 1; } message M { E e = 1; }",
    "enum E { Z = 0; } message M { E e = 1; }",
    "both",
  ),
  proto3(
    "another name of a constant",
    "enum E { Z = 0; A = 1; } message M { E e = 1; }",
    "enum E { Z = 0; B = 1; } message M { E e = 1; }",
    "both",
  ),
  proto3("another name of an enum", "enum E { Z = 0; } message M { E e = 1; }", "enum F { Z = 0; } message M { F e = 1; }", "both"),
  proto3("a service", "message M { }", "message M { } service S { rpc Do (M) returns (stream M); }", "both"),
  proto3("an import", "message M { }", 'import "google/protobuf/any.proto"; message M { google.protobuf.Any any = 1; }', "both"),
  proto3(
    "another type of another file",
    'import "google/protobuf/timestamp.proto"; import "google/protobuf/duration.proto"; message M { google.protobuf.Timestamp t = 1; }',
    'import "google/protobuf/timestamp.proto"; import "google/protobuf/duration.proto"; message M { google.protobuf.Duration t = 1; }',
    "neither",
  ),
  {
    change: "another package",
    older: 'syntax = "proto3"; package p; message M { }',
    newer: 'syntax = "proto3"; package q; message M { }',
    verdict: "neither",
  },
  {
    change: "a package",
    older: 'syntax = "proto3"; message M { }',
    newer: 'syntax = "proto3"; package q; message M { }',
    verdict: "neither",
  },
  {
    change: "another syntax",
    older: 'syntax = "proto2"; message M { optional string a = 1; }',
    newer: 'syntax = "proto3"; message M { optional string a = 1; }',
    verdict: "both",
  },
];

const ONEOFS: readonly Pair[] = [
  proto3("one field in a new oneof", "message M { string a = 1; }", "message M { oneof x { string a = 1; } }", "both"),
  proto3(
    "two fields in a new oneof",
    "message M { string a = 1; string b = 2; }",
    "message M { oneof x { string a = 1; string b = 2; } }",
    "forward",
  ),
  proto3(
    "a oneof of new fields",
    "message M { string a = 1; }",
    "message M { string a = 1; oneof x { string b = 2; string c = 3; } }",
    "both",
  ),
  proto3(
    "a field and a new one in a new oneof",
    "message M { string a = 1; }",
    "message M { oneof x { string a = 1; string b = 2; } }",
    "both",
  ),
  proto3(
    "a field of a oneof",
    "message M { oneof x { string a = 1; } }",
    "message M { oneof x { string a = 1; string b = 2; } }",
    "backward",
  ),
  proto3(
    "no field of a oneof",
    "message M { oneof x { string a = 1; string b = 2; } }",
    "message M { oneof x { string a = 1; } }",
    "forward",
  ),
  proto3(
    "a field moved into a oneof that was there",
    "message M { string a = 1; oneof x { string b = 2; } }",
    "message M { oneof x { string b = 2; string a = 1; } }",
    "neither",
  ),
  proto3("no oneof", "message M { string a = 1; oneof x { string b = 2; } }", "message M { string a = 1; }", "both"),
  proto3(
    "another name of a oneof",
    "message M { oneof x { string a = 1; string b = 2; } }",
    "message M { oneof y { string a = 1; string b = 2; } }",
    "both",
  ),
  proto3(
    "fields of a oneof that stand alone",
    "message M { oneof x { string a = 1; string b = 2; } }",
    "message M { string a = 1; string b = 2; }",
    "backward",
  ),
  proto3("another type in a oneof", "message M { oneof x { string a = 1; } }", "message M { oneof x { int32 a = 1; } }", "neither"),
];

export const PROTOBUF_PAIRS: readonly Pair[] = [...TYPES, ...FIELDS, ...TYPES_OF_FILES, ...ONEOFS];
