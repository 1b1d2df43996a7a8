// A share group whose members are of three clients, while records flow: they come, leave and die, and the broker is stopped and killed. Whoever
// gets a record accepts it; each must be accepted once, and none may be left.

import { Kafka, logLevel, type Producer } from "kafkajs";
import { afterAll } from "vitest";
import type { BrokerUnderTest } from "./broker-under-test.ts";
import { compare } from "./compare.ts";
import { waitFor } from "./processes.ts";
import { canBuildFranzGoShare, type ShareClientName, type ShareConsumer } from "./share-client.ts";
import { ShareHistory } from "./share-history.ts";
import { ShareScene, shareBrokers } from "./share-scene.ts";

const brokers = shareBrokers("share-members");
afterAll(() => brokers.stop());

const PARTITIONS = 3;
const PACE_MS = 40;
const AT_A_TIME = 5;
/** Also while a broker starts. */
const PATIENT = { initialRetryTime: 100, maxRetryTime: 500, retries: 200 };

/** Accepts what comes until it is told to leave or dies. */
class Member {
  readonly #consumer: ShareConsumer;
  readonly #history: ShareHistory;
  readonly #living: Promise<void>;
  readonly #die: () => void;
  #isLeaving = false;
  #isDead = false;

  constructor({ consumer, die }: { readonly consumer: ShareConsumer; readonly die: () => void }, history: ShareHistory) {
    this.#consumer = consumer;
    this.#die = die;
    this.#history = history;
    this.#living = this.#live();
  }

  async leave(): Promise<void> {
    this.#isLeaving = true;
    await this.#living;
    if (this.#isDead) return;
    await this.#consumer.close();
    this.#die();
  }

  async die(): Promise<void> {
    this.#isDead = true;
    this.#die();
    await this.#living;
  }

  async #live(): Promise<void> {
    while (!this.#isLeaving) {
      try {
        const records = await this.#consumer.poll(300);
        if (records.length === 0) continue;
        this.#history.delivered(this.#consumer.name, records);
        await this.#accept(records);
      } catch (error) {
        if (this.#isDead) return;
        throw error;
      }
    }
  }

  async #accept(records: Awaited<ReturnType<ShareConsumer["poll"]>>): Promise<void> {
    try {
      await this.#consumer.acknowledge("accept", records);
      this.#history.accepted(records, await this.#consumer.commit());
    } catch (error) {
      this.#history.accepted(records);
      throw error;
    }
  }
}

/** Numbered records to all partitions in turn, and how many there are. */
class Flow {
  readonly ends = Array.from({ length: PARTITIONS }, () => 0);
  readonly #topic: string;
  readonly #producer: Producer;
  readonly #flowing: Promise<void>;
  #isOver = false;

  constructor(producer: Producer, topic: string) {
    this.#producer = producer;
    this.#topic = topic;
    this.#flowing = this.#flow();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#flowing;
  }

  async #flow(): Promise<void> {
    for (let count = 0; !this.#isOver; count++) {
      const partition = count % PARTITIONS;
      const messages = Array.from({ length: AT_A_TIME }, (_, index) => ({ partition, value: `${count}.${index}` }));
      const [sent] = await this.#producer.send({ topic: this.#topic, messages });
      this.ends[partition] = Number(sent?.baseOffset ?? 0) + AT_A_TIME;
      await new Promise((resolve) => setTimeout(resolve, PACE_MS));
    }
  }
}

compare("share groups: members of several clients come, leave and die, and the broker does, while records flow", async (broker) => {
  const own = await brokers.of(broker);
  const configs = { "delivery.count.limit": "10", "record.lock.duration.ms": "5000" };
  return ShareScene.run(own, "members", configs, (scene) => playOn(own, scene));
});

async function playOn(broker: BrokerUnderTest, scene: ShareScene): Promise<{ complaints: string[]; lag: number; isLimited: boolean }> {
  const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING, retry: PATIENT });
  const admin = kafka.admin();
  const producer = kafka.producer();
  await admin.connect();
  await producer.connect();
  await admin.createPartitions({ topicPartitions: [{ topic: scene.topic, count: PARTITIONS }] });
  const history = new ShareHistory();
  const flow = new Flow(producer, scene.topic);
  const join = async (client: ShareClientName) => new Member(await scene.openMortal({}, client), history);
  const everythingNow = async () => {
    const ends = [...flow.ends];
    await waitFor(
      `the records of ${scene.group}`,
      async () => history.missing(ends),
      (missing) => missing.length === 0,
    );
  };
  const others: readonly ShareClientName[] = canBuildFranzGoShare() ? ["librdkafka", "franz-go"] : ["librdkafka"];
  const members: Member[] = [];
  try {
    const first = await join("java");
    const second = await join("java");
    members.push(first, second);
    await everythingNow();
    for (const client of others) members.push(await join(client));
    await everythingNow();
    await second.die();
    await everythingNow();
    for (const member of members.splice(2)) await member.leave();
    for (const client of others) members.push(await join(client));
    await everythingNow();
    await first.leave();
    members.push(await join("java"));
    await everythingNow();
    await brokers.restart(broker, "kill");
    await everythingNow();
    await flow.stop();
    await everythingNow();
    const lag = await waitFor(
      `the end of ${scene.group}`,
      () => scene.lag(PARTITIONS),
      (left) => left === 0,
    );
    return { complaints: history.complaints(flow.ends), lag, isLimited: history.mostDeliveries <= 10 };
  } finally {
    await flow.stop();
    for (const member of members) await member.die();
    await producer.disconnect();
    await admin.disconnect();
  }
}
