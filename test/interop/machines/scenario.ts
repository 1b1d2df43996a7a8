// One scenario for a cluster of machines: producers, transactions, groups of both protocols and a transformer of three libraries go on while
// things are done to brokers and services in the order of a seed. When all is well again each of them has to come further by itself;
// then they end, and everything is looked through.

import { mkdirSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { addPartitions, createTopic, findTopic, hasLeader } from "../../../src/client/admin/topics.ts";
import { Brokers } from "../../../src/client/brokers.ts";
import { nowUs } from "../event-log.ts";
import { GroupMember, type GroupProtocol } from "../group-member.ts";
import { lostIn, complaintsAbout as memberComplaints } from "../member-history.ts";
import type { MemberEvent } from "../member-log.ts";
import { waitFor } from "../processes.ts";
import { castOf, KAFKAJS_READERS, TRANSFORMERS } from "./cast.ts";
import { complaintsAbout, type Limits, type OffsetSeen, transformComplaints } from "./history.ts";
import type { Machines } from "./machines.ts";
import { Observer } from "./observer.ts";
import { PassingTopics } from "./passing-topics.ts";
import { type Deed, type PlanLimits, type PlannedDeed, planDeeds, subjectOf } from "./plan.ts";
import { type Found, readAll } from "./reading.ts";
import { Writer } from "./writer.ts";

export const ORDERS = "orders";
const ORDERS_PARTITIONS = 4;
const LEDGER = "ledger";
const LEDGER_PARTITIONS = 3;
const COPIES = "copies";
const READY_MS = 60_000;
const DEED_MS = 60_000;
const DELIVERY_MS = 45_000;
/** Of members: longer than it takes until coordinators are back, whatever was done. */
const SESSION_MS = 30_000;

export interface ScenarioOptions extends PlanLimits {
  readonly seed: number;
  readonly machines: Machines;
  /** For the logs of clients; of this scenario alone. */
  readonly folder: string;
  readonly limits: Limits;
  /** Brokers ask a lease before they answer: what a client saw never falls, also not by a broker that was relieved. */
  readonly isObserved: boolean;
}

export interface Outcome {
  /** What is wrong, a sentence each. */
  readonly complaints: readonly string[];
  readonly deeds: readonly string[];
  /** How much was written, and seen. */
  readonly progress: Readonly<Record<string, number>>;
}

export async function runScenario(options: ScenarioOptions): Promise<Outcome> {
  const scene = new Scene(options);
  try {
    await scene.open();
    await scene.suffer(planDeeds(options.seed, options));
    await scene.goOn();
    return await scene.end();
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n${scene.story()}`, { cause: error });
  } finally {
    await scene.close();
  }
}

interface Group {
  readonly protocol: GroupProtocol;
  readonly members: GroupMember[];
}

class Scene {
  readonly #options: ScenarioOptions;
  readonly #machines: Machines;
  readonly #topics = new Map([
    [ORDERS, ORDERS_PARTITIONS],
    [LEDGER, LEDGER_PARTITIONS],
    [COPIES, 1],
  ]);
  readonly #writers: Writer[] = [];
  readonly #groups = new Map<string, Group>();
  readonly #done: string[] = [];
  #observer: Observer | undefined;
  #passing: PassingTopics | undefined;
  #healedUs = 0;

  constructor(options: ScenarioOptions) {
    this.#options = options;
    this.#machines = options.machines;
  }

  async open(): Promise<void> {
    const { folder, machines, seed } = this.#options;
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await this.#withBrokers(async (brokers) => {
      for (const [name, partitions] of this.#topics)
        await createTopic(brokers, { name, partitions, replicationFactor: -1, configs: new Map() });
      for (const name of this.#topics.keys())
        await waitFor(
          `leaders of ${name}`,
          () => findTopic(brokers, name).catch(() => undefined),
          (topic) => topic?.partitions.every(hasLeader) === true,
        );
    });
    const cast = castOf(seed, { orders: [ORDERS, ORDERS_PARTITIONS], ledger: [LEDGER, LEDGER_PARTITIONS], copies: COPIES });
    const bootstrap = machines.bootstrap;
    for (const { library, ...options } of cast.writers)
      this.#writers.push(await Writer.start(library, { ...options, bootstrap, paceMs: 25, deliveryMs: DELIVERY_MS }, folder));
    for (const { client, ...options } of cast.members) {
      const group = this.#groups.get(options.group) ?? { protocol: options.protocol, members: [] };
      this.#groups.set(options.group, group);
      group.members.push(await GroupMember.start(client, { sessionMs: SESSION_MS, ...options, bootstrap, topics: [ORDERS] }, folder));
    }
    await this.#allFurtherThan(0, READY_MS);
    this.#passing = new PassingTopics(bootstrap);
    if (!this.#options.isObserved) return;
    const ports = Array.from({ length: this.#options.places }, (_, place) => machines.portOf(place));
    const groups = new Map([...this.#groups.keys()].map((group) => [group, ORDERS]));
    this.#observer = new Observer({ ports, topics: new Map(this.#topics), groups });
  }

  /** Each deed at its time, or when what was done to the same broker or service before is over. */
  async suffer(plan: readonly PlannedDeed[]): Promise<void> {
    const began = performance.now();
    const before = new Map<string, Promise<void>>();
    await Promise.all(
      plan.map(({ atMs, deed }) => {
        const subject = subjectOf(deed) ?? deed.does;
        const doing = Promise.all([before.get(subject), sleep(atMs)]).then(() => this.#suffer(deed, began));
        before.set(subject, doing);
        return doing;
      }),
    );
    this.#healedUs = nowUs();
    this.#done.push(`${Math.round(performance.now() - began)} ms: all is well`);
  }

  async #suffer(deed: Deed, began: number): Promise<void> {
    const at = Math.round(performance.now() - began);
    const index = this.#done.push(`${at} ms: ${JSON.stringify(deed)}`) - 1;
    await inTime(JSON.stringify(deed), this.#act(deed));
    this.#done[index] += ` until ${Math.round(performance.now() - began)} ms`;
  }

  async goOn(): Promise<void> {
    await this.#allFurtherThan(this.#healedUs, this.#options.limits.goOnMs + 5000).catch((error: unknown) => {
      this.#done.push(`${error instanceof Error ? error.message : error}`);
    });
  }

  async end(): Promise<Outcome> {
    await this.#passing?.stop();
    await Promise.all(this.#writers.map((writer) => writer.leave()));
    const found = await readAll(this.#machines.bootstrap, this.#topics);
    const ends = Object.fromEntries([...found.ends].filter(([place]) => place.startsWith(`${ORDERS}/`)));
    for (const [name, { members }] of this.#groups) {
      const missing = async (): Promise<string[]> => lostIn(this.#logsOf(members), ends);
      await waitFor(`the records of ${name}`, missing, (lost) => lost.length === 0, READY_MS);
    }
    await Promise.all([...this.#groups.values()].flatMap(({ members }) => members.map((member) => member.leave())));
    await this.#observer?.stop();
    const after = await readAll(this.#machines.bootstrap, this.#topics);
    return { complaints: this.#complaints(after, ends), deeds: this.#done, progress: this.#progress() };
  }

  story(): string {
    const troubles = this.#writers.map((writer) => [writer.name, writer.events().slice(-3)]);
    const members = [...this.#groups.values()].flatMap(({ members: all }) => all.map(({ name, client }) => [name, client]));
    return [...this.#done, JSON.stringify({ progress: this.#progress(), members }), ...troubles.map((each) => JSON.stringify(each))].join(
      "\n",
    );
  }

  async close(): Promise<void> {
    await this.#observer?.stop();
    await this.#passing?.stop();
    await Promise.all(this.#writers.map((writer) => writer.end()));
    await Promise.all([...this.#groups.values()].flatMap(({ members }) => members.map((member) => member.end())));
  }

  async #act(deed: Deed): Promise<void> {
    const machines = this.#machines;
    switch (deed.does) {
      case "stop":
      case "kill":
        await machines[deed.does](deed.place);
        await sleep(deed.forMs);
        return this.#start(deed.place);
      case "freeze":
        await machines.freeze(deed.place);
        await sleep(deed.forMs);
        machines.thaw(deed.place);
        return;
      case "cut": {
        const line = machines.line(deed.place, deed.from);
        line.set(deed.how);
        await sleep(deed.forMs);
        if (deed.isLost) line.breakConnections();
        line.set("open");
        return;
      }
      case "fell":
        await machines.service(deed.service).kill();
        await sleep(deed.forMs);
        return machines.service(deed.service).resume();
      case "add":
        return this.#start(deed.place);
      case "grow":
        return this.#grow();
    }
  }

  /** As a supervisor does it: one that cannot start, since what it needs is away, is started again. */
  async #start(place: number): Promise<void> {
    await waitFor(
      `a broker in place ${place}`,
      async () => {
        try {
          await this.#machines.start(place);
          return "";
        } catch (error) {
          await this.#machines.kill(place);
          await sleep(200);
          return `${error}`;
        }
      },
      (error) => error === "",
      DEED_MS,
    );
  }

  /** By whichever broker does it: tried until the topic has grown. */
  async #grow(): Promise<void> {
    const count = ORDERS_PARTITIONS + 1;
    const attempt = async (): Promise<number> => {
      for (const place of this.#machines.running()) {
        const brokers = new Brokers(`127.0.0.1:${this.#machines.portOf(place)}`, { clientId: "administrator" });
        const growing = addPartitions(brokers, ORDERS, { count }).catch(() => undefined);
        await Promise.race([growing, sleep(3000)]);
        const topic = await Promise.race([findTopic(brokers, ORDERS).catch(() => undefined), sleep(1000, undefined)]);
        void brokers.close();
        if (topic?.partitions.length === count) return count;
      }
      await sleep(300);
      return 0;
    };
    await waitFor("a partition more", attempt, (has) => has === count, DEED_MS);
    this.#topics.set(ORDERS, count);
  }

  async #allFurtherThan(sinceUs: number, deadlineMs: number): Promise<void> {
    const isFurther = ({ event, atUs }: { readonly event: string; readonly atUs: number }): boolean =>
      atUs >= sinceUs && (event === "sent" || event === "transaction" || event === "consumed");
    const behind = async (): Promise<string[]> => [
      ...this.#writers.filter((writer) => !writer.events().some(isFurther)).map(({ name }) => name),
      // With more members than partitions, or a transformer that has all, one may have nothing to do.
      ...[...this.#groups].filter(([, { members }]) => !members.some((member) => member.events().some(isFurther))).map(([name]) => name),
    ];
    await waitFor("all clients to come further", behind, (names) => names.length === 0, deadlineMs);
  }

  #complaints(found: Found, ends: Readonly<Record<string, number>>): string[] {
    const { limits } = this.#options;
    const members = [...this.#groups].map(([name, group]) => ({ name, logs: this.#logsOf(group.members) }));
    return [
      ...complaintsAbout({
        writers: this.#writers.map((writer) => writer.events()),
        members: new Map(members.map(({ name, logs }) => [name, logs])),
        watermarks: this.#observer?.watermarks ?? [],
        offsets: [...(this.#observer?.offsets ?? []), ...this.#commits()],
        records: this.#observer?.records ?? [],
        stored: found.stored,
        committed: found.committed,
        healedUs: this.#healedUs,
        limits,
      }),
      ...transformComplaints(found, COPIES, ends),
      ...(this.#passing?.complaints ?? []),
      ...members.flatMap(({ name, logs }) => {
        const complaints = name === KAFKAJS_READERS ? lostIn(logs, ends) : memberComplaints(logs, ends);
        return complaints.map((complaint) => `${name}: ${complaint}`);
      }),
    ];
  }

  /** But for those in transactions, which are seen when the markers are there, not when the producer is told. */
  #commits(): OffsetSeen[] {
    return [...this.#groups]
      .filter(([name]) => name !== TRANSFORMERS)
      .flatMap(([name, { members }]) => this.#logsOf(members).flatMap((log) => commitsOf(name, log)));
  }

  #logsOf(members: readonly GroupMember[]): (readonly MemberEvent[])[] {
    return members.map((member) => member.events());
  }

  #progress(): Record<string, number> {
    const counted = (events: readonly { readonly event: string }[], ...names: string[]): number =>
      events.filter(({ event }) => names.includes(event)).length;
    const members = [...this.#groups.values()].flatMap((group) => group.members);
    return {
      ...Object.fromEntries(this.#writers.map((writer) => [writer.name, counted(writer.events(), "sent", "transaction")])),
      ...Object.fromEntries(members.map((member) => [member.name, counted(member.events(), "consumed")])),
      watermarks: this.#observer?.watermarks.length ?? 0,
      offsets: this.#observer?.offsets.length ?? 0,
      records: this.#observer?.records.length ?? 0,
      ...this.#passing?.looks,
    };
  }

  async #withBrokers<T>(use: (brokers: Brokers) => Promise<T>): Promise<T> {
    const brokers = new Brokers(this.#machines.bootstrap, { clientId: "administrator" });
    try {
      return await use(brokers);
    } finally {
      await brokers.close();
    }
  }
}

/** A commit that was acknowledged is as good as an answer that says so. */
function commitsOf(group: string, events: readonly MemberEvent[]): OffsetSeen[] {
  return events.flatMap((event) =>
    event.event === "committed"
      ? Object.entries(event.offsets).map(([place, offset]) => ({
          group,
          place,
          offset,
          broker: event.member,
          sinceUs: event.sinceUs,
          atUs: event.atUs,
        }))
      : [],
  );
}

async function inTime<T>(what: string, work: Promise<T>): Promise<T> {
  const late = new AbortController();
  try {
    return await Promise.race([
      work,
      sleep(DEED_MS, undefined, { signal: late.signal }).then(() => {
        throw new Error(`waited ${DEED_MS} ms in vain for ${what}`);
      }),
    ]);
  } finally {
    late.abort();
  }
}
