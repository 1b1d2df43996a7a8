// @kafkajs/confluent-schema-registry with kafkajs: kafkajs-registry.mjs PACKAGES COURSE. See ../registry/course.ts. It deletes nothing.

import { createRequire } from "node:module";
import { join } from "node:path";
import { roundTrip } from "./registry-records.mjs";

const [, , packages, argument] = process.argv;
const require = createRequire(join(packages, "package.json"));
const { SchemaRegistry } = require("@kafkajs/confluent-schema-registry");
const course = JSON.parse(argument);
const { prefix, value, orders } = course;
const registry = new SchemaRegistry({ host: course.registry, retry: { retries: 0 } });

async function idOf(format) {
  const { part, order, reference } = orders[format];
  const subject = `${prefix}-part-${format}`;
  await registry.register({ type: format, schema: part }, { subject });
  const references = [{ name: reference, subject, version: 1 }];
  return (await registry.register({ type: format, schema: order, references }, { subject: `${prefix}-${format}-value` })).id;
}

const ids = { AVRO: await idOf("AVRO"), JSON: await idOf("JSON"), PROTOBUF: await idOf("PROTOBUF") };
const records = await roundTrip(require, course, {
  encode: (format) => registry.encode(ids[format], value),
  decode: async (_, __, bytes) => JSON.parse(JSON.stringify(await registry.decode(bytes))),
});

async function registering(schema, options) {
  try {
    await registry.register(schema, options);
    return "taken";
  } catch (error) {
    if (error.status !== 409) throw error;
    return "refused";
  }
}

const changes = {};
for (const { format: type, level, first, taken, refused } of course.changes) {
  const options = { subject: `${prefix}-${type}-${level}`, compatibility: level };
  await registry.register({ type, schema: first }, options);
  const outcome = refused === null ? [] : [await registering({ type, schema: refused }, options)];
  changes[`${type} ${level}`] = [await registering({ type, schema: taken }, options), ...outcome];
}
process.stdout.write(JSON.stringify({ records, changes }));
process.exit(0);
