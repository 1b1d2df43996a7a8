import { expect, test } from "vitest";
import type { ResolvedReference, SchemaType } from "../../src/registry/format.ts";
import { formatOf } from "../../src/registry/formats.ts";
import { guidOf } from "../../src/registry/identity.ts";
import { parseJson, sortKeys, writeJson } from "../../src/registry/json-text.ts";

const parse = async (type: SchemaType, text: string, normalize = false, references: readonly ResolvedReference[] = []) =>
  (await formatOf(type)).parse(text, { references, isNew: true, normalize });

const canonical = async (type: SchemaType, text: string, normalize = false) => (await parse(type, text, normalize)).canonicalText;

async function complaint(type: SchemaType, text: string, normalize = false): Promise<string> {
  try {
    return `accepted: ${await canonical(type, text, normalize)}`;
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

test("JSON keeps the order of its keys and the digits of its numbers", () => {
  const text = '{"10":1.0,"2":12345678901234567890,"a":[1e400,-0,true,null,"\\u00e9\\n\\u001f\\\\u001f"],"a b":{}}';
  const spaced = text.replaceAll(",", " ,\n ").replaceAll(":", "\t: ");
  const written = '{"10":1.0,"2":12345678901234567890,"a":[1e400,-0,true,null,"é\\n\\u001F\\\\u001f"],"a b":{}}';
  expect(writeJson(parseJson(spaced))).toBe(written);
  expect(writeJson(sortKeys(parseJson('{"b":1,"a":{"d":[{"z":1,"y":2}],"c":2}}')))).toBe('{"a":{"c":2,"d":[{"y":2,"z":1}]},"b":1}');
  expect(writeJson(parseJson('{"a":1,"b":2,"a":3}'))).toBe('{"a":3,"b":2}');
  expect(writeJson(parseJson("/* a */ [1 // b\n, 2]", { comments: true }))).toBe("[1,2]");
  const malformed = [
    "",
    "{",
    '{"a"}',
    "[1,]",
    "01",
    "1.",
    "+1",
    "'a'",
    "nul",
    "nulls",
    '"\n"',
    '"\\x"',
    "1 2",
    "{}}",
    "// a\n1",
    "[".repeat(5000),
  ];
  for (const text of malformed) expect(() => parseJson(text), text.slice(0, 10)).toThrow(/at character/);
});

/** What is sent, and what is stored. */
test.each([
  ['"string"', '"string"'],
  ['{"type":"string"}', '"string"'],
  ['{"type":{"type":"string"}}', '"string"'],
  ['{"logicalType":"date","type":"int"}', '{"type":"int","logicalType":"date"}'],
  [
    '{"fields":[{"type":{"type":"int"},"name":"a"}],"name":"R","type":"record","namespace":"n","x":1,"doc":"d","aliases":["S","m.T"]}',
    '{"type":"record","name":"R","namespace":"n","doc":"d","fields":[{"name":"a","type":"int"}],"x":1,"aliases":["S","m.T"]}',
  ],
  ['{"type":"record","name":"n.R","fields":[]}', '{"type":"record","name":"R","namespace":"n","fields":[]}'],
  [
    '{"type":"record","name":"R","fields":[{"name":"a","aliases":["b"],"order":"DESCENDING","default":1.50,"x":{"y":1e2},"type":"double","doc":"d"}]}',
    '{"type":"record","name":"R","fields":[{"name":"a","type":"double","doc":"d","default":1.5,"order":"descending","aliases":["b"],"x":{"y":100.0}}]}',
  ],
  [
    '{"type":"record","name":"R","fields":[{"name":"a","type":"long","order":"ascending","default":9223372036854775807}]}',
    '{"type":"record","name":"R","fields":[{"name":"a","type":"long","default":9223372036854775807}]}',
  ],
  [
    '{"type":"record","name":"R","namespace":"n","fields":[{"name":"e","type":{"type":"enum","name":"E","symbols":["A"],"default":"A"}},{"name":"f","type":"n.E"},{"name":"next","type":["null","R"]}]}',
    '{"type":"record","name":"R","namespace":"n","fields":[{"name":"e","type":{"type":"enum","name":"E","symbols":["A"],"default":"A"}},{"name":"f","type":"E"},{"name":"next","type":["null","R"]}]}',
  ],
  [
    '{"type":"array","items":{"type":"map","values":{"size":2,"type":"fixed","name":"o.F"}}}',
    '{"type":"array","items":{"type":"map","values":{"type":"fixed","name":"F","namespace":"o","size":2}}}',
  ],
])("Avro: %s is stored in the order of Avro's own library", async (sent, stored) => {
  expect(await canonical("AVRO", sent)).toBe(stored);
  expect(await canonical("AVRO", stored)).toBe(stored);
});

test("Avro: what has no order is put into one where that is asked for", async () => {
  const one =
    '{"type":"record","name":"R","z":1,"aliases":["C","B"],"fields":[{"name":"a","type":{"type":"bytes","scale":0,"precision":4,"logicalType":"decimal"}}],"a":2}';
  expect(await canonical("AVRO", one, true)).toBe(
    '{"type":"record","name":"R","fields":[{"name":"a","type":{"type":"bytes","logicalType":"decimal","precision":4}}],"a":2,"z":1,"aliases":["B","C"]}',
  );
  const cyclic = '{"type":"record","name":"R","fields":[{"name":"next","type":["null","R"]}]}';
  expect(await canonical("AVRO", cyclic, true)).toBe(cyclic);
});

test("Avro: what is no schema is refused with the reason", async () => {
  const field = (more: string) => `{"type":"record","name":"R","fields":[{"name":"a",${more}}]}`;
  const wrong: readonly (readonly [string, RegExp])[] = [
    ["", /InvalidSchema/],
    ["string", /InvalidSchema/],
    ['"strin"', /Undefined name: "strin"/],
    ['{"type":"record","fields":[]}', /No name/],
    ['{"type":"record","name":"R"}', /no fields/],
    ['{"type":"record","name":"R-S","fields":[]}', /Illegal character in: R-S/],
    ['{"type":"record","name":"R","fields":[{"name":"a"}]}', /No field type/],
    [field('"type":"int"},{"name":"a","type":"int"'), /Duplicate field a/],
    [field('"type":"int","order":"up"'), /Invalid order/],
    ['["int","int"]', /Duplicate in union/],
    ['["int",["string"]]', /Nested union/],
    ['{"type":"enum","name":"E","symbols":["A","A"]}', /Duplicate enum symbol/],
    ['{"type":"enum","name":"E","symbols":["A"],"default":"B"}', /not in the enum symbol set/],
    ['{"type":"fixed","name":"F","size":-1}', /size/],
    ['{"type":"array"}', /no items/],
    ['[{"type":"fixed","name":"F","size":1},{"type":"fixed","name":"F","size":1}]', /Can't redefine: F/],
  ];
  for (const [text, reason] of wrong) expect(await complaint("AVRO", text), text).toMatch(reason);
});

test("Avro: defaults have to be of their field's type where schemas are normalized", async () => {
  const field = (type: string, value: string) => `{"type":"record","name":"R","fields":[{"name":"a","type":${type},"default":${value}}]}`;
  const record = '{"type":"record","name":"I","fields":[{"name":"x","type":"int"},{"name":"y","type":"int","default":1}]}';
  const fitting = [
    ["int", "-2147483648"],
    ["long", "9223372036854775807"],
    ["double", "1"],
    ["bytes", '"\\u00ff"'],
    ["null", "null"],
    ["boolean", "false"],
  ].map(([type, value]) => [`"${type}"`, value ?? ""] as const);
  for (const [type, value] of [
    ...fitting,
    ['["null","int"]', "1"],
    ['{"type":"array","items":"int"}', "[1,2]"],
    ['{"type":"map","values":"string"}', '{"a":"b"}'],
    [record, '{"x":1}'],
  ] as const) {
    expect(await complaint("AVRO", field(type, value), true), type).toMatch(/^accepted/);
  }
  for (const [type, value] of [
    ['"int"', '"x"'],
    ['"int"', "2147483648"],
    ['"int"', "1.5"],
    ['"string"', "null"],
    ['["null","int"]', '"x"'],
    ['{"type":"array","items":"int"}', '["a"]'],
    ['{"type":"map","values":"string"}', '{"a":1}'],
    [record, '{"y":1}'],
  ] as const) {
    expect(await complaint("AVRO", field(type, value), true), type).toMatch(/Invalid default for field a/);
    expect(await complaint("AVRO", field(type, value)), type).toMatch(/^accepted/);
  }
});

test("JSON Schema is stored as it came, without white space, or with its keys sorted", async () => {
  const text = '{ "type": "object", "properties": { "b": { "type": "string" }, "a": true }, "required": ["b", "a"] }';
  expect(await canonical("JSON", text)).toBe('{"type":"object","properties":{"b":{"type":"string"},"a":true},"required":["b","a"]}');
  expect(await canonical("JSON", text, true)).toBe('{"properties":{"a":true,"b":{"type":"string"}},"required":["b","a"],"type":"object"}');
});

test("JSON Schema: each draft judges by its own meta-schema, and references lead somewhere", async () => {
  const draft = (uri: string, more: string) => `{"$schema":"${uri}",${more}}`;
  expect(await complaint("JSON", '{"type":"strin"}')).toMatch(/InvalidSchema/);
  expect(await complaint("JSON", '{"type":"number","exclusiveMaximum":true}')).toMatch(/InvalidSchema/);
  expect(await complaint("JSON", draft("http://json-schema.org/draft-04/schema#", '"maximum":1,"exclusiveMaximum":true'))).toMatch(
    /^accepted/,
  );
  expect(await complaint("JSON", draft("http://json-schema.org/draft-04/schema#", '"exclusiveMaximum":1'))).toMatch(/InvalidSchema/);
  expect(await complaint("JSON", draft("http://json-schema.org/draft-06/schema#", '"exclusiveMaximum":1'))).toMatch(/^accepted/);
  expect(await complaint("JSON", draft("https://json-schema.org/draft/2019-09/schema", '"dependentRequired":{"a":["b"]}'))).toMatch(
    /^accepted/,
  );
  expect(await complaint("JSON", draft("https://json-schema.org/draft/2020-12/schema", '"prefixItems":{}'))).toMatch(/InvalidSchema/);
  expect(
    await complaint("JSON", draft("https://json-schema.org/draft/2020-12/schema", '"prefixItems":[{"$ref":"#a"},{"$anchor":"a"}]')),
  ).toMatch(/^accepted/);
  expect(await complaint("JSON", "[]")).toMatch(/object or a boolean/);
  expect(await complaint("JSON", "true")).toMatch(/^accepted/);
  expect(await complaint("JSON", '{"$ref":"#/definitions/a"}')).toMatch(/Could not resolve reference: #\/definitions\/a/);
  expect(await complaint("JSON", '{"$ref":"other.json"}')).toMatch(/Could not resolve reference: other\.json/);
  expect(await complaint("JSON", '{"const":{"$ref":"other.json"}}')).toMatch(/^accepted/);
  expect(await complaint("JSON", '{"definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}}}')).toMatch(
    /go round in a circle/,
  );
  expect(await complaint("JSON", '{"$ref":"http://json-schema.org/draft-07/schema#"}')).toMatch(/^accepted/);
  const nested =
    '{"$id":"http://x/y.json","definitions":{"s":{"$id":"dir/s.json","definitions":{"t":{}},"$ref":"#/definitions/t"}},"$ref":"dir/s.json"}';
  expect(await complaint("JSON", nested)).toMatch(/^accepted/);
  const reference = { name: "other.json", subject: "other", version: 1, schema: '{"definitions":{"s":{"type":"string"}}}' };
  for (const text of ['{"$ref":"other.json#/definitions/s"}', '{"$ref":"./other.json"}', '{"$id":"http://x/y.json","$ref":"other.json"}']) {
    expect((await parse("JSON", text, false, [reference])).canonicalText).toBe(text);
  }
});

const PROTO = `// A comment
edition = "2023"; package  a.b ;
import public "google/protobuf/any.proto"; import 'google/protobuf/timestamp.proto';
option java_package = "x" "y"; option (custom).part = { a: 1, b: ["c"] };
message M { option deprecated = true; reserved 5, 10 to 12, 100 to max; reserved foo;
  int32 a = 0x1 [(x) = -1.5, json_name='A"']; map < string , M.I > m = 2; oneof o { option (y) = Z; string s = 3; bytes t = 4; }
  message I { repeated .a.b.E e = 1; } google.protobuf.Any any = 6; }
enum E { option allow_alias = true; Z = 0; Y = 0 [deprecated = true]; N = -1; }
service S { rpc Do(stream M) returns (M.I) { option idempotency_level = NO_SIDE_EFFECTS; } rpc No (M) returns (stream M); }
`;

const PRINTED = `edition = "2023";
package a.b;

import public "google/protobuf/any.proto";
import "google/protobuf/timestamp.proto";

option java_package = "xy";
option (custom).part = { a : 1 , b : [ "c" ] };

message M {
  option deprecated = true;

  reserved 5, 10 to 12, 100 to max;
  reserved foo;

  int32 a = 1 [(x) = -1.5, json_name = "A\\""];
  map<string, M.I> m = 2;
  google.protobuf.Any any = 6;

  oneof o {
    option (y) = Z;

    string s = 3;
    bytes t = 4;
  }

  message I {
    repeated .a.b.E e = 1;
  }
}
enum E {
  option allow_alias = true;

  Z = 0;
  Y = 0 [deprecated = true];
  N = -1;
}
service S {
  rpc Do (stream M) returns (M.I) {
    option idempotency_level = NO_SIDE_EFFECTS;
  }
  rpc No (M) returns (stream M);
}
`;

test("Protobuf is stored in one form, with all that it says but comments", async () => {
  expect(await canonical("PROTOBUF", PROTO)).toBe(PRINTED);
  expect(await canonical("PROTOBUF", PRINTED)).toBe(PRINTED);
  const words =
    'syntax = "proto3"; message M { string message = 1; M option = 2; int32 reserved = 3; message message { } .M.message oneof = 4; }';
  expect(await canonical("PROTOBUF", await canonical("PROTOBUF", words))).toContain("  M option = 2;");
});

test("Protobuf: what has no order is put into one where that is asked for", async () => {
  const one =
    'syntax = "proto3"; package p; import "google/protobuf/timestamp.proto"; import "google/protobuf/any.proto"; message M { reserved 9; reserved 7 to 8; I i = 2 [retention = X, deprecated = true]; int32 a = 1; message I { } }';
  const other =
    'syntax = "proto3"; package p; import "google/protobuf/any.proto"; import "google/protobuf/timestamp.proto"; message M { reserved 7, 8, 9; int32 a = 1; .p.M.I i = 2 [deprecated = true, retention = X]; message I { } }';
  expect(await canonical("PROTOBUF", one, true)).toBe(await canonical("PROTOBUF", other, true));
  expect(await canonical("PROTOBUF", one)).not.toBe(await canonical("PROTOBUF", other));
});

test("Protobuf: what is no file is refused with the reason", async () => {
  const message = (body: string) => `syntax = "proto3"; message M { ${body} }`;
  const wrong: readonly (readonly [string, RegExp])[] = [
    ["message", /Syntax error in line 1/],
    ['syntax = "proto3";\nmessage M { int32 a }', /Syntax error in line 2/],
    ['syntax = "proto4";', /unknown syntax/],
    ["hell", /Neither a \.proto file nor a descriptor/],
    [message("int32 a = 1; int32 b = 1;"), /Field number 1 has already been used/],
    [message("int32 a = 1; int32 a = 2;"), /"a" is already defined/],
    [message("int32 a = 0;"), /Field numbers are between 1 and/],
    [message("int32 a = 19000;"), /reserved for Protobuf itself/],
    [message("reserved 1; int32 a = 1;"), /uses reserved number 1/],
    [message('reserved "a"; int32 a = 1;'), /is reserved/],
    [message("Foo a = 1;"), /"Foo" is not defined/],
    [message("required int32 a = 1;"), /not allowed in proto3/],
    [message("map<double, int32> a = 1;"), /Key in map fields cannot be double/],
    [message("oneof o { repeated int32 a = 1; }"), /has a label/],
    [message("} message M {"), /"M" is already defined/],
    ['syntax = "proto3"; enum E { A = 1; }', /must be zero/],
    ['syntax = "proto3"; enum E { A = 0; B = 0; }', /without allow_alias/],
    ['syntax = "proto2"; message M { int32 a = 1; }', /Expected "required", "optional", or "repeated"/],
    ['syntax = "proto3"; import "other.proto";', /No reference found for import "other.proto"/],
    [message("string s = 1 [x = 'a"), /Syntax error|unexpected/],
  ];
  for (const [text, reason] of wrong) expect(await complaint("PROTOBUF", text), text).toMatch(reason);
});

test("Protobuf: types come from imports, and from what these import for others", async () => {
  const reference = (name: string, schema: string) => ({
    name,
    subject: name,
    version: 1,
    schema: `syntax = "proto3"; package o; ${schema}`,
  });
  const references = [reference("c.proto", "message C { }"), reference("b.proto", 'import public "c.proto"; message B { C c = 1; }')];
  const text = 'syntax = "proto3"; import "b.proto"; message M { o.B b = 1; o.C c = 2; }';
  expect((await parse("PROTOBUF", text, false, references)).canonicalText).toContain("o.C c = 2;");
});

test("Protobuf: a descriptor is the file that it was made of", async () => {
  const text = `syntax = "proto2";
package a.b;

import "google/protobuf/any.proto";

option java_package = "x";
option (custom) = "y";

message M {
  reserved 5, 10 to 12;
  reserved "foo";

  extensions 100 to max;

  optional int64 a = 1 [default = 9223372036854775807, deprecated = true];
  required string s = 2 [default = "a\\"b", json_name = "other"];
  map<string, .a.b.M.I> m = 3;
  repeated .google.protobuf.Any any = 4;
  optional .a.b.E e = 9 [default = Y];

  oneof o {
    string t = 6;
    bytes u = 7;
  }

  message I {}
}
enum E {
  Z = 0;
  Y = 1;
}
extend .a.b.M {
  optional int32 more = 100;
}
service S {
  rpc Do (stream .a.b.M) returns (.a.b.M.I);
}
`;
  const serialized = await (await parse("PROTOBUF", text)).textAs("serialized");
  expect(serialized).toMatch(/^[A-Za-z0-9+/]+=*$/);
  expect(await canonical("PROTOBUF", serialized)).toBe(text);
  const proto3 = 'syntax = "proto3";\n\nmessage M {\n  optional int32 a = 1;\n  int32 b = 2;\n  repeated string c = 3;\n}\n';
  expect(await canonical("PROTOBUF", await (await parse("PROTOBUF", proto3)).textAs("serialized"))).toBe(proto3);
});

test("a schema is known by its text, its references, and what is beside it", () => {
  const content = { schemaType: "AVRO", schema: '"string"', references: [], metadata: undefined, ruleSet: undefined } as const;
  expect(guidOf(content)).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  const others = [
    { ...content, schema: '"bytes"' },
    { ...content, references: [{ name: "a", subject: "b", version: 1 }] },
    { ...content, references: [{ name: "a", subject: "b", version: 2 }] },
    { ...content, metadata: { properties: { a: "b" } } },
    { ...content, ruleSet: { domainRules: [] } },
  ];
  expect(new Set([content, ...others].map(guidOf)).size).toBe(6);
});
