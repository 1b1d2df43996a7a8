import { expect, test } from "vitest";
import { incompatibilities } from "../../src/registry/compatibility.ts";
import type { ParsedSchema, SchemaType } from "../../src/registry/format.ts";
import { formatOf } from "../../src/registry/formats.ts";
import { LEVELS } from "../../src/registry/settings.ts";
import { AVRO_PAIRS } from "./avro-pairs.ts";
import { testRegistry } from "./client.ts";
import { JSON_PAIRS } from "./json-pairs.ts";
import type { Pair, Verdict } from "./pairs.ts";
import { PROTOBUF_PAIRS } from "./protobuf-pairs.ts";

test("there are at least 150 pairs", () => {
  expect(AVRO_PAIRS.length + JSON_PAIRS.length + PROTOBUF_PAIRS.length).toBeGreaterThanOrEqual(150);
});

const parsedSchemas = new Map<string, Promise<ParsedSchema>>();

function parsedOnce(schemaType: SchemaType, text: string, normalize = false): Promise<ParsedSchema> {
  const key = `${schemaType} ${normalize} ${text}`;
  const parsing =
    parsedSchemas.get(key) ?? formatOf(schemaType).then((format) => format.parse(text, { references: [], isNew: true, normalize }));
  parsedSchemas.set(key, parsing);
  return parsing;
}

test.each([
  ["AVRO", AVRO_PAIRS],
  ["JSON", JSON_PAIRS],
  ["PROTOBUF", PROTOBUF_PAIRS],
] as const)("%s: each level takes the newer schema of a pair where it should", async (schemaType, pairs) => {
  const wrong: string[] = [];
  for (const pair of pairs) wrong.push(...(await wrongLevels(schemaType, pair)));
  expect(wrong).toEqual([]);
});

async function wrongLevels(schemaType: SchemaType, { change, older, newer, verdict }: Pair): Promise<readonly string[]> {
  const [earlier, parsed] = await Promise.all([older, newer].map((text) => parsedOnce(schemaType, text)));
  if (earlier === undefined || parsed === undefined) throw new Error("two schemas are parsed");
  const version = {
    ...{ subject: "s", version: 1, id: 1, schemaType, schema: older, references: [] },
    ...{ metadata: undefined, ruleSet: undefined, deleted: false },
  };
  return LEVELS.flatMap((level) => {
    const messages = level === "NONE" ? [] : incompatibilities(level, { schemaType, parsed }, { version, parsed: earlier });
    const isTaken = messages.length === 0;
    return isTaken === takes(level, verdict)
      ? []
      : [`${change} (${verdict}): ${level} ${isTaken ? "takes it" : `refuses it: ${messages[0]}`}`];
  });
}

function takes(level: (typeof LEVELS)[number], verdict: Verdict): boolean {
  switch (level) {
    case "NONE":
      return true;
    case "BACKWARD":
    case "BACKWARD_TRANSITIVE":
      return verdict === "both" || verdict === "backward";
    case "FORWARD":
    case "FORWARD_TRANSITIVE":
      return verdict === "both" || verdict === "forward";
    case "FULL":
    case "FULL_TRANSITIVE":
      return verdict === "both";
  }
}

test.each([
  ["AVRO", AVRO_PAIRS, "resolved"],
  ["JSON", JSON_PAIRS, "none"],
  ["PROTOBUF", PROTOBUF_PAIRS, "serialized"],
] as const)("%s: a schema is what it is in each of its forms, and reads itself", async (schemaType, pairs, otherForm) => {
  const parse = (text: string, normalize = false) => parsedOnce(schemaType, text, normalize);
  for (const text of new Set(pairs.flatMap(({ older, newer }) => [older, newer]))) {
    const schema = await parse(text);
    const normal = await parse(text, true);
    const other = await parse(await schema.textAs(otherForm));
    for (const form of [schema, normal, other]) {
      expect([...form.differencesFrom(schema), ...schema.differencesFrom(form)], text).toEqual([]);
      expect((await parse(form.canonicalText)).canonicalText, text).toBe(form.canonicalText);
    }
    expect((await parse(normal.canonicalText, true)).canonicalText, text).toBe(normal.canonicalText);
    expect((await parse(schema.canonicalText, true)).canonicalText, text).toBe(normal.canonicalText);
  }
});

/** Under each level: a schema that fits the latest version but not the first, by what was taken in between. */
test.each([
  ["BACKWARD", ["a"], ["a", "b=1"], ["a", "b"]],
  ["FORWARD", ["a", "b"], ["a", "b=1"], ["a"]],
  ["FULL", ["a", "b"], ["a", "b=1"], ["a"]],
])("%s looks at the latest version, and its transitive level at all", async (level, ...versions) => {
  const registry = await testRegistry();
  const [first, second, third] = versions.map((fields) => ({
    schema: JSON.stringify({ type: "record", name: "R", fields: fields.map(fieldOf) }),
  }));
  expect((await registry.post("/subjects/s/versions", first)).status).toBe(200);
  await registry.put("/config/s", { compatibility: level });
  expect((await registry.post("/subjects/s/versions", second)).status).toBe(200);
  await registry.put("/config/s", { compatibility: `${level}_TRANSITIVE` });
  const refused = await registry.post("/subjects/s/versions", third);
  expect([refused.status, refused.body.message]).toEqual([409, expect.stringContaining("{oldSchemaVersion: 1}")]);
  await registry.put("/config/s", { compatibility: level });
  expect((await registry.post("/subjects/s/versions", third)).status).toBe(200);
});

function fieldOf(text: string): object {
  const [name, value] = text.split("=");
  return { name, type: "int", ...(value === undefined ? {} : { default: Number(value) }) };
}

test("messages name what is incompatible, and in which of the two schemas", async () => {
  const registry = await testRegistry();
  const messages = async (subject: string, schemaType: string, older: string, newer: string, level = "BACKWARD") => {
    await registry.put(`/config/${subject}`, { compatibility: level });
    await registry.post(`/subjects/${subject}/versions`, { schemaType, schema: older });
    const { body } = await registry.post(`/compatibility/subjects/${subject}/versions/latest?verbose=true`, { schemaType, schema: newer });
    return body.messages ?? [];
  };
  const proto = (fields: string) => `syntax = "proto3"; message Car { ${fields} }`;
  expect((await messages("p", "PROTOBUF", proto("string a = 2;"), proto("int32 a = 2;")))[0]).toBe(
    '{errorType:"FIELD_SCALAR_KIND_CHANGED", description:"The kind of a SCALAR field at path \'#/Car/2\' in the new schema does not match its kind in the old schema"}',
  );
  const open = '{"type":"object","properties":{}}';
  const named = '{"type":"object","properties":{"a/b":{"type":"string"}}}';
  const added = await messages("j", "JSON", open, named);
  expect(added[0]).toContain('{errorType:"PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL", description:"');
  expect(added[0]).toContain("'#/properties/a~1b'");
  expect(added.slice(-3)).toEqual([
    "{oldSchemaVersion: 1}",
    `{oldSchema: '${open}'}`,
    "{validateFields: 'false', compatibility: 'BACKWARD'}",
  ]);
  const symbols = (list: string) => `{"type":"enum","name":"E","symbols":[${list}]}`;
  expect((await messages("e", "AVRO", symbols('"A"'), symbols('"A","B"'), "FORWARD"))[0]).toBe(
    "{errorType:'MISSING_ENUM_SYMBOLS', description:'The old schema is missing enum symbols '[B]' at path '/symbols' in the new schema', additionalInfo:'[B]'}",
  );
  const several = '{"type":"record","name":"R","fields":[{"name":"a","type":"string"},{"name":"b","type":"int"}]}';
  expect((await messages("a", "AVRO", '{"type":"record","name":"R","fields":[{"name":"a","type":"int"}]}', several)).length).toBe(5);
});
