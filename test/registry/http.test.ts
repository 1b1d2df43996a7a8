import { expect, test } from "vitest";
import { avroRecord, testRegistry } from "./client.ts";

const a = { name: "a", type: "int" };
const b = { name: "b", type: "int", default: 1 };
const c = { name: "c", type: "int" };

test("a schema has one id and one version however it is spaced, in every subject", async () => {
  const registry = await testRegistry();
  expect((await registry.post("/subjects/s/versions", avroRecord(a))).body).toEqual({ id: 1 });
  const spaced = JSON.stringify(JSON.parse(avroRecord(a).schema), null, 2);
  expect((await registry.post("/subjects/s/versions", { schema: spaced })).body).toEqual({ id: 1 });
  expect((await registry.get("/subjects/s/versions")).body).toEqual([1]);
  expect((await registry.post("/subjects/t/versions", avroRecord(a))).body).toEqual({ id: 1 });
  expect((await registry.get("/schemas/ids/1/versions")).body).toEqual([
    { subject: "s", version: 1 },
    { subject: "t", version: 1 },
  ]);
  expect((await registry.post("/subjects/s/versions", avroRecord(a, b))).body).toEqual({ id: 2 });
  expect((await registry.get("/subjects/s/versions/latest")).body).toEqual({
    subject: "s",
    version: 2,
    id: 2,
    schema: avroRecord(a, b).schema,
  });
  expect((await registry.get("/schemas/ids/1")).body).toEqual({ schema: avroRecord(a).schema });
  expect((await registry.get("/schemas/ids/1/schema")).text).toBe(avroRecord(a).schema);
});

test("other metadata make another schema", async () => {
  const registry = await testRegistry();
  await registry.post("/subjects/s/versions", avroRecord(a));
  const owned = { ...avroRecord(a), metadata: { properties: { owner: "me" } } };
  const told = { id: 2, version: 2, metadata: owned.metadata, schema: owned.schema };
  expect((await registry.post("/subjects/s/versions", owned)).body).toEqual(told);
  expect((await registry.post("/subjects/s/versions", owned)).body).toEqual({ id: 2 });
  expect((await registry.get("/subjects/s/metadata?key=owner&value=me")).body).toMatchObject({ version: 2, metadata: owned.metadata });
  expect((await registry.get("/subjects/s/metadata?key=owner&value=you")).body).toMatchObject({ error_code: 40403 });
});

test("metadata are inherited, and may be changed without the schema", async () => {
  const registry = await testRegistry();
  const owned = (owner: string) => ({ metadata: { properties: { owner } } });
  expect((await registry.post("/subjects/none/versions", owned("me"))).body).toEqual({ error_code: 42201, message: "Empty schema" });
  await registry.post("/subjects/s/versions", { ...avroRecord(a), ...owned("me") });
  expect((await registry.post("/subjects/s/versions", avroRecord(a))).body).toEqual({
    id: 1,
    version: 1,
    ...owned("me"),
    ...avroRecord(a),
  });
  expect((await registry.post("/subjects/s/versions", owned("you"))).body).toEqual({
    id: 2,
    version: 2,
    ...owned("you"),
    ...avroRecord(a),
  });
  expect((await registry.post("/subjects/s/versions", avroRecord(a, b))).body.metadata).toEqual(owned("you").metadata);
});

test("a version that is asked for by its number has to be the next one, and says so in its metadata", async () => {
  const registry = await testRegistry();
  const numbered = (version: string) => ({ properties: { "confluent:version": version } });
  const first = await registry.post("/subjects/s/versions", { ...avroRecord(a), version: 1 });
  expect(first.body).toEqual({ id: 1, version: 1, metadata: numbered("1"), ...avroRecord(a) });
  expect((await registry.post("/subjects/s/versions", { ...avroRecord(a, b), version: 5 })).body).toEqual({
    error_code: 42201,
    message: "Version is not one more than previous version",
  });
  expect((await registry.post("/subjects/s/versions", { ...avroRecord(a, b), version: -1 })).body.metadata).toEqual(numbered("2"));
  expect((await registry.post("/subjects/s/versions", avroRecord(a, { ...b, name: "d" }))).body.metadata).toEqual(numbered("3"));
});

test("other names of a subject lead to it", async () => {
  const registry = await testRegistry();
  await registry.post("/subjects/lst-a/versions", avroRecord(a));
  const rules = { ruleSet: { domainRules: [{ name: "r", type: "CEL" }] } };
  await registry.post("/subjects/target/versions", { ...avroRecord(b), ...rules });
  await registry.put("/config/lst-y", { alias: "target" });
  await registry.put("/config/lst-x", { alias: "target" });
  expect((await registry.get("/subjects/lst-x/versions/latest")).body.subject).toBe("target");
  const listed = async (query: string) => (await registry.get(`/schemas?${query}`)).list.map((row) => [row.subject, row.aliases]);
  expect(await listed("subjectPrefix=lst-")).toEqual([["lst-a", undefined]]);
  expect(await listed("subjectPrefix=lst-&aliases=true")).toEqual([
    ["lst-a", undefined],
    ["target", ["lst-x", "lst-y"]],
  ]);
  expect(await listed("ruleType=CEL")).toEqual([["target", undefined]]);
  expect(await listed("limit=1&offset=1")).toEqual([["target", undefined]]);
  expect((await listed("limit=0")).length).toBe(2);
});

test("settings: a level for all, levels of subjects, and what is answered where there is none", async () => {
  const registry = await testRegistry();
  expect((await registry.get("/config")).body).toEqual({ compatibilityLevel: "BACKWARD" });
  const unset = await registry.get("/config/x");
  expect([unset.status, unset.body.error_code]).toEqual([404, 40408]);
  expect((await registry.get("/config/x?defaultToGlobal=true")).body).toEqual({ compatibilityLevel: "BACKWARD" });
  expect((await registry.put("/config/x", { compatibility: "FULL" })).body).toEqual({ compatibility: "FULL" });
  expect((await registry.get("/config/x")).body).toEqual({ compatibilityLevel: "FULL" });
  await registry.put("/config/x", { normalize: true });
  expect((await registry.get("/config/x")).body).toEqual({ compatibilityLevel: "FULL", normalize: true });
  expect((await registry.delete("/config/x")).body).toMatchObject({ compatibilityLevel: "FULL" });
  expect((await registry.delete("/config/x")).body.error_code).toBe(40401);
  const wrong = await registry.put("/config", { compatibility: "sideways" });
  expect([wrong.status, wrong.body]).toEqual([
    422,
    {
      error_code: 42203,
      message:
        "Invalid compatibility level. Valid values are none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive",
    },
  ]);
  expect((await registry.get("/mode")).body).toEqual({ mode: "READWRITE" });
  expect((await registry.get("/mode/x")).body.error_code).toBe(40409);
  expect((await registry.put("/mode", { mode: "nope" })).body).toMatchObject({
    error_code: 42204,
    message: expect.stringMatching(/^Invalid mode\. Valid values are /),
  });
});

test("what is not there is told by its own code", async () => {
  const registry = await testRegistry();
  expect((await registry.get("/subjects/none/versions")).body).toEqual({ error_code: 40401, message: "Subject 'none' not found." });
  await registry.post("/subjects/s/versions", avroRecord(a));
  expect((await registry.get("/subjects/s/versions/99")).body).toEqual({ error_code: 40402, message: "Version 99 not found." });
  for (const version of ["0", "abc", "-2", "2147483648"]) {
    const { status, body } = await registry.get(`/subjects/s/versions/${version}`);
    expect([status, body.error_code]).toEqual([422, 42202]);
  }
  expect((await registry.get("/subjects/s/versions/-1")).body).toEqual((await registry.get("/subjects/s/versions/latest")).body);
  expect((await registry.get("/schemas/ids/999999")).body).toEqual({ error_code: 40403, message: "Schema 999999 not found" });
  expect((await registry.post("/subjects/none", avroRecord(a))).body.error_code).toBe(40401);
  expect((await registry.post("/subjects/s", avroRecord(b))).body.error_code).toBe(40403);
  expect((await registry.post("/subjects/s", avroRecord(a))).body).toMatchObject({ subject: "s", version: 1, id: 1 });
  expect((await registry.post("/subjects/s/versions", { schema: "not json" })).body.error_code).toBe(42201);
  expect((await registry.post("/subjects/s/versions", { schema: "{}", schemaType: "XML" })).body.error_code).toBe(42201);
  expect((await registry.post("/subjects/none/versions", { schema: "" })).body).toEqual({ error_code: 42201, message: "Empty schema" });
  for (const path of ["/subjects/%zz/versions", "/contexts/%/subjects", "/contexts/c/subjects/%"])
    expect((await registry.get(path)).status).toBe(400);
  expect((await registry.get("/nowhere")).body).toEqual({ error_code: 404, message: "HTTP 404 Not Found" });
  expect((await registry.put("/subjects", {})).status).toBe(405);
  expect((await registry.post("/subjects/s/versions", "{")).status).toBe(400);
  expect((await registry.post("/subjects/s/versions", { schemo: "" })).body).toEqual({
    error_code: 422,
    message: "Unrecognized field: schemo",
  });
});

test("an incompatible schema is refused with what stands in its way", async () => {
  const registry = await testRegistry();
  await registry.post("/subjects/s/versions", avroRecord(a));
  const refused = await registry.post("/subjects/s/versions", avroRecord(a, c));
  expect([refused.status, refused.body.error_code]).toEqual([409, 409]);
  expect(refused.body.message).toBe(
    "Schema being registered is incompatible with an earlier schema for subject \"s\", details: [{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', " +
      "description:'The field 'c' at path '/fields/1' in the new schema has no default value and is missing in the old schema', additionalInfo:'c'}, " +
      `{oldSchemaVersion: 1}, {oldSchema: '${avroRecord(a).schema}'}, {validateFields: 'false', compatibility: 'BACKWARD'}]`,
  );
  const asked = await registry.post("/compatibility/subjects/s/versions/latest?verbose=true", avroRecord(a, c));
  expect(asked.body.is_compatible).toBe(false);
  expect(asked.body.messages?.length).toBe(4);
  expect((await registry.post("/compatibility/subjects/s/versions/latest", avroRecord(a, c))).body).toEqual({ is_compatible: false });
  expect((await registry.post("/compatibility/subjects/s/versions?verbose=TRUE", avroRecord(a, b))).body).toEqual({
    is_compatible: true,
    messages: [],
  });
  expect((await registry.post("/compatibility/subjects/none/versions/latest", avroRecord(a))).body).toEqual({ is_compatible: true });
  expect((await registry.post("/compatibility/subjects/s/versions/7", avroRecord(a))).body.error_code).toBe(40402);
});

test("a transitive level looks at all versions, the others at the latest", async () => {
  const registry = await testRegistry();
  await registry.post("/subjects/s/versions", avroRecord(a));
  await registry.post("/subjects/s/versions", avroRecord(a, b));
  const third = avroRecord(a, { name: "b", type: "int" });
  expect((await registry.post("/compatibility/subjects/s/versions", third)).body).toEqual({ is_compatible: true });
  await registry.put("/config/s", { compatibility: "backward_transitive" });
  const { body } = await registry.post("/compatibility/subjects/s/versions?verbose=true", third);
  expect(body.is_compatible).toBe(false);
  expect(body.messages).toContain("{oldSchemaVersion: 1}");
  await registry.put("/config/s", { compatibility: "NONE" });
  expect((await registry.post("/compatibility/subjects/s/versions", { schema: '"string"' })).body).toEqual({ is_compatible: true });
});

test("another type of schema is incompatible under every level but NONE", async () => {
  const registry = await testRegistry();
  await registry.post("/subjects/s/versions", avroRecord(a));
  const json = { schemaType: "JSON", schema: '{"type":"object"}' };
  const refused = await registry.post("/subjects/s/versions", json);
  expect([refused.status, refused.body.message]).toEqual([409, expect.stringContaining("different schema type")]);
  await registry.put("/config/s", { compatibility: "NONE" });
  expect((await registry.post("/subjects/s/versions", json)).body).toEqual({ id: 2 });
  expect((await registry.get("/subjects/s/versions/2")).body).toEqual({
    subject: "s",
    version: 2,
    id: 2,
    schemaType: "JSON",
    schema: '{"type":"object"}',
  });
});

test("a text that is a schema of two types has an id for each", async () => {
  const registry = await testRegistry();
  const schema = '{"type":"string","x":1}';
  expect((await registry.post("/subjects/s/versions", { schema })).body).toEqual({ id: 1 });
  expect((await registry.post("/subjects/t/versions", { schemaType: "JSON", schema })).body).toEqual({ id: 2 });
  expect((await registry.get("/schemas/ids/2")).body).toEqual({ schemaType: "JSON", schema });
});

test("deleting softly takes a version out of everything but look-ups by id", async () => {
  const registry = await testRegistry();
  await registry.post("/subjects/s/versions", avroRecord(a));
  await registry.post("/subjects/s/versions", avroRecord(a, b));
  const deleted = await registry.delete("/subjects/s/versions/2");
  expect([deleted.status, deleted.text]).toEqual([200, "2"]);
  expect((await registry.get("/subjects/s/versions/latest")).body.version).toBe(1);
  expect((await registry.get("/subjects/s/versions?deleted=true")).body).toEqual([1, 2]);
  expect((await registry.get("/subjects/s/versions?deletedOnly=true")).body).toEqual([2]);
  expect((await registry.get("/subjects/s/versions/2")).body.error_code).toBe(40402);
  expect((await registry.get("/subjects/s/versions/2?deleted=true")).body.id).toBe(2);
  expect((await registry.get("/schemas/ids/2")).status).toBe(200);
  expect((await registry.delete("/subjects/s/versions/2")).body.error_code).toBe(40406);
  expect((await registry.delete("/subjects/s/versions/1?permanent=true")).body.error_code).toBe(40407);
  // The same text again: its id, a new version, and the deleted one is gone.
  expect((await registry.post("/subjects/s/versions", avroRecord(a, b))).body).toEqual({ id: 2 });
  expect((await registry.get("/subjects/s/versions?deleted=true")).body).toEqual([1, 3]);
});

test("a subject is deleted softly, then for good", async () => {
  const registry = await testRegistry();
  await registry.post("/subjects/s/versions", avroRecord(a));
  await registry.post("/subjects/s/versions", avroRecord(a, b));
  await registry.put("/config/s", { compatibility: "FULL" });
  expect((await registry.delete("/subjects/s?permanent=true")).body.error_code).toBe(40405);
  expect((await registry.delete("/subjects/s")).body).toEqual([1, 2]);
  expect((await registry.delete("/subjects/s")).body).toEqual({
    error_code: 40404,
    message: "Subject 's' was soft deleted.Set permanent=true to delete permanently",
  });
  expect((await registry.get("/config/s")).body.error_code).toBe(40408);
  expect((await registry.get("/subjects")).body).toEqual([]);
  expect((await registry.get("/subjects?deleted=true")).body).toEqual(["s"]);
  expect((await registry.get("/subjects?deletedOnly=true")).body).toEqual(["s"]);
  expect((await registry.post("/subjects/s", avroRecord(a))).body.error_code).toBe(40401);
  expect((await registry.post("/subjects/s?deleted=true", avroRecord(a))).body.version).toBe(1);
  expect((await registry.delete("/subjects/s?permanent=true")).body).toEqual([1, 2]);
  expect((await registry.get("/subjects/s/versions?deleted=true")).body.error_code).toBe(40401);
  expect((await registry.get("/schemas/ids/1")).body.error_code).toBe(40403);
  expect((await registry.post("/subjects/s/versions", avroRecord(a))).body).toEqual({ id: 3 });
  expect((await registry.get("/subjects/s/versions")).body).toEqual([1]);
});

test("a schema that others refer to cannot be deleted", async () => {
  const registry = await testRegistry();
  await registry.post("/subjects/base/versions", { schema: '{"type":"record","name":"Base","namespace":"n","fields":[]}' });
  const referring = {
    schema: '{"type":"record","name":"Outer","namespace":"n","fields":[{"name":"base","type":"Base"}]}',
    references: [{ name: "n.Base", subject: "base", version: 1 }],
  };
  expect((await registry.post("/subjects/outer/versions", { ...referring, references: [] })).body.error_code).toBe(42201);
  const missing = await registry.post("/subjects/outer/versions", {
    ...referring,
    references: [{ name: "n.Base", subject: "no", version: 1 }],
  });
  expect([missing.body.error_code, missing.body.message]).toEqual([
    42201,
    expect.stringContaining('No schema reference found for subject "no" and version 1'),
  ]);
  expect((await registry.post("/subjects/outer/versions", referring)).body).toEqual({ id: 2 });
  expect((await registry.get("/subjects/outer/versions/1")).body.references).toEqual(referring.references);
  expect((await registry.get("/subjects/outer/versions/1?format=resolved")).body.schema).toContain(
    '{"type":"record","name":"Base","fields":[]}',
  );
  expect((await registry.get("/subjects/base/versions/1/referencedby")).body).toEqual([2]);
  expect((await registry.delete("/subjects/base/versions/1")).body).toEqual({
    error_code: 42206,
    message: "One or more references exist to the schema {magic=1,keytype=SCHEMA,subject=base,version=1}",
  });
  expect((await registry.delete("/subjects/base")).body.error_code).toBe(42206);
  await registry.delete("/subjects/outer");
  expect((await registry.get("/subjects/base/versions/1/referencedby")).body).toEqual([]);
  expect((await registry.delete("/subjects/base")).body).toEqual([1]);
});

test("schemas of each format build upon others, also through these", async () => {
  const registry = await testRegistry();
  const register = async (subject: string, schemaType: string, schema: string, ...references: readonly object[]) => {
    const { status, body } = await registry.post(`/subjects/${subject}/versions`, { schemaType, schema, references });
    expect([subject, status, body.message]).toEqual([subject, 200, undefined]);
    return body.id;
  };
  const named = (name: string, subject: string, version = 1) => ({ name, subject, version });
  await register("inner.json", "JSON", '{"type":"string"}');
  await register("middle.json", "JSON", '{"properties":{"i":{"$ref":"inner.json"}}}', named("inner.json", "inner.json"));
  await register("outer.json", "JSON", '{"properties":{"m":{"$ref":"middle.json"}}}', named("middle.json", "middle.json"));
  await register("c.proto", "PROTOBUF", 'syntax = "proto3"; package o; message C { }');
  await register(
    "b.proto",
    "PROTOBUF",
    'syntax = "proto3"; package o; import "c.proto"; message B { C c = 1; }',
    named("c.proto", "c.proto"),
  );
  await register("a.proto", "PROTOBUF", 'syntax = "proto3"; import "b.proto"; message A { o.B b = 1; }', named("b.proto", "b.proto"));
  await register("C", "AVRO", '{"type":"enum","name":"C","symbols":["X"]}');
  await register("B", "AVRO", '{"type":"record","name":"B","fields":[{"name":"c","type":"C"}]}', named("C", "C"));
  // The latest is remembered by its number.
  const id = await register(
    "A",
    "AVRO",
    '{"type":"record","name":"A","fields":[{"name":"b","type":"B"},{"name":"c","type":"C"}]}',
    named("B", "B", -1),
    named("C", "C"),
  );
  expect((await registry.get("/subjects/A/versions/1")).body.references).toEqual([named("B", "B"), named("C", "C")]);
  // With all that it builds upon written out it is the same schema.
  const { schema } = (await registry.get("/subjects/A/versions/1?format=resolved")).body;
  expect((await registry.post("/subjects/A", { schema })).body.id).toBe(id);
  expect((await registry.post("/subjects/A/versions", { schema })).body).toEqual({ id });
  expect((await registry.get("/subjects/C/versions/1/referencedby")).body).toEqual([8, 9]);
  // What changed in another file counts.
  const other = await registry.post("/subjects/c2.proto/versions", {
    schemaType: "PROTOBUF",
    schema: 'syntax = "proto3"; package o; message B { int32 c = 1; }',
  });
  expect(other.status).toBe(200);
  const moved = {
    schemaType: "PROTOBUF",
    schema: 'syntax = "proto3"; import "b.proto"; message A { o.B b = 1; }',
    references: [named("b.proto", "c2.proto")],
  };
  const refused = await registry.post("/subjects/a.proto/versions", moved);
  expect([refused.status, refused.body.message]).toEqual([409, expect.stringContaining("FIELD_KIND_CHANGED")]);
});

test("a subject that imports takes ids and versions as they are given", async () => {
  const registry = await testRegistry();
  const imported = { ...avroRecord(a), id: 100, version: 5 };
  const early = await registry.post("/subjects/s/versions", imported);
  expect([early.body.error_code, early.body.message]).toEqual([42205, "Subject s is not in import mode"]);
  expect((await registry.put("/mode/s", { mode: "IMPORT" })).body).toEqual({ mode: "IMPORT" });
  expect((await registry.post("/subjects/s/versions", avroRecord(b))).body.error_code).toBe(42205);
  expect((await registry.post("/subjects/s/versions", imported)).body).toEqual({ id: 100 });
  expect((await registry.get("/subjects/s/versions/5")).body.id).toBe(100);
  // The same again is fine, and told whole; a version may be written anew, and the same schema have several ids.
  expect((await registry.post("/subjects/s/versions", imported)).body).toEqual({ id: 100, version: 5, ...avroRecord(a) });
  expect((await registry.post("/subjects/s/versions", { ...avroRecord(c), id: 90, version: 7 })).body).toEqual({ id: 90 });
  expect((await registry.post("/subjects/s/versions", { ...avroRecord(a), id: 91, version: 7 })).body).toEqual({ id: 91 });
  expect((await registry.get("/subjects/s/versions")).body).toEqual([5, 7]);
  expect((await registry.get("/schemas/ids/90")).body.error_code).toBe(40403);
  expect((await registry.get("/schemas/ids/91")).body).toEqual(avroRecord(a));
  const other = await registry.post("/subjects/s/versions", { ...avroRecord(b), id: 100 });
  expect(other.body).toEqual({ error_code: 42205, message: "Overwrite new schema with id 100 is not permitted." });
  expect((await registry.put("/mode/s", { mode: "READWRITE" })).status).toBe(200);
  expect((await registry.post("/subjects/s/versions", avroRecord(a, b))).body).toEqual({ id: 101 });
  expect((await registry.put("/mode", { mode: "IMPORT" })).body).toEqual({
    error_code: 42205,
    message: "Cannot import since found existing subjects",
  });
  expect((await registry.put("/mode?force=true", { mode: "IMPORT" })).status).toBe(200);
});

test("what is read only can be read", async () => {
  const registry = await testRegistry();
  await registry.post("/subjects/s/versions", avroRecord(a));
  await registry.put("/mode", { mode: "readonly" });
  for (const answer of [
    await registry.post("/subjects/s/versions", avroRecord(a, b)),
    await registry.delete("/subjects/s"),
    await registry.put("/config/s", { compatibility: "FULL" }),
  ]) {
    expect([answer.status, answer.body.error_code]).toEqual([422, 42205]);
  }
  expect((await registry.get("/subjects/s/versions/1")).status).toBe(200);
  await registry.put("/mode/s", { mode: "READWRITE" });
  expect((await registry.post("/subjects/s/versions", avroRecord(a, b))).status).toBe(200);
});

test("contexts have ids of their own, and two ways to be named", async () => {
  const registry = await testRegistry();
  await registry.post("/subjects/s/versions", avroRecord(a));
  expect((await registry.post("/contexts/c/subjects/s/versions", avroRecord(b))).body).toEqual({ id: 1 });
  expect((await registry.get("/subjects/:.c:s/versions/1")).body).toEqual({
    subject: ":.c:s",
    version: 1,
    id: 1,
    schema: avroRecord(b).schema,
  });
  expect((await registry.get("/contexts/.c/subjects/s/versions/1")).body.subject).toBe(":.c:s");
  expect((await registry.get("/schemas/ids/1")).body.schema).toBe(avroRecord(a).schema);
  expect((await registry.get("/schemas/ids/1?subject=:.c:")).body.schema).toBe(avroRecord(b).schema);
  expect((await registry.get("/contexts/c/schemas/ids/1")).body.schema).toBe(avroRecord(b).schema);
  expect((await registry.get("/contexts")).body).toEqual([".", ".c"]);
  expect((await registry.get("/subjects")).body).toEqual([":.c:s", "s"]);
  expect((await registry.get("/contexts/c/subjects")).body).toEqual([":.c:s"]);
  expect((await registry.get("/subjects?subjectPrefix=:.c:")).body).toEqual([":.c:s"]);
  expect((await registry.put("/contexts/c/config", { compatibility: "NONE" })).status).toBe(200);
  expect((await registry.get("/config/:.c:s?defaultToGlobal=true")).body).toEqual({ compatibilityLevel: "NONE" });
  expect((await registry.get("/contexts/a:b/subjects")).status).toBe(400);
  expect((await registry.delete("/contexts/c")).body.error_code).toBe(42211);
});

test("an id is looked for where the subject in the query says", async () => {
  const registry = await testRegistry();
  const named = (name: string) => ({ schema: `{"type":"fixed","name":"${name}","size":1}` });
  await registry.post("/subjects/d0/versions", named("D0"));
  await registry.post("/subjects/:.j:filler/versions", named("F"));
  await registry.post("/subjects/:.j:thing/versions", named("T"));
  const found = async (id: number, subject: string) => {
    const { body } = await registry.get(`/schemas/ids/${id}?subject=${subject}`);
    return body.error_code ?? JSON.parse(body.schema ?? "").name;
  };
  expect(await found(2, "")).toBe(40403);
  expect(await found(2, "thing")).toBe("T");
  expect(await found(2, ":.:thing")).toBe("T");
  expect(await found(2, "filler")).toBe(40403);
  expect(await found(2, "d0")).toBe(40403);
  expect(await found(1, "filler")).toBe("F");
  expect(await found(1, "unknown")).toBe("D0");
  expect(await found(2, ":.j:")).toBe("T");
  expect(await found(2, ":.j:filler")).toBe(40403);
  expect(await found(2, ":.none:")).toBe(40403);
  expect((await registry.get("/schemas/ids/2/subjects?subject=thing")).body).toEqual([":.j:thing"]);
  expect((await registry.get("/schemas/ids/1/subjects?subject=unknown")).body).toEqual(["d0"]);
});

test("media types and flags are read as clients send them", async () => {
  const registry = await testRegistry();
  const v1 = "application/vnd.schemaregistry.v1+json";
  expect((await registry.get("/")).text).toBe("{}");
  for (const [accept, type] of [
    [undefined, v1],
    ["*/*", v1],
    ["application/json", "application/json"],
    ["application/vnd.schemaregistry+json, application/json; q=0.9", "application/vnd.schemaregistry+json"],
    ["application/vnd.schema_registry, application/json", "application/json"],
  ] as const) {
    expect((await registry.get("/subjects", accept === undefined ? {} : { accept })).type).toBe(type);
  }
  expect((await registry.get("/subjects", { accept: "text/html" })).status).toBe(406);
  const form = await registry.post("/subjects/s/versions", avroRecord(a), { "content-type": "application/x-www-form-urlencoded" });
  expect([form.status, form.body]).toEqual([415, { error_code: 415, message: "HTTP 415 Unsupported Media Type" }]);
  expect((await registry.post("/subjects/s/versions?normalize=False&deleted=False", avroRecord(a))).body).toEqual({ id: 1 });
  expect((await registry.post("/subjects/a%2Fb/versions/", avroRecord(a))).body).toEqual({ id: 1 });
  expect((await registry.get("/subjects")).body).toEqual(["a/b", "s"]);
  // Python's client takes a text in this answer for the schema's in every form.
  const told = await registry.post("/subjects/t/versions", { schema: '"string"' }, { "confluent-accept-unknown-properties": "true" });
  expect(Object.keys(told.body)).toEqual(["id", "version", "guid"]);
  const known = await registry.get("/schemas/ids/1", { "confluent-accept-unknown-properties": "true" });
  expect(known.body).toMatchObject({ subject: "s", schemaType: "AVRO", guid: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  expect((await registry.get(`/schemas/guids/${known.body.guid}`)).body).toEqual({ schema: avroRecord(a).schema });
  expect((await registry.get(`/schemas/guids/${known.body.guid}/ids`)).body).toEqual([{ context: ".", id: 1 }]);
});
