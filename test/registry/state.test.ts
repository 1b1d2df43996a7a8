import { expect, test } from "vitest";
import { SchemaRegistry } from "../../src/registry/registry.ts";
import { MemorySchemaLog } from "../../src/registry/schema-log.ts";
import { avroRecord, testRegistry } from "./client.ts";

const a = { name: "a", type: "int" };
const b = { name: "b", type: "int", default: 1 };

test("the log has the records of Confluent's registry, byte by byte", async () => {
  const registry = await testRegistry();
  const { schema } = avroRecord(a);
  await registry.post("/subjects/s/versions", { schema });
  await registry.post("/subjects/j/versions", { schemaType: "JSON", schema: "{}" });
  await registry.put("/config", { compatibility: "FULL" });
  await registry.put("/config/s", { compatibility: "NONE" });
  await registry.put("/mode/s", { mode: "READWRITE" });
  await registry.delete("/subjects/s");
  await registry.delete("/subjects/s?permanent=true");
  await registry.post("/subjects/:.c:s/versions", { schema });
  await registry.delete("/subjects/:.c:s/versions/1");
  const text = JSON.stringify(schema);
  expect(registry.log.records.map(({ key, value }) => [key, value])).toEqual([
    ['{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}', `{"subject":"s","version":1,"id":1,"schema":${text},"deleted":false}`],
    [
      '{"keytype":"SCHEMA","subject":"j","version":1,"magic":1}',
      '{"subject":"j","version":1,"id":2,"schemaType":"JSON","schema":"{}","deleted":false}',
    ],
    ['{"keytype":"CONFIG","subject":null,"magic":0}', '{"compatibilityLevel":"FULL"}'],
    ['{"keytype":"CONFIG","subject":"s","magic":0}', '{"compatibilityLevel":"NONE"}'],
    ['{"keytype":"MODE","subject":"s","magic":0}', '{"mode":"READWRITE"}'],
    ['{"keytype":"DELETE_SUBJECT","subject":"s","magic":0}', '{"subject":"s","version":1}'],
    ['{"keytype":"CONFIG","subject":"s","magic":0}', null],
    ['{"keytype":"MODE","subject":"s","magic":0}', null],
    ['{"keytype":"SCHEMA","subject":"s","version":1,"magic":1}', null],
    ['{"keytype":"CONTEXT","tenant":"default","context":".c","magic":0}', '{"tenant":"default","context":".c"}'],
    [
      '{"keytype":"SCHEMA","subject":":.c:s","version":1,"magic":1}',
      `{"subject":":.c:s","version":1,"id":1,"schema":${text},"deleted":false}`,
    ],
    [
      '{"keytype":"SCHEMA","subject":":.c:s","version":1,"magic":1}',
      `{"subject":":.c:s","version":1,"id":1,"schema":${text},"deleted":true}`,
    ],
  ]);
});

test("a registry that reads its log again answers the same", async () => {
  const first = await testRegistry();
  await first.post("/subjects/s/versions", avroRecord(a));
  await first.post("/subjects/s/versions", avroRecord(a, b));
  await first.post("/subjects/t/versions", {
    schemaType: "PROTOBUF",
    schema: 'syntax = "proto3"; message M { int32 a = 1; }',
    metadata: { properties: { owner: "me" }, tags: { a: ["PII"] } },
    ruleSet: { domainRules: [{ name: "r", kind: "CONDITION" }] },
  });
  await first.post("/subjects/:.c:s/versions", avroRecord(b));
  await first.delete("/subjects/s/versions/1");
  await first.put("/config/t", { compatibility: "FULL", normalize: true });
  const second = await testRegistry(first.log.records);
  for (const path of [
    "/schemas?deleted=true",
    "/subjects",
    "/subjects?deleted=true",
    "/subjects/s/versions?deleted=true",
    "/subjects/t/versions/latest",
    "/schemas/ids/1",
    "/config/t",
    "/contexts",
  ]) {
    expect((await second.get(path)).body, path).toEqual((await first.get(path)).body);
  }
  expect((await second.post("/subjects/s/versions", avroRecord(b))).body).toEqual(
    (await first.post("/subjects/s/versions", avroRecord(b))).body,
  );
});

test("a topic that another registry wrote is read: keys in any order, records of any kind, what is compacted away", async () => {
  const value = (subject: string, version: number, id: number, schema: string, more = "") =>
    `{"subject":"${subject}","version":${version},"id":${id},"schema":"\\"${schema}\\"","deleted":false${more}}`;
  const refused: string[] = [];
  const log = new MemorySchemaLog([
    { key: '{"keytype":"NOOP","magic":0}', value: null },
    { key: '{"magic":1,"version":1,"subject":"s","keytype":"SCHEMA"}', value: value("s", 1, 7, "string") },
    { key: '{"keytype":"SCHEMA","subject":"s","version":3,"magic":1}', value: value("s", 3, 9, "bytes", ',"md5":"AAAA","guid":"x"') },
    { key: '{"keytype":"DELETE_SUBJECT","subject":"gone","magic":0}', value: null },
    { key: '{"keytype":"CLEAR_SUBJECT","subject":"gone","magic":0}', value: null },
    { key: '{"keytype":"CONTEXT","tenant":"default","context":".gone","magic":0}', value: null },
    { key: '{"keytype":"SCHEMA","subject":"t","version":1,"magic":1}', value: value("t", 1, 7, "int") },
    { key: '{"keytype":"EXPORTER","magic":0}', value: "{}" },
    { key: "not json", value: null },
    {
      key: '{"keytype":"SCHEMA","subject":"old","version":2,"magic":1}',
      value: value("old", 2, 5, "long").replace("false", "true"),
    },
  ]);
  const registry = new SchemaRegistry(log, (key, reason) => refused.push(`${key}: ${reason}`));
  await registry.catchUp();
  const { queries } = registry;
  expect(queries.subjects(":*:", "live")).toEqual(["s"]);
  expect(queries.versions("s", "live").map(({ version, id }) => [version, id])).toEqual([
    [1, 7],
    [3, 9],
  ]);
  // Only softly deleted, and yet found by its id.
  expect(queries.byId(5, "").schema).toBe('"long"');
  expect(refused).toEqual([
    '{"keytype":"SCHEMA","subject":"t","version":1,"magic":1}: id 7 stands for another schema already',
    '{"keytype":"EXPORTER","magic":0}: it is not a record of a schema registry',
    "not json: it is not a record of a schema registry",
  ]);
  const next = await registry.exclusively(() => registry.registrations.register("n", { schema: '"double"' }, false));
  expect(next.version.id).toBe(10);
});

test("what comes at once is done one after the other", async () => {
  const registry = await testRegistry();
  const fields = Array.from({ length: 20 }, (_, index) => ({ name: `f${index}`, type: "int", default: 0 }));
  const answers = await Promise.all(fields.map((field) => registry.post("/subjects/s/versions", avroRecord(a, field))));
  expect(answers.map(({ body }) => body.id ?? 0).sort((x, y) => x - y)).toEqual(fields.map((_, index) => index + 1));
  expect((await registry.get("/subjects/s/versions")).list.length).toBe(20);
});

test("a record that the log does not take changes nothing", async () => {
  const log = new MemorySchemaLog();
  const registry = new SchemaRegistry({
    append: (key, value) => (key.includes('"refused"') ? Promise.reject(new Error("disk full")) : log.append(key, value)),
    unread: () => log.unread(),
  });
  const register = (subject: string) => registry.exclusively(() => registry.registrations.register(subject, { schema: '"string"' }, false));
  await expect(register("refused")).rejects.toThrow("disk full");
  expect(registry.queries.subjects(":*:", "all")).toEqual([]);
  expect((await register("taken")).version.id).toBe(1);
});
