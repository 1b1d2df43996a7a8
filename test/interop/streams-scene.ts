// A Kafka Streams application that counts words, its instances (streams-app.ts), its input and its output.

import { Kafka, logLevel, type Producer } from "kafkajs";
import type { BrokerUnderTest } from "./broker-under-test.ts";
import { withClient } from "./client-process.ts";
import type { Observation } from "./compare.ts";
import { port } from "./port.ts";
import { waitFor } from "./processes.ts";
import { RestartableBrokers } from "./restartable-brokers.ts";
import { type Places, StreamsInstance } from "./streams-app.ts";

const PARTITIONS = 4;
const PARTITION_NUMBERS = Array.from({ length: PARTITIONS }, (_, index) => index);
const PACE_MS = 50;
const WORDS = ["odradek", "spool", "thread", "star", "stairs", "corridor", "laughter", "leaves"];
const WORDS_PER_LINE = 5;
/** In which all of a topic is read, on a busy machine too. */
const READ_MS = 30_000;
/** In which what is too much would come. */
const EXCESS_MS = 5000;
/** Also while a broker starts. */
const PATIENT = { initialRetryTime: 100, maxRetryTime: 500, retries: 200 };

/** Members hear soon of what has changed, and one that dies is missed soon. */
const SETTINGS = {
  "group.streams.min.session.timeout.ms": "1000",
  "group.streams.session.timeout.ms": "6000",
  "group.streams.min.heartbeat.interval.ms": "100",
  "group.streams.heartbeat.interval.ms": "300",
  "group.streams.initial.rebalance.delay.ms": "500",
  "group.streams.assignment.interval.ms": "0",
  "group.streams.num.standby.replicas": "1",
  // What an instance leaves open that dies.
  "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
  "transaction.state.log.num.partitions": "4",
  "offsets.topic.num.partitions": "4",
};

export function streamsBrokers(title: string): RestartableBrokers {
  return new RestartableBrokers({ title, ports: { kafka: port(19592), odradek: port(19692) }, settings: SETTINGS });
}

export class StreamsScene {
  readonly #broker: BrokerUnderTest;
  readonly #name: string;
  readonly #producer: Producer;
  readonly #instances: StreamsInstance[] = [];
  #flowing: Promise<void> | undefined;
  #isFlowing = true;

  private constructor(broker: BrokerUnderTest, name: string, producer: Producer) {
    this.#broker = broker;
    this.#name = name;
    this.#producer = producer;
  }

  static async run<T>(broker: BrokerUnderTest, name: string, play: (scene: StreamsScene) => Promise<T>): Promise<T> {
    const kafka = new Kafka({ brokers: [broker.bootstrap], logLevel: logLevel.NOTHING, retry: PATIENT });
    const admin = kafka.admin();
    const producer = kafka.producer();
    await admin.connect();
    await producer.connect();
    const topics = ["in", "out"].map((topic) => ({ topic: `${name}-${topic}`, numPartitions: PARTITIONS }));
    await admin.createTopics({ topics, waitForLeaders: true });
    const scene = new StreamsScene(broker, name, producer);
    try {
      return await play(scene);
    } finally {
      await scene.#stopFlow();
      for (const instance of scene.#instances) instance.die();
      await producer.disconnect();
      await admin.disconnect();
    }
  }

  async start(instance: string): Promise<StreamsInstance> {
    const options = { application: this.#name, input: `${this.#name}-in`, output: `${this.#name}-out`, threads: 1 };
    const started = await StreamsInstance.start(this.#broker.bootstrap, instance, options);
    this.#instances.push(started);
    return started;
  }

  /** Lines of five words each come in from now on. */
  flow(): void {
    this.#flowing = this.#flow();
  }

  async send(count: number): Promise<void> {
    for (let line = 0; line < count; line++) await this.#sendLine(line);
  }

  /** The tasks' places, as soon as all instances of these names know of the others, each has its share and each share stands by elsewhere. */
  async places(...instances: readonly StreamsInstance[]): Promise<Observation> {
    for (const instance of instances) {
      await waitFor(
        `the places that ${instance.name} knows of`,
        () => instance.places(),
        (places) => isSpread(places, instances),
      );
    }
    return instances.map(({ name }) => name);
  }

  /** Until as many words have come out as have come in by now. */
  async caughtUp(): Promise<void> {
    const expected = (await this.#lineCount()) * WORDS_PER_LINE;
    const progress = async () => ({ count: (await this.#read("out", expected)).length, instances: await this.#states() });
    await waitFor(`${expected} words out of ${this.#name}`, progress, ({ count }) => count >= expected);
  }

  /** Of those that have not ended, with what has ended their threads. */
  async #states(): Promise<string[]> {
    const living = this.#instances.filter(({ isOver }) => !isOver);
    return Promise.all(living.map(async (each) => `${each.name} ${[await each.state(), ...(await each.failures())].join(", ")}`));
  }

  /** Until the application has committed that it has read all of its input. */
  async committed(): Promise<void> {
    const ends = { topic: `${this.#name}-in`, partitions: PARTITION_NUMBERS };
    await withClient("librdkafka", this.#broker.bootstrap, async (client) => {
      const highs = (await client.call("watermarks", ends)).map(({ high }) => high);
      await waitFor(
        `the commits of ${this.#name}`,
        () => client.call("committed", { ...ends, group: this.#name }),
        (offsets) => offsets.every((offset, index) => offset === highs[index]),
      );
    });
  }

  /** The flow is over; words whose counts are not 1, 2, 3 and so on, up to as many as came in. */
  async wrong(): Promise<string[]> {
    await this.#stopFlow();
    await this.caughtUp();
    const lines = await this.#lineCount();
    const expected = new Map<string, number>();
    for (const { value } of await this.#read("in", lines))
      for (const word of `${value}`.split(" ")) expected.set(word, (expected.get(word) ?? 0) + 1);
    const seen = new Map<string, string[]>();
    // One more than there may be.
    const counted = await this.#read("out", lines * WORDS_PER_LINE + 1, EXCESS_MS);
    for (const { key, value } of counted) seen.set(`${key}`, [...(seen.get(`${key}`) ?? []), `${value}`]);
    return [...expected].flatMap(([word, count]) => {
      const counts = seen.get(word) ?? [];
      const firstWrong = counts.findIndex((each, index) => each !== `${index + 1}`);
      return counts.length === count && firstWrong === -1
        ? []
        : [`${word}: ${counts.length} counts of ${count}, first wrong at ${firstWrong}`];
    });
  }

  /** Their topic has nothing else. */
  async #lineCount(): Promise<number> {
    const topic = { topic: `${this.#name}-in`, partitions: PARTITION_NUMBERS };
    const watermarks = await withClient("librdkafka", this.#broker.bootstrap, (client) => client.call("watermarks", topic));
    return watermarks.reduce((sum, { high }) => sum + high, 0);
  }

  /** Until so many are there, or the time is over. */
  async #read(
    topic: "in" | "out",
    count: number,
    waitMs = READ_MS,
  ): Promise<{ readonly key: string | null; readonly value: string | null }[]> {
    const wanted = { topic: `${this.#name}-${topic}`, partitions: PARTITION_NUMBERS, from: "beginning", count, waitMs } as const;
    return withClient("librdkafka", this.#broker.bootstrap, (client) => client.call("read", wanted));
  }

  async #flow(): Promise<void> {
    for (let line = 0; this.#isFlowing; line++) {
      await this.#sendLine(line);
      await new Promise((resolve) => setTimeout(resolve, PACE_MS));
    }
  }

  async #stopFlow(): Promise<void> {
    this.#isFlowing = false;
    await this.#flowing;
  }

  async #sendLine(line: number): Promise<void> {
    const words = Array.from({ length: WORDS_PER_LINE }, (_, index) => WORDS[(line * 3 + index * index) % WORDS.length]);
    await this.#producer.send({ topic: `${this.#name}-in`, messages: [{ partition: line % PARTITIONS, value: words.join(" ") }] });
  }
}

/** Every partition of the store is active in one place and, with more than one instance, stands by in another. */
function isSpread(places: Places, instances: readonly StreamsInstance[]): boolean {
  const names = instances.map(({ name }) => name);
  if (Object.keys(places).toSorted().join() !== names.toSorted().join()) return false;
  const active = Object.values(places).flatMap((place) => place.active.filter((text) => text.includes("repartition")));
  const standby = Object.values(places).flatMap((place) => place.standby);
  const isOnce = (each: readonly string[]): boolean => new Set(each).size === PARTITIONS && each.length === PARTITIONS;
  const isApart = Object.values(places).every((place) => place.active.every((text) => !place.standby.includes(text)));
  return isOnce(active) && isApart && (names.length === 1 ? standby.length === 0 : isOnce(standby));
}
