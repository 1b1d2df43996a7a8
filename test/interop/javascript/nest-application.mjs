// A NestJS microservice over Kafka with its client in one process: nest-application.mjs PACKAGES BOOTSTRAP NAME SCENARIO. Prints what came of
// the scenario as JSON. Decorators are called as functions: nothing compiles them here.

import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

const [, , packages, bootstrap, name, scenario] = process.argv;
const require = createRequire(`${packages}/`);
require("reflect-metadata");
const { NestFactory } = require("@nestjs/core");
const { Controller, Module } = require("@nestjs/common");
const { ClientKafka, Ctx, EventPattern, MessagePattern, Payload, RpcException, Transport } = require("@nestjs/microservices");
const { Kafka, logLevel } = require("kafkajs");
const { firstValueFrom } = require("rxjs");

const [SUM, REFUSING, EVENTS] = ["sum", "refusing", "events"].map((pattern) => `${name}-${pattern}`);
const events = [];

class Service {
  sum({ values }) {
    return { sum: values.reduce((total, each) => total + each, 0) };
  }

  refuse({ reason }) {
    throw new RpcException({ status: "refused", reason });
  }

  onEvent(data, context) {
    const { headers, key, offset } = context.getMessage();
    events.push({ data, key: key?.toString() ?? null, offset: Number(offset), tenant: headers?.tenant?.toString() ?? null });
  }
}

function decorate(method, decorator) {
  decorator(Service.prototype, method, Object.getOwnPropertyDescriptor(Service.prototype, method));
  Payload()(Service.prototype, method, 0);
  Ctx()(Service.prototype, method, 1);
}

decorate("sum", MessagePattern(SUM));
decorate("refuse", MessagePattern(REFUSING));
decorate("onEvent", EventPattern(EVENTS));
Controller()(Service);
class Application {}
Module({ controllers: [Service] })(Application);

const scenarios = {
  async "request and reply"(client) {
    const replies = [];
    for (let count = 1; count <= 5; count++) {
      const values = Array.from({ length: count }, (_, index) => index);
      replies.push(await firstValueFrom(client.send(SUM, { values })));
    }
    const together = Array.from({ length: 20 }, (_, index) => firstValueFrom(client.send(SUM, { values: [index, index] })));
    return { replies, together: await Promise.all(together) };
  },

  async "an error as the reply"(client) {
    const answer = firstValueFrom(client.send(REFUSING, { reason: "closed" }));
    return answer.catch((error) => ({ refused: error }));
  },

  async "events with keys and headers"(client) {
    for (let index = 0; index < 10; index++) {
      const event = { key: `${index}`, value: { index }, headers: { tenant: "one" } };
      await firstValueFrom(client.emit(EVENTS, event));
    }
    const deadline = performance.now() + 20_000;
    while (events.length < 10 && performance.now() < deadline) await sleep(20);
    return events;
  },
};

const connection = { brokers: [bootstrap], logLevel: logLevel.NOTHING };
const kafka = new Kafka(connection);
const admin = kafka.admin();
await admin.connect();
const topics = [SUM, REFUSING, EVENTS].flatMap((topic) => [topic, `${topic}.reply`]);
await admin.createTopics({ waitForLeaders: false, topics: topics.map((topic) => ({ topic, numPartitions: 1 })) });
const areThere = () =>
  admin.fetchTopicMetadata({ topics }).then(
    (metadata) => metadata.topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0)),
    () => false,
  );
while (!(await areThere())) await sleep(100);

const options = { client: connection, consumer: { groupId: name, maxWaitTimeInMs: 100 }, subscribe: { fromBeginning: true } };
const service = await NestFactory.createMicroservice(Application, { logger: false, transport: Transport.KAFKA, options });
await service.listen();
const client = new ClientKafka(options);
for (const pattern of [SUM, REFUSING]) client.subscribeToResponseOf(pattern);
await client.connect();
console.log(JSON.stringify(await scenarios[scenario](client)));
await admin.disconnect();
process.exit(0);
