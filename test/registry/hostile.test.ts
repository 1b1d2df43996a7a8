// Schemas of which somebody hopes that they keep everybody else waiting, or break something. Each of these took seconds, or for ever, where what it is
// about was done in the obvious way.

import { expect, test } from "vitest";
import { testRegistry } from "./client.ts";

const COUNT = 2000;
const many = <Item>(each: (index: number) => Item) => Array.from({ length: COUNT }, (_, index) => each(index));
const nested = (depth: number, open: string, inner: string, close: string) => open.repeat(depth) + inner + close.repeat(depth);

/** A first schema, then one that is judged by it: what is answered to each. */
async function answers(schemaType: string, first: unknown, second: unknown, level = "BACKWARD") {
  const registry = await testRegistry();
  await registry.put("/config", { compatibility: level });
  const texts = [first, second].map((schema) => (typeof schema === "string" ? schema : JSON.stringify(schema)));
  const codes: (number | undefined)[] = [];
  for (const schema of texts) {
    const { status, body } = await registry.post("/subjects/s/versions", { schemaType, schema });
    codes.push(body.error_code ?? status);
  }
  return codes;
}

test("Avro: unions and enums of very many names", async () => {
  const union = (letter: string) => many((index) => ({ type: "fixed", name: `${letter}${index}`, size: 1 }));
  expect(await answers("AVRO", union("a"), union("b"))).toEqual([200, 409]);
  const letters = (letter: string) => ({ type: "enum", name: "E", symbols: many((index) => `${letter}${index}`) });
  expect(await answers("AVRO", letters("a"), letters("b"))).toEqual([200, 409]);
});

test("JSON Schema: very many values, demands and alternatives, and values that are objects", async () => {
  const values = (name: string) => ({ enum: many((index) => ({ [name]: index })) });
  expect(await answers("JSON", values("a"), values("b"))).toEqual([200, 409]);
  expect(await answers("JSON", { type: "string", required: ["a", "b", "a"] }, {})).toEqual([42201, 200]);
  const demands = (letter: string) => ({ type: "object", required: many((index) => `${letter}${index}`) });
  expect(await answers("JSON", demands("a"), demands("b"))).toEqual([200, 409]);
  const alternatives = (sign: number) => ({ oneOf: many((index) => ({ const: sign * (index + 1) })) });
  expect(await answers("JSON", alternatives(1), alternatives(-1))).toEqual([200, 409]);
});

test("JSON Schema: more patterns for more names than can be tried is intricate", async () => {
  const patterns = {
    patternProperties: Object.fromEntries(many((index) => [`(a|b)*${index}c`, {}] as const)),
    additionalProperties: false,
  };
  const names = { properties: Object.fromEntries(many((index) => [`p${index}`, { type: "string" }] as const)) };
  const both = (schema: object) => ({ type: "object", ...schema });
  expect(await answers("JSON", both(patterns), both(names))).toEqual([200, 42201]);
});

test("JSON Schema: references that fork again and again", async () => {
  const fork = (leaf: string) => {
    const layers = Array.from({ length: 60 }, (_, index) => [
      `d${index}`,
      { allOf: [{ $ref: `#/definitions/d${index + 1}` }, { $ref: `#/definitions/d${index + 1}` }] },
    ]);
    return { $ref: "#/definitions/d0", definitions: { ...Object.fromEntries(layers), d60: { type: leaf } } };
  };
  expect(await answers("JSON", fork("integer"), fork("number"))).toEqual([200, 200]);
  expect(await answers("JSON", fork("number"), fork("string"))).toEqual([200, 409]);
});

test("Protobuf: very many reserved numbers, and files that import one another on very many ways", async () => {
  const numbers = many((index) => index + 20_000);
  const message = (use: number) =>
    `syntax = "proto3"; message M { reserved ${numbers.map((one) => 2 * one).join(", ")}; int32 a = ${use}; }`;
  expect(await answers("PROTOBUF", message(40_001), message(40_002))).toEqual([200, 42201]);
  const registry = await testRegistry();
  const layers = Array.from({ length: 30 }, (_, index) => index);
  for (const layer of layers) {
    const below = layer === 0 ? [] : [`a${layer - 1}`, `b${layer - 1}`];
    for (const name of [`a${layer}`, `b${layer}`]) {
      const imports = below.map((one) => `import public "${one}";`).join(" ");
      const references = below.map((one) => ({ name: one, subject: one, version: 1 }));
      const schema = `syntax = "proto3"; ${imports} message ${name} { ${layer === 0 ? "int32" : "a0"} x = 1; }`;
      const { status } = await registry.post(`/subjects/${name}/versions`, { schemaType: "PROTOBUF", schema, references });
      expect(status).toBe(200);
    }
  }
});

test("what is nested too deeply is no schema", async () => {
  const deep = nested(5000, "[", "", "]");
  for (const [schemaType, schema] of [
    ["AVRO", deep],
    ["AVRO", nested(1000, '{"type":"array","items":', '"int"', "}")],
    ["JSON", nested(1000, '{"items":', "{}", "}")],
    ["JSON", nested(1000, '{"default":', "1", "}")],
    ["PROTOBUF", `syntax = "proto3"; ${nested(1000, "message M { ", "", "}")}`],
  ] as const) {
    expect((await answers(schemaType, schema, schema))[0], schema.slice(0, 30)).toBe(42201);
  }
});

test("what is too large is refused: a schema, or all that it refers to", async () => {
  const registry = await testRegistry();
  const sized = (name: string, size: number) => JSON.stringify({ type: "record", name, doc: "x".repeat(size), fields: [] });
  expect((await registry.post("/subjects/s/versions", { schema: sized("R", 300_000) })).body.error_code).toBe(42209);
  for (const name of ["A", "B"]) await registry.post(`/subjects/${name}/versions`, { schema: sized(name, 200_000) });
  const references = ["A", "B"].map((name) => ({ name, subject: name, version: 1 }));
  const refused = await registry.post("/subjects/s/versions", { schema: '["A","B"]', references });
  expect([refused.body.error_code, refused.body.message]).toEqual([42201, expect.stringContaining("refers to")]);
});

test("references that go round in a circle, as only a topic of others can have them, lead nowhere", async () => {
  const record = (subject: string, id: number, other: string) => ({
    key: `{"keytype":"SCHEMA","subject":"${subject}","version":1,"magic":1}`,
    value: JSON.stringify({
      ...{ subject, version: 1, id, references: [{ name: other, subject: other, version: 1 }] },
      ...{ schema: JSON.stringify({ type: "record", name: subject, fields: [{ name: "a", type: other }] }), deleted: false },
    }),
  });
  const registry = await testRegistry([record("A", 1, "B"), record("B", 2, "A")]);
  const references = [{ name: "A", subject: "A", version: 1 }];
  const { body } = await registry.post("/subjects/s/versions", { schema: '"A"', references });
  expect([body.error_code, body.message]).toEqual([42201, expect.stringContaining("circle")]);
  expect((await registry.get("/subjects/A/versions/1")).status).toBe(200);
  expect((await registry.get("/subjects/A/versions/1?format=resolved")).body.error_code).toBe(42201);
});

test("names with characters that control something name no subject", async () => {
  const registry = await testRegistry();
  for (const name of ["a%00b", "a%0Ab", "%1B[31m", "a%7Fb"]) {
    const { body } = await registry.post(`/subjects/${name}/versions`, { schema: '"int"' });
    expect([name, body.error_code]).toEqual([name, 42208]);
  }
  expect((await registry.get("/subjects/%zz/versions")).status).toBe(400);
  for (const name of ["__proto__", "constructor"]) {
    expect((await registry.post(`/subjects/${name}/versions`, { schema: '"int"' })).status).toBe(200);
    expect((await registry.get(`/config/${name}`)).body.error_code).toBe(40408);
  }
});
