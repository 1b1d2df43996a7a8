// What kafkajs's recording runs: producers of each kind, a group of two, and every admin call.
//   kafkajs.mjs BOOTSTRAP

import kafkajs from "kafkajs";

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, CompressionTypes, ConfigResourceTypes, Kafka, logLevel, ResourcePatternTypes } = kafkajs;
const kafka = new Kafka({ clientId: "golden-kafkajs", brokers: [process.argv[2]], logLevel: logLevel.NOTHING, retry: { retries: 3 } });
const topic = "golden-kafkajs";

async function call(name, run) {
  try {
    console.log(name, JSON.stringify(await run())?.slice(0, 300));
  } catch (error) {
    console.log("refused", name, error.message);
  }
}

const admin = kafka.admin();
await admin.connect();
await call("createTopics", () => admin.createTopics({ topics: [{ topic, numPartitions: 3, configEntries: [{ name: "retention.ms", value: "86400000" }] }] }));
await call("createTopics again", () => admin.createTopics({ topics: [{ topic }] }));
await call("createTopics wrong", () => admin.createTopics({ topics: [{ topic: "not a name" }] }));
await call("createPartitions", () => admin.createPartitions({ topicPartitions: [{ topic, count: 4 }] }));

async function produce(name, options, sending) {
  const producer = kafka.producer(options);
  await producer.connect();
  await call(name, () => sending(producer));
  await producer.disconnect();
}
const messages = Array.from({ length: 20 }, (_, i) => ({ key: i % 3 ? `key-${i}` : null, value: i % 5 ? `value ${i}` : null, headers: { number: `${i}`, many: ["a", "b"] } }));
await produce("plain", {}, (producer) => producer.send({ topic, messages }));
await produce("acks 0", {}, (producer) => producer.send({ topic, messages, acks: 0 }));
await produce("gzip", {}, (producer) => producer.send({ topic, messages, compression: CompressionTypes.GZIP }));
await produce("idempotent", { idempotent: true, maxInFlightRequests: 1 }, (producer) => producer.send({ topic, messages }));
await produce("absent topic", {}, (producer) => producer.send({ topic: "golden-kafkajs-auto", messages: [{ value: "first" }] }));
await produce("transactional", { transactionalId: "golden-kafkajs", idempotent: true, maxInFlightRequests: 1 }, async (producer) => {
  for (const end of ["commit", "abort"]) {
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: messages.slice(0, 3) });
    await transaction.sendOffsets({ consumerGroupId: "golden-kafkajs-tx", topics: [{ topic, partitions: [{ partition: 0, offset: "1" }] }] });
    await transaction[end]();
  }
});

async function member() {
  const consumer = kafka.consumer({ groupId: "golden-kafkajs", sessionTimeout: 10000, heartbeatInterval: 500, rackId: "a" });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  let seen = 0;
  await consumer.run({ autoCommitInterval: 500, eachMessage: async () => void seen++ });
  return { consumer, seen: () => seen };
}
const first = await member();
const second = await member();
const deadline = Date.now() + 15000;
while (first.seen() + second.seen() < 60 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 200));
await new Promise((resolve) => setTimeout(resolve, 1500));
console.log("consumed", first.seen(), second.seen());
await call("describeGroups", () => admin.describeGroups(["golden-kafkajs", "golden-kafkajs-absent"]));
first.consumer.seek({ topic, partition: 0, offset: "1" });
await new Promise((resolve) => setTimeout(resolve, 1000));
await second.consumer.disconnect();
await first.consumer.disconnect();

await call("listTopics", () => admin.listTopics());
await call("fetchTopicMetadata", () => admin.fetchTopicMetadata({ topics: [topic] }));
await call("fetchTopicMetadata absent", () => admin.fetchTopicMetadata({ topics: ["golden-kafkajs-absent"] }));
await call("fetchTopicOffsets", () => admin.fetchTopicOffsets(topic));
await call("fetchTopicOffsetsByTimestamp", () => admin.fetchTopicOffsetsByTimestamp(topic, 1000));
await call("fetchOffsets", () => admin.fetchOffsets({ groupId: "golden-kafkajs", topics: [topic] }));
await call("fetchOffsets all", () => admin.fetchOffsets({ groupId: "golden-kafkajs" }));
await call("setOffsets", () => admin.setOffsets({ groupId: "golden-kafkajs", topic, partitions: [{ partition: 0, offset: "2" }] }));
await call("resetOffsets", () => admin.resetOffsets({ groupId: "golden-kafkajs", topic, earliest: true }));
await call("listGroups", () => admin.listGroups());
await call("describeCluster", () => admin.describeCluster());
await call("describeConfigs", () => admin.describeConfigs({ includeSynonyms: true, resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }] }));
await call("describeConfigs broker", () => admin.describeConfigs({ includeSynonyms: false, resources: [{ type: ConfigResourceTypes.BROKER, name: "1", configNames: ["log.retention.ms"] }] }));
await call("alterConfigs", () => admin.alterConfigs({ resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name: "retention.ms", value: "7200000" }] }] }));
const acl = { resourceType: AclResourceTypes.TOPIC, resourceName: topic, resourcePatternType: ResourcePatternTypes.LITERAL, principal: "User:dora", host: "*", operation: AclOperationTypes.READ, permissionType: AclPermissionTypes.ALLOW };
await call("createAcls", () => admin.createAcls({ acl: [acl] }));
await call("describeAcls", () => admin.describeAcls(acl));
await call("deleteAcls", () => admin.deleteAcls({ filters: [acl] }));
await call("alterPartitionReassignments", () => admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment: [{ partition: 0, replicas: [1] }] }] }));
await call("listPartitionReassignments", () => admin.listPartitionReassignments({}));
await call("deleteTopicRecords", () => admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: "1" }] }));
await call("deleteGroups", () => admin.deleteGroups(["golden-kafkajs"]));
await call("deleteGroups absent", () => admin.deleteGroups(["golden-kafkajs-absent"]));
await call("deleteTopics", () => admin.deleteTopics({ topics: [topic] }));
await admin.disconnect();
process.exit(0);
