// @confluentinc/schemaregistry, its serializers and its client of a schema registry, with kafkajs for records: confluent-registry.mjs PACKAGES COURSE. See
// ../registry/course.ts.

import { createRequire } from "node:module";
import { join } from "node:path";
import { roundTrip } from "./registry-records.mjs";

const [, , packages, argument] = process.argv;
const require = createRequire(join(packages, "package.json"));
const registry = require("@confluentinc/schemaregistry");
const protobuf = require("@bufbuild/protobuf");
const { FileDescriptorSetSchema } = require("@bufbuild/protobuf/wkt");
const course = JSON.parse(argument);
const { prefix, value, orders } = course;
const client = new registry.SchemaRegistryClient({ baseURLs: [course.registry] });
const { SerdeType } = registry;

/** What protoc would make: the order, and the file that it is in. */
function orderMessage() {
  const label = "LABEL_OPTIONAL";
  const part = {
    ...{ name: "part.proto", package: "n", syntax: "proto3" },
    messageType: [{ name: "Part", field: [{ name: "count", jsonName: "count", number: 1, type: "TYPE_INT32", label }] }],
  };
  const order = {
    ...{ name: "order.proto", package: "n", syntax: "proto3", dependency: ["part.proto"] },
    messageType: [
      {
        name: "Order",
        field: [
          { name: "name", jsonName: "name", number: 1, type: "TYPE_STRING", label },
          { name: "part", jsonName: "part", number: 2, type: "TYPE_MESSAGE", typeName: ".n.Part", label },
        ],
      },
    ],
  };
  const files = protobuf.createFileRegistry(protobuf.fromJson(FileDescriptorSetSchema, { file: [part, order] }));
  return files.getMessage("n.Order");
}

async function schemaOf(format) {
  const { part, order, reference } = orders[format];
  const subject = `${prefix}-part-${format}`;
  await client.register(subject, { schemaType: format, schema: part });
  await client.register(`${prefix}-${format}-value`, {
    ...{ schemaType: format, schema: order },
    references: [{ name: reference, subject, version: 1 }],
  });
}

async function codecs() {
  await schemaOf("AVRO");
  await schemaOf("JSON");
  const latest = { useLatestVersion: true, autoRegisterSchemas: false };
  const message = orderMessage();
  const ofProtobuf = new registry.ProtobufSerializer(client, SerdeType.VALUE, {
    autoRegisterSchemas: true,
    referenceSubjectNameStrategy: (name) => `${prefix}-${name}`,
  });
  ofProtobuf.registry.add(message);
  const readers = {
    AVRO: new registry.AvroDeserializer(client, SerdeType.VALUE, {}),
    JSON: new registry.JsonDeserializer(client, SerdeType.VALUE, { validate: true }),
    PROTOBUF: new registry.ProtobufDeserializer(client, SerdeType.VALUE, {}),
  };
  const writers = {
    AVRO: new registry.AvroSerializer(client, SerdeType.VALUE, latest),
    JSON: new registry.JsonSerializer(client, SerdeType.VALUE, { ...latest, validate: true }),
    PROTOBUF: ofProtobuf,
  };
  const given = { AVRO: value, JSON: value, PROTOBUF: protobuf.fromJson(message, value) };
  return {
    encode: (format, topic) => writers[format].serialize(topic, given[format]),
    decode: async (format, topic, bytes) => {
      const { name, part } = await readers[format].deserialize(topic, bytes);
      return { name, part: { count: part.count } };
    },
  };
}

async function registering(subject, schema) {
  try {
    await client.register(subject, schema);
    return "taken";
  } catch (error) {
    if (error.status !== 409) throw error;
    return "refused";
  }
}

async function changes() {
  const outcomes = {};
  for (const { format: schemaType, level, first, taken, refused } of course.changes) {
    const subject = `${prefix}-${schemaType}-${level}`;
    await client.updateCompatibility(subject, level);
    if ((await client.getCompatibility(subject)) !== level) throw new Error(`${subject} is not ${level}`);
    await client.register(subject, { schemaType, schema: first });
    const outcome = refused === null ? [] : [await registering(subject, { schemaType, schema: refused })];
    if (refused !== null && (await client.testSubjectCompatibility(subject, { schemaType, schema: refused }))) outcome.push("compatible");
    outcomes[`${schemaType} ${level}`] = [await registering(subject, { schemaType, schema: taken }), ...outcome];
  }
  return outcomes;
}

async function deletions() {
  const subject = `${prefix}-deleted`;
  await client.updateCompatibility(subject, "NONE");
  for (const schema of ['"int"', '"string"']) await client.register(subject, { schemaType: "AVRO", schema });
  const outcome = [await client.deleteSubjectVersion(subject, 1, false), await client.getAllVersions(subject)];
  outcome.push(await client.deleteSubject(subject), await client.deleteSubject(subject, true));
  return [...outcome, await client.getAllVersions(subject).catch(({ errorCode }) => errorCode)];
}

const records = await roundTrip(require, course, await codecs());
process.stdout.write(JSON.stringify({ records, changes: await changes(), deletions: await deletions() }));
process.exit(0);
