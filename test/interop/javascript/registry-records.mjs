// A record of each format through the broker, by kafkajs: encoded, sent, read and decoded.

const FORMATS = ["AVRO", "JSON", "PROTOBUF"];

export async function roundTrip(require, { bootstrap, prefix }, { encode, decode }) {
  const { Kafka } = require("kafkajs");
  const kafka = new Kafka({ clientId: prefix, brokers: [bootstrap], logLevel: 1 });
  const topicOf = (format) => `${prefix}-${format}`;
  const producer = kafka.producer();
  await producer.connect();
  for (const format of FORMATS) {
    const topic = topicOf(format);
    await producer.send({ topic, messages: [{ value: await encode(format, topic) }] });
  }
  await producer.disconnect();
  const consumer = kafka.consumer({ groupId: prefix });
  await consumer.connect();
  await consumer.subscribe({ topics: FORMATS.map(topicOf), fromBeginning: true });
  const found = {};
  await new Promise((resolve, reject) => {
    const eachMessage = async ({ topic, message: { value } }) => {
      const format = topic.slice(prefix.length + 1);
      try {
        found[format] = await decode(format, topic, value);
      } catch (error) {
        reject(error);
      }
      if (Object.keys(found).length === FORMATS.length) resolve();
    };
    consumer.run({ eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return found;
}
