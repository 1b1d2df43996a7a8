// The mixed work that a soak puts on one broker, with accounts of what must come of it. Clients are our own and kafkajs: idempotent producers,
// members of groups of both protocols, transactions, a share group, topics that come and go, keys that are compacted, records that expire,
// connections that end in the middle of things. Everything goes on while the broker is away.

import { setTimeout as sleep } from "node:timers/promises";
import { alterResource, ConfigOperation, ResourceType } from "../../src/client/admin/configs.ts";
import { createTopic } from "../../src/client/admin/topics.ts";
import { Brokers } from "../../src/client/brokers.ts";
import { PassingTopics } from "../interop/machines/passing-topics.ts";
import { type Complain, GivenOffsets, SharedRecords, WrittenStream, WrittenTransactions } from "./accounts.ts";
import { groupReader, KafkajsReader, LoneReader, type Reader, shareReader } from "./readers.ts";
import { RudeConnections } from "./rude-connections.ts";
import { KafkajsRecords, KafkajsTransactions, OurRecords, type RecordWriter } from "./writers.ts";

const KIBIBYTE = 1024;
const PARTITIONS = 4;
/** Some minutes of what is written: readers that are away for some seconds lose nothing. */
const ROLLING = { "segment.bytes": 1024 * KIBIBYTE, "segment.ms": 30_000, "retention.bytes": 1024 * KIBIBYTE };
const TOPICS: Readonly<Record<string, readonly [partitions: number, configs: Readonly<Record<string, number | string>>]>> = {
  orders: [PARTITIONS, ROLLING],
  ledger: [2, ROLLING],
  tasks: [2, ROLLING],
  expiring: [2, ROLLING],
  latest: [1, { "cleanup.policy": "compact", "segment.ms": 10_000, "min.cleanable.dirty.ratio": "0.3" }],
};
const SHARE_GROUP = "soak-share";
/** So long the other member of a group stays, and comes back. */
const MEMBER_LIFE_MS = 45_000;
const PASSING_MS = 500;
const DRAIN_MS = 120_000;
const LOOK_MS = 100;

export interface LoadOptions {
  readonly name: string;
  readonly port: number;
  /** Between two records of a producer. */
  readonly paceMs: number;
  readonly complain: Complain;
}

export class Load {
  readonly #options: LoadOptions;
  readonly #streams = new Map<string, WrittenStream>();
  readonly #groups = new Map<string, GivenOffsets[]>();
  readonly #shared = new SharedRecords();
  readonly #transactions: WrittenTransactions;
  /** Of the compacted topic: what each key was last set to, as far as it is known. */
  readonly #latest = new Map<string, { acknowledged: number; read: number }>();
  readonly #writers: RecordWriter[] = [];
  readonly #readers: Reader[] = [];
  readonly #rude: RudeConnections;
  #lone: LoneReader | undefined;
  #passing: PassingTopics | undefined;
  readonly #ends = new Map<string, number>();
  #records = 0;
  #unknown = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
    this.#rude = new RudeConnections(options.port);
    this.#transactions = new WrittenTransactions(`${options.name} transactions`, 2, options.complain);
  }

  get #bootstrap(): string {
    return `127.0.0.1:${this.#options.port}`;
  }

  async begin(): Promise<void> {
    const bootstrap = this.#bootstrap;
    const brokers = new Brokers(bootstrap);
    for (const [name, [partitions, configs]] of Object.entries(TOPICS)) {
      const given = new Map(Object.entries(configs).map(([key, value]) => [key, String(value)]));
      await createTopic(brokers, { name, partitions, replicationFactor: -1, configs: given });
    }
    const fromEarliest = { name: "share.auto.offset.reset", operation: ConfigOperation.SET, value: "earliest" };
    await alterResource(brokers, { type: ResourceType.GROUP, name: SHARE_GROUP }, [fromEarliest]);
    await brokers.close();
    this.#read();
    this.#write();
    this.#passing = new PassingTopics(bootstrap, PASSING_MS);
    this.#rude.begin();
  }

  /** Writers end, readers read to the end; what is missing then is complained about. */
  async end(): Promise<void> {
    const { complain, name } = this.#options;
    await Promise.all([...this.#writers.map((writer) => writer.end()), this.#passing?.stop(), this.#rude.end()]);
    for (const complaint of this.#passing?.complaints ?? []) complain(`${name}: ${complaint}`);
    const deadline = performance.now() + DRAIN_MS;
    while (this.#owed() !== undefined && performance.now() < deadline) await sleep(LOOK_MS);
    const owed = this.#owed();
    const causes = this.#readers.flatMap(({ lastCause }) => lastCause ?? []);
    if (owed !== undefined)
      complain(`${name}: ${owed}, ${DRAIN_MS} ms after the last record; readers had given up for ${JSON.stringify(causes)}`);
    await Promise.all(this.#readers.map((reader) => reader.end()));
    for (const stream of this.#streams.values()) stream.end();
    this.#transactions.end();
    for (const [key, { acknowledged, read }] of this.#latest)
      if (read < acknowledged) complain(`${name}: key ${key} is ${read}, and was set to ${acknowledged}`);
  }

  /** What it did so far. */
  summary(): Readonly<Record<string, number>> {
    const repeated = [...this.#groups.values()].flat().reduce((sum, group) => sum + group.repeated, 0);
    return {
      records: this.#records,
      givenUp: this.#unknown,
      ...this.#transactions.counts,
      redelivered: repeated + this.#shared.repeated,
      readersAnew: this.#readers.reduce((sum, reader) => sum + reader.anew, 0),
      topicsPassed: this.#passing?.looks.passing ?? 0,
      trims: this.#passing?.looks.trimmed ?? 0,
      rudeConnections: this.#rude.count,
    };
  }

  #write(): void {
    const common = { bootstrap: this.#bootstrap, paceMs: this.#options.paceMs, sizeBytes: KIBIBYTE };
    const toAccounts = (topic: string) => ({
      acknowledged: (writer: string, partition: number, number: number, offset: number) => {
        this.#records++;
        this.#stream(writer, topic, partition).acknowledged(number);
        this.#end(topic, partition, offset);
        if (topic === "tasks") this.#shared.acknowledged(`${partition}/${offset}`);
        if (topic === "latest") this.#set(writer, number, "acknowledged");
      },
      unknown: (writer: string, partition: number, number: number) => {
        this.#unknown++;
        this.#stream(writer, topic, partition).unknown(number);
      },
    });
    this.#writers.push(
      new OurRecords({ ...common, name: "ours", topic: "orders", partitions: PARTITIONS, ...toAccounts("orders") }),
      new KafkajsRecords({ ...common, name: "kafkajs", topic: "orders", partitions: PARTITIONS, ...toAccounts("orders") }),
      new OurRecords({ ...common, name: "tasks", topic: "tasks", partitions: 2, ...toAccounts("tasks") }),
      new OurRecords({ ...common, name: "bulk", topic: "expiring", partitions: 2, sizeBytes: 4 * KIBIBYTE, ...toAccounts("expiring") }),
      new OurRecords({ ...common, name: "keys", topic: "latest", partitions: 1, keys: 50, ...toAccounts("latest") }),
      new KafkajsTransactions({
        ...common,
        name: "transactions",
        topic: "ledger",
        partitions: 2,
        ended: (number, outcome) => this.#transactions.ended(number, outcome),
      }),
    );
  }

  #read(): void {
    const bootstrap = this.#bootstrap;
    const given = (group: string, partition: number, offset: number) => this.#given(group, "orders", partition).given(offset);
    const partitions = Object.entries(TOPICS).flatMap(([topic, [count]]) =>
      Array.from({ length: count }, (_, partition) => ({ topic, partition })),
    );
    /** Of two members of a group, one stays. */
    const members = (group: string, topic: string) => [
      { bootstrap, group, topic },
      { bootstrap, group, topic, lifeMs: MEMBER_LIFE_MS },
    ];
    this.#lone = new LoneReader(bootstrap, partitions, ({ topic, partition }, value) => this.#readAlone(topic, partition, value));
    this.#readers.push(
      this.#lone,
      ...members("soak-classic", "orders").map((member) => groupReader("classic", given, member)),
      ...members("soak-consumer", "orders").map((member) => groupReader("consumer", given, member)),
      new KafkajsReader(given, { bootstrap, group: "soak-kafkajs", topic: "orders" }),
      ...members(SHARE_GROUP, "tasks").map((member) =>
        shareReader((partition, offset, count) => this.#shared.given(`${partition}/${offset}`, count), member),
      ),
    );
    for (const reader of this.#readers) reader.begin();
  }

  #readAlone(topic: string, partition: number, value: string): void {
    const [writer = "", text] = value.split(":");
    const number = Number(text);
    if (topic === "ledger") this.#transactions.read(number, partition);
    else if (topic === "latest") this.#set(writer, number, "read");
    else this.#stream(writer, topic, partition).read(number);
  }

  /** Of the compacted topic, whose older values go. */
  #set(key: string, number: number, how: "acknowledged" | "read"): void {
    const known = this.#latest.get(key) ?? { acknowledged: -1, read: -1 };
    known[how] = Math.max(known[how], number);
    this.#latest.set(key, known);
  }

  #stream(writer: string, topic: string, partition: number): WrittenStream {
    const key = `${writer} ${topic}-${partition}`;
    const known = this.#streams.get(key) ?? new WrittenStream(`${this.#options.name} ${key}`, this.#complainOf(topic));
    this.#streams.set(key, known);
    return known;
  }

  /** Of a compacted topic, records between are gone rightly. */
  #complainOf(topic: string): Complain {
    return topic === "latest" ? () => undefined : this.#options.complain;
  }

  #given(group: string, topic: string, partition: number): GivenOffsets {
    const ofGroup = this.#groups.get(group) ?? [];
    this.#groups.set(group, ofGroup);
    ofGroup[partition] ??= new GivenOffsets(`${this.#options.name} ${group} ${topic}-${partition}`, this.#options.complain);
    return ofGroup[partition];
  }

  #end(topic: string, partition: number, offset: number): void {
    const key = `${topic}-${partition}`;
    this.#ends.set(key, Math.max(this.#ends.get(key) ?? 0, offset + 1));
  }

  /** What readers have not come to yet. */
  #owed(): string | undefined {
    for (const [group, given] of this.#groups)
      for (const [partition, { next }] of given.entries())
        if (next < (this.#ends.get(`orders-${partition}`) ?? 0)) return `group ${group} stands at ${next} of orders-${partition}`;
    if (this.#lone?.hasReached(this.#ends) === false) return "not all is read";
    if (this.#shared.owed > 0) return `${this.#shared.owed} records were not given to the share group`;
    const { owed } = this.#transactions;
    return owed > 0 ? `${owed} committed transactions are not read` : undefined;
  }
}
