// A group whose members are processes (group-member.ts), and records that flow all the time. What is observed is what every client can rely
// on: how partitions are shared and how many move, and that nothing is wrong with the members' logs (member-history.ts).

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Admin, Kafka, logLevel, type Producer } from "kafkajs";
import { expect } from "vitest";
import * as messages from "../../protocol/messages/index.ts";
import { RawClient } from "../support/raw-client.ts";
import { type BrokerName, type BrokerUnderTest, CACHE, type RunningBroker, type StartOptions, startBroker } from "./broker-under-test.ts";
import { withClient } from "./client-process.ts";
import type { Observation } from "./compare.ts";
import { GroupMember, type MemberClient, type MemberOptions } from "./group-member.ts";
import { complaintsAbout, lostIn, ownersIn } from "./member-history.ts";
import type { MemberEvent, Offsets, Place } from "./member-log.ts";
import { waitFor } from "./processes.ts";

/** Of the brokers, for members of either protocol. */
export const SESSION_MS = 5000;
const PACE_MS = 80;
/** In which all of an output is read. */
const READ_MS = 4000;
const READ_TRIES = 5;
/** Also while a broker starts. */
const PATIENT = { initialRetryTime: 100, maxRetryTime: 500, retries: 200 };
const GROUP_RESOURCE = 32;
const SET = 0;

const SETTINGS = {
  "group.consumer.min.session.timeout.ms": "1000",
  "group.consumer.session.timeout.ms": `${SESSION_MS}`,
  "group.consumer.min.heartbeat.interval.ms": "100",
  "group.consumer.heartbeat.interval.ms": "300",
  "group.min.session.timeout.ms": "1000",
};

/** Brokers of a file, with sessions that are over soon. */
export class GroupBrokers {
  readonly #title: string;
  readonly #ports: Readonly<Record<BrokerName, number>>;
  readonly #running = new Map<BrokerName, Promise<RunningBroker>>();

  constructor(title: string, ports: Readonly<Record<BrokerName, number>>) {
    this.#title = title;
    this.#ports = ports;
  }

  of({ name }: BrokerUnderTest): Promise<BrokerUnderTest> {
    const running = this.#running.get(name) ?? this.#start(name);
    this.#running.set(name, running);
    return running;
  }

  /** Killed, and started again on its data. */
  async restart({ name }: BrokerUnderTest): Promise<void> {
    const running = await this.#running.get(name);
    await running?.kill();
    const again = startBroker(name, this.#options(name));
    this.#running.set(name, again);
    await again;
  }

  async stop(): Promise<void> {
    for (const running of this.#running.values()) await (await running).stop();
  }

  async #start(name: BrokerName): Promise<RunningBroker> {
    rmSync(this.#options(name).dataFolder, { recursive: true, force: true });
    return startBroker(name, this.#options(name));
  }

  #options(name: BrokerName): StartOptions {
    return { port: this.#ports[name], dataFolder: join(CACHE, "data", `${this.#title}-${name}`), settings: SETTINGS };
  }
}

export interface Join
  extends Partial<Pick<MemberOptions, "protocol" | "pattern" | "topics" | "instance" | "output" | "transactionalId" | "assignor">> {}

/** How the partitions are spread: the members' shares, ascending, and how many were given and taken since it was asked before. */
export type Spread = { readonly shares: readonly number[]; readonly given: number; readonly taken: number };

export class GroupScene {
  readonly group: string;
  readonly #broker: BrokerUnderTest;
  readonly #logFolder: string;
  readonly #kafka: Kafka;
  readonly #admin: Admin;
  readonly #raw: RawClient;
  readonly #partitions = new Map<string, number>();
  readonly #ends: Record<Place, number> = {};
  readonly #members: GroupMember[] = [];
  readonly #pardoned = new Set<string>();
  #producer: Producer | undefined;
  #producing: Promise<void> = Promise.resolve();
  #isProducing = true;
  #isFinished = false;
  #told = { given: 0, taken: 0 };

  private constructor(broker: BrokerUnderTest, name: string, raw: RawClient) {
    this.#raw = raw;
    this.group = name;
    this.#broker = broker;
    this.#logFolder = join(CACHE, "members", broker.name, name);
    rmSync(this.#logFolder, { recursive: true, force: true });
    mkdirSync(this.#logFolder, { recursive: true });
    this.#kafka = new Kafka({
      brokers: [broker.bootstrap],
      clientId: "outsider",
      logLevel: logLevel.NOTHING,
      retry: PATIENT,
    });
    this.#admin = this.#kafka.admin();
  }

  /** Topics are named after the group: "<name>-<topic>". */
  static async run<T>(
    broker: BrokerUnderTest,
    name: string,
    topics: Readonly<Record<string, number>>,
    play: (scene: GroupScene) => Promise<T>,
  ): Promise<T> {
    const raw = await RawClient.connect(Number(broker.bootstrap.split(":")[1]));
    const scene = new GroupScene(broker, name, raw);
    try {
      await scene.#admin.connect();
      for (const [topic, partitions] of Object.entries(topics)) await scene.createTopic(topic, partitions);
      scene.#producing = scene.#produce();
      return await play(scene);
    } finally {
      scene.#isProducing = false;
      await scene.#producing;
      for (const member of scene.#members) await member.end();
      await scene.#admin.disconnect();
      scene.#raw.close();
    }
  }

  /** Of members of the consumer protocol; the brokers' otherwise. */
  async setSessionMs(sessionMs: number): Promise<void> {
    const configs = [{ name: "consumer.session.timeout.ms", configOperation: SET, value: `${sessionMs}` }];
    const resources = [{ resourceType: GROUP_RESOURCE, resourceName: this.group, configs }];
    const answer = await this.#raw.call(messages.incrementalAlterConfigs, 1, { resources, validateOnly: false });
    if (answer?.responses[0]?.errorCode !== 0) throw new Error(`not set: ${answer?.responses[0]?.errorMessage}`);
  }

  /** As ListGroups tells it. */
  async type(): Promise<string> {
    const answer = await this.#raw.call(messages.listGroups, 5, { statesFilter: [], typesFilter: [] });
    const group = answer?.groups.find(({ groupId }) => groupId === this.group);
    return group?.groupType ?? "none";
  }

  topic(name: string): string {
    return `${this.group}-${name}`;
  }

  /** Records flow into it at once. */
  async createTopic(name: string, partitions: number): Promise<void> {
    await this.#create(this.topic(name), partitions);
    this.#partitions.set(this.topic(name), partitions);
  }

  /** One that no member of the group reads. */
  async createOutput(name: string): Promise<string> {
    await this.#create(this.topic(name), 1);
    return this.topic(name);
  }

  async growTopic(name: string, partitions: number): Promise<void> {
    await this.#admin.createPartitions({ topicPartitions: [{ topic: this.topic(name), count: partitions }] });
    this.#partitions.set(this.topic(name), partitions);
    const before = this.#producer;
    this.#producer = undefined; // The old one goes on with the partitions that it knows.
    await before?.disconnect();
  }

  /** Without topics or a pattern, it reads all topics that there are. */
  async join(client: MemberClient, name: string, options: Join = {}): Promise<GroupMember> {
    const topics = options.pattern === undefined ? [...this.#partitions.keys()] : [];
    const { bootstrap } = this.#broker;
    const all = { name, bootstrap, group: this.group, protocol: "consumer", topics, sessionMs: SESSION_MS, ...options } as const;
    const member = await GroupMember.start(client, all, this.#logFolder);
    this.#members.push(member);
    return member;
  }

  /** When each partition has one owner and these members, and nobody else, have equal shares as far as that is possible. */
  async spread(members: readonly GroupMember[]): Promise<Spread> {
    const counted = async (): Promise<[member: string, share: number][]> => [...this.#shares(members)];
    const isFair = (shares: [string, number][]): boolean => {
      const counts = shares.map(([, share]) => share);
      const total = counts.reduce((sum, count) => sum + count, 0);
      return shares.length === members.length && total === this.#places().length && Math.max(...counts) - Math.min(...counts) <= 1;
    };
    const shares = await waitFor(`fair shares of ${this.group}`, counted, isFair);
    const before = this.#told;
    this.#told = this.#moves();
    return {
      shares: shares.map(([, share]) => share).toSorted((a, b) => a - b),
      given: this.#told.given - before.given,
      taken: this.#told.taken - before.taken,
    };
  }

  /** A member stands still, with something consumed and not committed, until the others have its share; what its commit is refused with then. */
  async standStill(member: GroupMember, others: readonly GroupMember[]): Promise<string> {
    member.tell("hold");
    await this.event(member, "held");
    await member.stop();
    await this.spread(others);
    member.tell("go");
    member.continue();
    return (await this.event(member, "refused")).error;
  }

  /** Waits until everything that has been produced by now is consumed. */
  async flow(): Promise<void> {
    const ends = { ...this.#ends };
    const missing = async (): Promise<string[]> => lostIn(this.#logs(), ends);
    await waitFor(`the records of ${this.group}`, missing, (lost) => lost.length === 0);
  }

  /** The first line of this kind that a member has written after so many lines of the kind. */
  async event<Name extends MemberEvent["event"]>(
    member: GroupMember,
    name: Name,
    after = 0,
  ): Promise<Extract<MemberEvent, { event: Name }>> {
    const all = async () => member.events().filter((event): event is Extract<MemberEvent, { event: Name }> => event.event === name);
    const events = await waitFor(`"${name}" of ${member.name}`, all, (found) => found.length > after);
    return events[after] as Extract<MemberEvent, { event: Name }>;
  }

  /** What it owns now. */
  placesOf({ name }: GroupMember): Place[] {
    return [...ownersIn(this.#logs())]
      .filter(([, owners]) => owners.has(name))
      .map(([place]) => place.slice(this.group.length + 1))
      .toSorted();
  }

  /** How many partitions its members were given or have lost by now. */
  moves(): number {
    const { given, taken } = this.#moves();
    return given + taken;
  }

  /** One that its client ends: that is as it has to be. */
  pardon(member: GroupMember): void {
    this.#pardoned.add(member.name);
  }

  /** One that was never to be a member: what it wrote does not count. */
  async dismiss(member: GroupMember): Promise<void> {
    this.#members.splice(this.#members.indexOf(member), 1);
    await member.end();
  }

  /** Producing ends, everything is consumed, the members leave, and everything is committed. Throws what is wrong with the logs. */
  async finish(): Promise<void> {
    if (this.#isFinished) return;
    this.#isFinished = true;
    this.#isProducing = false;
    await this.#producing;
    await this.flow();
    for (const member of this.#members) if (!member.events().some(({ event }) => event === "killed")) await member.leave();
    const committed = await this.#committed();
    const uncommitted = Object.entries(this.#ends).filter(([place, end]) => committed[place] !== end);
    const complaints = [
      ...complaintsAbout(this.#logs(), this.#ends).filter((text) => ![...this.#pardoned].some((name) => text.startsWith(`${name} ended`))),
      ...uncommitted.map(([place, end]) => `of ${place} ${committed[place]} is committed in the end, not ${end}`),
    ];
    const told = this.#logs()
      .flat()
      .filter(({ event }) => event !== "consumed" && event !== "committed");
    expect(complaints, JSON.stringify(told)).toEqual([]);
  }

  /** What a transformer has sent, as a reader of committed records has it: how many inputs are there never, and how many more than once. */
  async transformed(output: string): Promise<Observation> {
    const expected = Object.entries(this.#ends).flatMap(([place, end]) => Array.from({ length: end }, (_, offset) => `${place}/${offset}`));
    // On a busy machine a reader may not come to the end in its time.
    let seen: readonly string[] = [];
    for (let tries = 0; tries < READ_TRIES && seen.length < expected.length; tries++) seen = await this.#valuesOf(output);
    const counts = new Map<string, number>();
    for (const value of seen) counts.set(value, (counts.get(value) ?? 0) + 1);
    return {
      missing: expected.filter((value) => !counts.has(value)).length,
      repeated: [...counts.values()].filter((count) => count > 1).length,
    };
  }

  /** Kafka answers before its brokers know of it. */
  async #create(topic: string, numPartitions: number): Promise<void> {
    await this.#admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: false });
    const leaders = async (): Promise<number> => {
      const { topics } = await this.#admin.fetchTopicMetadata({ topics: [topic] }).catch(() => ({ topics: [] }));
      return topics[0]?.partitions.filter(({ leader }) => leader >= 0).length ?? 0;
    };
    await waitFor(`the leaders of ${topic}`, leaders, (count) => count === numPartitions);
  }

  async #valuesOf(output: string): Promise<string[]> {
    const everything = { topic: output, partitions: [0], from: "beginning", count: Number.MAX_SAFE_INTEGER, waitMs: READ_MS } as const;
    const records = await withClient("librdkafka", this.#broker.bootstrap, (client) => client.call("read", everything));
    return records.map(({ value }) => `${value}`);
  }

  async #committed(): Promise<Offsets> {
    const topics = await this.#admin.fetchOffsets({ groupId: this.group, topics: [...this.#partitions.keys()] });
    return Object.fromEntries(
      topics.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset }) => [`${topic}/${partition}`, Number(offset)] as const),
      ),
    );
  }

  #places(): Place[] {
    return [...this.#partitions].flatMap(([topic, count]) => Array.from({ length: count }, (_, partition) => `${topic}/${partition}`));
  }

  #logs(): (readonly MemberEvent[])[] {
    return this.#members.map((member) => member.events());
  }

  #shares(members: readonly GroupMember[]): Map<string, number> {
    const names = new Set(members.map(({ name }) => name));
    const shares = new Map<string, number>();
    for (const owners of ownersIn(this.#logs()).values()) {
      const [owner, ...others] = owners;
      if (owner !== undefined && others.length === 0 && names.has(owner)) shares.set(owner, (shares.get(owner) ?? 0) + 1);
    }
    return shares;
  }

  #moves(): { given: number; taken: number } {
    const count = (...names: readonly MemberEvent["event"][]): number =>
      this.#logs()
        .flat()
        .reduce((sum, event) => sum + (names.includes(event.event) && "places" in event ? event.places.length : 0), 0);
    return { given: count("assigned"), taken: count("revoked", "lost") };
  }

  /** One record for each partition, again and again. */
  async #produce(): Promise<void> {
    for (let number = 0; this.#isProducing; number++) {
      this.#producer ??= await this.#connected();
      const topicMessages = [...this.#partitions].map(([topic, count]) => ({
        topic,
        messages: Array.from({ length: count }, (_, partition) => ({ partition, value: `${number}` })),
      }));
      for (const { topicName, partition, baseOffset } of await this.#producer.sendBatch({ topicMessages }))
        this.#note(`${topicName}/${partition}`, Number(baseOffset) + 1);
      await sleep(PACE_MS);
    }
    await this.#producer?.disconnect();
  }

  /** What is sent again after it was stored is answered without its offset. */
  #note(place: Place, end: number): void {
    this.#ends[place] = Math.max(this.#ends[place] ?? 0, end);
  }

  async #connected(): Promise<Producer> {
    const producer = this.#kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
    await producer.connect();
    return producer;
  }
}
