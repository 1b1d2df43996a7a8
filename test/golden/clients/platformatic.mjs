// What @platformatic/kafka's recording runs. The package lives outside the repository.
//   platformatic.mjs BOOTSTRAP PACKAGE_JSON_OF_ITS_HOME

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [, , bootstrap, home] = process.argv;
const { Admin, Consumer, Producer, stringDeserializers, stringSerializers } = await import(pathToFileURL(createRequire(home).resolve("@platformatic/kafka")).href);
const common = { clientId: "golden-platformatic", bootstrapBrokers: [bootstrap], retries: 2 };
const topic = "golden-platformatic";

async function call(name, run) {
  try {
    const answer = await run();
    console.log(name, (JSON.stringify(answer, (_, value) => (typeof value === "bigint" ? Number(value) : value)) ?? "").slice(0, 300));
  } catch (error) {
    console.log("refused", name, error.message, error.errors?.map((each) => each.message));
  }
}

const admin = new Admin(common);
await call("createTopics", () => admin.createTopics({ topics: [topic], partitions: 3, replicas: 1 }));
const messages = Array.from({ length: 20 }, (_, i) => ({ topic, key: `key-${i}`, value: `value ${i}`, headers: { number: `${i}` } }));
for (const compression of ["none", "gzip", "snappy", "lz4", "zstd"]) {
  const producer = new Producer({ ...common, serializers: stringSerializers, compression });
  await call(`send ${compression}`, () => producer.send({ messages, acks: -1 }));
  await producer.close();
}
const idempotent = new Producer({ ...common, serializers: stringSerializers, idempotent: true, transactionalId: "golden-platformatic" });
await call("transaction", async () => {
  const transaction = await idempotent.beginTransaction();
  await transaction.send({ messages: messages.slice(0, 2) });
  await transaction.commit();
});
await idempotent.close();

for (const groupProtocol of ["classic", "consumer"]) {
  const consumer = new Consumer({ ...common, groupId: `golden-platformatic-${groupProtocol}`, groupProtocol, deserializers: stringDeserializers, maxWaitTime: 300 });
  await call(`consume ${groupProtocol}`, async () => {
    const stream = await consumer.consume({ topics: [topic], mode: "earliest", autocommit: 200 });
    let seen = 0;
    for await (const _ of stream) if (++seen === 60) break;
    await stream.close();
    return seen;
  });
  await call("listOffsets", () => consumer.listOffsets({ topics: [topic] }));
  await call("listCommittedOffsets", () => consumer.listCommittedOffsets({ topics: [{ topic, partitions: [0, 1, 2] }] }));
  await call("close", () => consumer.close(true));
}

const groupId = "golden-platformatic-classic";
await call("metadata", () => admin.metadata({ topics: [topic] }));
await call("listTopics", () => admin.listTopics());
await call("createPartitions", () => admin.createPartitions({ topics: [{ name: topic, count: 4 }] }));
await call("listGroups", () => admin.listGroups());
await call("describeGroups", () => admin.describeGroups({ groups: [groupId] }));
await call("findCoordinator", () => admin.findCoordinator({ keyType: 0, keys: [groupId] }));
await call("listConsumerGroupOffsets", () => admin.listConsumerGroupOffsets({ groups: [groupId] }));
await call("alterConsumerGroupOffsets", () => admin.alterConsumerGroupOffsets({ groupId, topics: [{ name: topic, partitionOffsets: [{ partition: 0, offset: 1n }] }] }));
await call("deleteConsumerGroupOffsets", () => admin.deleteConsumerGroupOffsets({ groupId, topics: [{ name: topic, partitionIndexes: [0] }] }));
await call("describeLogDirs", () => admin.describeLogDirs({ topics: [{ name: topic, partitions: [0] }] }));
await call("describeConfigs", () => admin.describeConfigs({ resources: [{ resourceType: 2, resourceName: topic }], includeSynonyms: true, includeDocumentation: false }));
await call("incrementalAlterConfigs", () => admin.incrementalAlterConfigs({ resources: [{ resourceType: 2, resourceName: topic, configs: [{ name: "retention.ms", configOperation: 0, value: "7200000" }] }] }));
await call("alterConfigs", () => admin.alterConfigs({ resources: [{ resourceType: 2, resourceName: topic, configs: [{ name: "retention.ms", value: "7200000" }] }] }));
await call("describeClientQuotas", () => admin.describeClientQuotas({ components: [{ entityType: "user", matchType: 2, match: null }], strict: false }));
await call("alterClientQuotas", () => admin.alterClientQuotas({ entries: [{ entities: [{ entityType: "user", entityName: "erin" }], ops: [{ key: "consumer_byte_rate", value: 1000, remove: false }] }] }));
const acl = { resourceType: 2, resourceName: topic, resourcePatternType: 3, principal: "User:erin", host: "*", operation: 3, permissionType: 3 };
await call("createAcls", () => admin.createAcls({ creations: [acl] }));
await call("describeAcls", () => admin.describeAcls({ filter: acl }));
await call("deleteAcls", () => admin.deleteAcls({ filters: [acl] }));
await call("listOffsets", () => admin.listOffsets({ topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1n }] }] }));
await call("deleteRecords", () => admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: 0, offset: 1n }] }] }));
await call("deleteGroups", () => admin.deleteGroups({ groups: [groupId] }));
await call("deleteTopics", () => admin.deleteTopics({ topics: [topic] }));
await admin.close();
process.exit(0);
