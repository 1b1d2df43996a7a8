// One scenario for every cluster and every client: brokers are stopped, killed, started again and added in the order of a seed while
// producers, transactions and a group go on; then a topic of one replica loses its broker for a while; then all of it is looked through.

import { type Admin, Kafka } from "kafkajs";
import { metadata } from "../../protocol/messages/03-metadata.ts";
import { alterPartitionReassignments } from "../../protocol/messages/45-alter-partition-reassignments.ts";
import { partitionFor } from "../../src/coordinator/partition-for.ts";
import { QUIET } from "../support/kafkajs.ts";
import { RawClient } from "../support/raw-client.ts";
import { type ClientEvent, complaintsAbout, History, type LogRecord, type TopicLog } from "./cluster-history.ts";
import { planSteps, type Step } from "./cluster-plan.ts";
import { BROKERS, type ClusterUnderTest, rackOf } from "./cluster-under-test.ts";
import {
  GROUP,
  LEDGER,
  LEDGER_PARTITIONS,
  ORDERS,
  ORDERS_PARTITIONS,
  SINGLE,
  TRANSACTIONAL_ID,
  type Workload,
  type WorkloadOptions,
} from "./cluster-workload.ts";
import { waitFor } from "./processes.ts";

export interface ScenarioOptions {
  readonly seed: number;
  readonly steps: number;
  readonly startCluster: () => Promise<ClusterUnderTest>;
  readonly startWorkload: (options: WorkloadOptions) => Promise<Workload>;
}

export interface Outcome {
  /** What is wrong, a sentence each. */
  readonly complaints: readonly string[];
  /** What was done to the brokers. */
  readonly steps: readonly string[];
  /** How much was acknowledged and read. */
  readonly progress: History["progress"] extends () => infer Progress ? Progress : never;
  /** What clients told of and coped with, with how often. */
  readonly errors: ReturnType<History["errors"]>;
}

interface PartitionState {
  readonly partition: number;
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly inSyncReplicas: readonly number[];
}

const END = "end";
const STEP_MS = 90_000;
/** Each client has come so much further before the next step. */
const PROGRESS = { idempotent: 15, plain: 15, received: 30, transactions: 3 } as const;

/** Rejects, with what was done, when clients come to a standstill. */
export async function runScenario({ seed, steps, startCluster, startWorkload }: ScenarioOptions): Promise<Outcome> {
  const cluster = await startCluster();
  const scene = new Scene(cluster, new History());
  try {
    await scene.open(startWorkload);
    for (const step of planSteps(seed, { steps, mostDown: cluster.mostDown })) await scene.take(step);
    return await scene.end();
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${scene.story()}`, { cause: error });
  } finally {
    await scene.close();
    await inTime("the cluster to stop", cluster.close());
  }
}

class Scene {
  readonly #cluster: ClusterUnderTest;
  readonly #history: History;
  readonly #kafka: Kafka;
  readonly #admin: Admin;
  readonly #down: number[] = [];
  readonly #done: string[] = [];
  #workload: Workload | undefined;

  constructor(cluster: ClusterUnderTest, history: History) {
    this.#cluster = cluster;
    this.#history = history;
    const retry = { initialRetryTime: 100, maxRetryTime: 1000, retries: 15 };
    this.#kafka = new Kafka({ brokers: cluster.bootstrap.split(","), ...QUIET, retry, requestTimeout: 10_000 });
    this.#admin = this.#kafka.admin();
  }

  async open(startWorkload: ScenarioOptions["startWorkload"]): Promise<void> {
    await this.#admin.connect();
    const topics = [
      { topic: ORDERS, numPartitions: ORDERS_PARTITIONS, replicationFactor: 3 },
      { topic: LEDGER, numPartitions: LEDGER_PARTITIONS, replicationFactor: 3 },
    ];
    await this.#admin.createTopics({ topics, waitForLeaders: false });
    await this.#settled();
    const racks = BROKERS.map(rackOf);
    this.#workload = await startWorkload({ bootstrap: this.#cluster.bootstrap, racks, tell: this.#history.tell });
    await this.#goOn("at first");
  }

  async take(step: Step): Promise<void> {
    this.#done.push(await inTime(`to ${step.does}`, this.#act(step)));
    await this.#settled();
    if (this.#down.length <= 1) await this.#goOn(`after ${this.#done.at(-1)}`);
  }

  async end(): Promise<Outcome> {
    await this.#allBack();
    await this.#racks();
    await inTime("the producers to end", this.#producers().call("quiesce"));
    await this.#consumed();
    const single = await this.#singleReplica();
    const logs = { orders: await this.#read(ORDERS), ledger: await this.#readLedger() };
    return {
      complaints: [...complaintsAbout(this.#history, logs), ...single],
      steps: this.#done,
      progress: this.#history.progress(),
      errors: this.#history.errors(),
    };
  }

  story(): string {
    const last = { assigned: this.#history.of("assigned").slice(-6), troubles: this.#history.of("error").slice(-10) };
    return JSON.stringify({ done: this.#done, down: this.#down, progress: this.#history.progress(), ends: this.#history.ends(), ...last });
  }

  async close(): Promise<void> {
    await this.#workload?.close();
    await this.#admin.disconnect();
  }

  async #act(step: Step): Promise<string> {
    if (step.does === "add") return this.#add();
    if (step.does === "restart") {
      const [id = 0] = this.#down.splice(Math.floor(step.pick * this.#down.length), 1);
      await this.#cluster.restart(id);
      return `restart ${id}`;
    }
    const id = await this.#victim(step);
    this.#down.push(id);
    await this.#cluster[step.does](id);
    return `${step.does} ${id} (${step.victim})`;
  }

  async #victim({ victim, pick }: Extract<Step, { does: "stop" | "kill" }>): Promise<number> {
    const ids = this.#cluster.ids();
    const picked = ids[Math.floor(pick * ids.length)] ?? 0;
    if (victim === "any") return picked;
    const [topic, id] =
      victim === "group coordinator" ? (["__consumer_offsets", GROUP] as const) : (["__transaction_state", TRANSACTIONAL_ID] as const);
    const partitions = await this.#partitions(topic);
    const leader = partitions.find(({ partition }) => partition === partitionFor(id, partitions.length))?.leader ?? -1;
    return ids.includes(leader) ? leader : picked;
  }

  /** The new broker becomes the first replica of some partitions, in the place of one that is away where there is one. */
  async #add(): Promise<string> {
    const added = await this.#cluster.add();
    const partitions = (await this.#partitions(ORDERS)).slice(0, ORDERS_PARTITIONS / 2);
    const wanted = partitions.map(({ partition, replicas }) => {
      const kept = replicas.toSorted((a, b) => Number(this.#down.includes(a)) - Number(this.#down.includes(b)));
      return { partitionIndex: partition, replicas: [added, ...kept.slice(0, replicas.length - 1)] };
    });
    const refusals = await this.#ask(async (client) => {
      const answer = await client.call(alterPartitionReassignments, 0, { topics: [{ name: ORDERS, partitions: wanted }] });
      return answer?.responses[0]?.partitions.filter(({ errorCode }) => errorCode !== 0) ?? [answer?.errorMessage];
    });
    if (refusals.length > 0) throw new Error(`the reassignment was refused: ${JSON.stringify(refusals)}`);
    return `add ${added}`;
  }

  /** As a broker that runs tells them. kafkajs gives up a topic of which a partition has no leader. */
  async #partitions(topic: string): Promise<PartitionState[]> {
    return this.#ask(async (client) => {
      const answer = await client.call(metadata, 9, { topics: [{ name: topic }] });
      return (answer?.topics[0]?.partitions ?? []).map(({ partitionIndex, leaderId, replicaNodes, isrNodes }) => ({
        partition: partitionIndex,
        leader: leaderId,
        replicas: replicaNodes,
        inSyncReplicas: isrNodes,
      }));
    });
  }

  async #ask<T>(question: (client: RawClient) => Promise<T>): Promise<T> {
    const client = await RawClient.connect(this.#cluster.portOf(this.#cluster.ids()[0] ?? 0));
    try {
      return await question(client);
    } finally {
      client.close();
    }
  }

  /** Until partitions have a leader where a replica is there, and those in sync that are. */
  async #settled(): Promise<void> {
    const ids = this.#cluster.ids();
    const topics = [ORDERS, LEDGER];
    const ask = async () => (await Promise.all(topics.map((topic) => this.#partitions(topic)))).flat();
    await waitFor(
      `leaders and replicas in sync after ${this.#done.at(-1)}`,
      ask,
      (partitions) =>
        partitions.length > 0 &&
        partitions.every(({ leader, replicas, inSyncReplicas }) => {
          const there = replicas.filter((id) => ids.includes(id));
          return (leader === -1 ? there.length === 0 : ids.includes(leader)) && there.every((id) => inSyncReplicas.includes(id));
        }),
      STEP_MS,
    );
  }

  /** Until each client has come further. */
  async #goOn(when: string): Promise<void> {
    const before = this.#history.progress();
    const isFurther = (now: Record<string, number>): boolean =>
      Object.entries(PROGRESS).every(([what, count]) => (now[what] ?? 0) >= (before[what] ?? 0) + count);
    const dead = (): ClientEvent | undefined => this.#history.of("died")[0];
    await waitFor(
      `progress ${when}`,
      async () => this.#history.progress(),
      (now) => isFurther(now) || dead() !== undefined,
      STEP_MS,
    );
    const gone = dead();
    if (gone !== undefined) throw new Error(`a client ended ${when}: ${JSON.stringify(gone)}`);
  }

  async #allBack(): Promise<void> {
    for (const id of this.#down.splice(0)) {
      await inTime(`to restart ${id}`, this.#cluster.restart(id));
      this.#done.push(`restart ${id}`);
    }
    await this.#settled();
    await this.#goOn("with all brokers back");
  }

  /** Until members read from the broker in their own rack, where the client tells. */
  async #racks(): Promise<void> {
    const workload = this.#producers();
    if ((await workload.call("nodesReadFrom")) === null) return;
    const isNearby = (read: Readonly<Record<string, readonly number[]>> | null): boolean =>
      Object.entries(read ?? {}).every(([member, nodes]) => `${nodes}` === member.replace("member ", ""));
    await this.#goOn("before looking at racks");
    await waitFor("reading from the own rack", () => workload.call("nodesReadFrom"), isNearby, STEP_MS);
  }

  /** The group has committed everything and is stable. */
  async #consumed(): Promise<void> {
    const ask = async () => {
      const ends = await this.#admin.fetchTopicOffsets(ORDERS);
      const committed = (await this.#admin.fetchOffsets({ groupId: GROUP, topics: [ORDERS] }))[0]?.partitions ?? [];
      const { groups } = await this.#admin.describeGroups([GROUP]);
      const committedIn = (partition: number) => Number(committed.find((each) => each.partition === partition)?.offset ?? -1);
      const lag = ends.map(({ partition, high }) => Number(high) - Math.max(0, committedIn(partition)));
      return { lag, state: groups[0]?.state, members: groups[0]?.members.length };
    };
    const isDone = ({ lag, state, members }: Awaited<ReturnType<typeof ask>>): boolean =>
      lag.every((each) => each === 0) && state === "Stable" && members === BROKERS.length;
    await waitFor("the group to have committed everything", ask, isDone, STEP_MS);
  }

  /**
   * A partition of one replica takes nothing while its broker is away, and everything when it is back. There is no such topic before: a
   * kafkajs client that starts asks for all topics and goes no further while one has no leader.
   */
  async #singleReplica(): Promise<string[]> {
    const workload = this.#producers();
    const replicaAssignment = BROKERS.map((id, partition) => ({ partition, replicas: [id] }));
    await this.#admin.createTopics({ topics: [{ topic: SINGLE, replicaAssignment }], waitForLeaders: false });
    const complaints: string[] = [];
    const sent: string[] = [];
    const send = async (value: string) => {
      const answer = await workload.call("send", { topic: SINGLE, partition: 0, value });
      if ("offset" in answer) sent.push(value);
      return answer;
    };
    const isTaken = (answer: { offset: number } | { error: string }): boolean => "offset" in answer;
    await waitFor("a record in a topic of one replica", () => send("before"), isTaken);
    await inTime("to kill 1", this.#cluster.kill(1));
    const meanwhile = await send("meanwhile");
    if (isTaken(meanwhile)) complaints.push("a record was acknowledged though the only replica was away");
    await inTime("to restart 1", this.#cluster.restart(1));
    await waitFor("a record when the broker of the only replica is back", () => send("after"), isTaken);
    const stored = (await this.#read(SINGLE)).flat().map(({ value }) => value);
    return [
      ...complaints,
      ...sent.filter((value) => !stored.includes(value)).map((value) => `"${value}" is lost from the topic of one replica`),
    ];
  }

  /** Up to a record of its own, behind which no transaction may stay open. */
  async #readLedger(): Promise<TopicLog> {
    const producer = this.#kafka.producer({ allowAutoTopicCreation: false });
    await producer.connect();
    const messages = Array.from({ length: LEDGER_PARTITIONS }, (_, partition) => ({ partition, value: END }));
    await producer.send({ topic: LEDGER, messages });
    await producer.disconnect();
    return (await this.#read(LEDGER)).map((records) => records.filter(({ value }) => value !== END));
  }

  /** What a reader of committed records finds from the beginning to the end, where there is a record. */
  async #read(topic: string): Promise<TopicLog> {
    const ends = await this.#admin.fetchTopicOffsets(topic);
    const records = ends.map(() => new Map<number, LogRecord>());
    const consumer = this.#kafka.consumer({ groupId: `reader of ${topic}`, maxWaitTimeInMs: 100 });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachMessage: async ({ partition, message }) => {
        const offset = Number(message.offset);
        records[partition]?.set(offset, { offset, value: String(message.value) });
      },
    });
    try {
      const missing = async () => ends.filter(({ partition, high }) => high !== "0" && records[partition]?.has(Number(high) - 1) !== true);
      await waitFor(`all of ${topic} to be read`, missing, (left) => left.length === 0, STEP_MS);
    } finally {
      await consumer.disconnect();
    }
    return records.map((partition) => [...partition.values()].sort((a, b) => a.offset - b.offset));
  }

  #producers(): Workload {
    if (this.#workload === undefined) throw new Error("the workload has not begun");
    return this.#workload;
  }
}

async function inTime<T>(what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${STEP_MS} ms in vain for ${what}`)), STEP_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
