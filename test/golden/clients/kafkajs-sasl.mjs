// What the recording of kafkajs over SASL runs: PLAIN, SCRAM and a wrong password.
//   kafkajs-sasl.mjs SASL_BOOTSTRAP

import kafkajs from "kafkajs";

for (const [mechanism, password] of [["plain", "golden"], ["scram-sha-256", "golden"], ["plain", "wrong"], ["scram-sha-256", "wrong"], ["scram-sha-512", "golden"]]) {
  const sasl = { mechanism, username: "golden", password };
  const admin = new kafkajs.Kafka({ clientId: "golden-kafkajs", brokers: [process.argv[2]], sasl, logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 0 } }).admin();
  try {
    await admin.connect();
    console.log(mechanism, await admin.listTopics());
  } catch (error) {
    console.log("refused", mechanism, error.message);
  }
  await admin.disconnect();
}
process.exit(0);
