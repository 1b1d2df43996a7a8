// The world of simulated groups: a process that crashes at any operation of its disk and loads again, partitions of the coordinator that move
// between its brokers, topics that change, and a network that loses requests and answers.
//
// Every coordinator that takes a partition over, or loads it anew, must describe its groups and their offsets as the one before did.

import type { Decoded, Encodable, Shape } from "../../../protocol/schema/field.ts";
import type { Message } from "../../../protocol/schema/message.ts";
import { Reader } from "../../../protocol/wire/reader.ts";
import { Writer } from "../../../protocol/wire/writer.ts";
import { MemoryFilesystem } from "../../../src/base/memory-filesystem.ts";
import type { SettingInputs } from "../../../src/config/broker-config.ts";
import type { GroupCoordinator } from "../../../src/coordinator/group/group-coordinator.ts";
import type { GroupRequest } from "../../../src/coordinator/group/group-request.ts";
import type { GroupState } from "../../../src/coordinator/group/group-state.ts";
import { partitionFor } from "../../../src/coordinator/partition-for.ts";
import { EVERYTHING } from "../../../src/security/access.ts";
import { TestConnection } from "../../coordinator/support/group-bench.ts";
import type { FailureKind } from "../../support/failing-filesystem.ts";
import type { Dice, Scheduler } from "../scheduler.ts";
import { BROKERS, BrokerProcess, PARTITIONS, type ProcessOptions } from "./broker-process.ts";
import { describeStored } from "./stored-state.ts";
import { Topics } from "./topics.ts";

export interface GroupsWorldOptions {
  readonly scheduler: Scheduler;
  readonly dice: Dice;
  readonly failure: FailureKind;
  readonly isSlow: boolean;
  readonly settings: SettingInputs;
  readonly groupIds: readonly string[];
}

const IS_TRACED = process.env["SIMULATION_TRACE"] !== undefined;

/** No answer will come; whether the request was served, nobody knows. */
export class NoAnswer extends Error {}

/** A client's connection to a broker. */
export interface Link {
  readonly connection: TestConnection;
  readonly process: BrokerProcess | undefined;
  readonly broker: number;
  /** When it was lost; `undefined` while it is there. */
  closedAtMs: number | undefined;
  /** What comes by it the client has given up. */
  readonly isLate?: boolean;
}

export interface Sent<Q extends Shape, R extends Shape> {
  readonly request: GroupRequest<Q, R>;
  readonly version: number;
  readonly body: Encodable<Q>;
  /** Called in the moment in which the broker has decided; it may be that it has yet to make sure of it. */
  readonly decided?: () => void;
  /** Called in the moment in which the broker answers, whether or not the answer arrives. */
  readonly handled?: (answer: Decoded<R>, link: Link) => void;
  /** Called in the moment in which the broker begins. */
  readonly arrived?: () => void;
  /** Whether it may still be served when the client has given it up; asked when it arrives then. */
  readonly mayBeLate?: () => boolean;
  /** It is lost so many times as often as others. */
  readonly lossFactor?: number;
}

export class GroupsWorld {
  readonly options: GroupsWorldOptions;
  readonly topics = new Topics();
  /** Of losing a request, or its answer. */
  lossChance = 0;
  process: BrokerProcess | undefined;
  lives = 0;
  moves = 0;
  failure: unknown;
  /** What a shard must look like once it is loaded, by partition. */
  readonly #expected = new Map<number, { readonly process: BrokerProcess; readonly stored: string }>();
  readonly #links = new Set<Link>();
  readonly #gone = new Set<() => void>();
  #disk = new MemoryFilesystem();
  readonly #leaderEpochs = { last: 0 };
  #serial = 0;

  constructor(options: GroupsWorldOptions) {
    this.options = options;
  }

  /** What happened, for who looks at a history (SIMULATION_TRACE=1). */
  note(what: () => string): void {
    if (IS_TRACED) console.log(`${this.nowMs % 10_000_000} ${what()}`);
  }

  /** What goes wrong with it ends the history. */
  supervise(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.failure ??= error;
    });
  }

  /** For names that are there once. */
  nextSerial(): number {
    return ++this.#serial;
  }

  get nowMs(): number {
    return this.options.scheduler.now();
  }

  get processOptions(): ProcessOptions {
    const { topics } = this;
    return { ...this.options, topics, leaderEpochs: this.#leaderEpochs };
  }

  // ---- the process

  /** Starts on what the last one left; tries again when it crashes while it starts. */
  async start({ isSafe = false } = {}): Promise<void> {
    const { dice, failure, scheduler } = this.options;
    for (;;) {
      this.lives++;
      const failAt = this.lives > 1 && !isSafe && dice.chance(0.3) ? dice.between(1, 30) : Number.POSITIVE_INFINITY;
      const process = this.#begin(failAt);
      if (process !== undefined) {
        this.process = process;
        this.note(() => "starts");
        for (let index = 0; index < PARTITIONS; index++) process.elect(index, dice.between(0, BROKERS - 1));
        this.#compareWhenLoaded(process);
        return;
      }
      if (failure === "fail") await scheduler.sleep(10);
    }
  }

  #begin(failAt: number): BrokerProcess | undefined {
    const disk = this.#disk;
    try {
      const process = new BrokerProcess(disk, this.processOptions, failAt);
      for (const [index, expected] of this.#expected) this.#expected.set(index, { ...expected, process });
      return process;
    } catch (error) {
      if (failAt === Number.POSITIVE_INFINITY) throw error;
      // A process that could not start has changed nothing that counts.
      const copy = new MemoryFilesystem();
      copyAll(disk, copy, "");
      this.#disk = copy;
      return undefined;
    }
  }

  /** From now on the disk fails at one of the next operations. */
  planFailure(withinOperations: number): void {
    const { filesystem } = this.process ?? {};
    filesystem?.failAt(filesystem.operationCount + this.options.dice.between(1, withinOperations), this.options.dice.between(1, 3));
  }

  /** The disk fails no more, and somebody leads each partition; `false` when it is too late for that. */
  heal(): boolean {
    if (this.process === undefined || this.hasCrashed) return false;
    this.process.filesystem.failAt(Number.POSITIVE_INFINITY);
    for (let index = 0; index < PARTITIONS; index++) this.elect(index);
    return true;
  }

  get hasCrashed(): boolean {
    return this.process?.filesystem.hasCrashed === true;
  }

  /** The process is gone; its disk stays as it is. */
  kill(): void {
    const { process } = this;
    if (process === undefined) return;
    this.note(() => "is killed");
    this.compareLoaded();
    // What was not yet safe may be lost with the power; what was done when it crashed may be done, or not.
    if (this.options.failure !== "power" && !this.hasCrashed) {
      for (let index = 0; index < PARTITIONS; index++) this.#expect(process, index);
    } else this.#expected.clear();
    this.process = undefined;
    for (const link of [...this.#links]) this.close(link);
    this.#disk = process.die();
    for (const gone of [...this.#gone]) gone();
  }

  /** A copy of what the next process would find. */
  diskCopy(): MemoryFilesystem {
    return this.process?.filesystem.afterwards() ?? this.#disk;
  }

  // ---- moves

  resign(index: number): void {
    const { process } = this;
    if (process === undefined || process.leaders[index] === undefined) return;
    this.compareLoaded();
    this.#expect(process, index);
    this.note(() => `partition ${index} moves`);
    process.resign(index);
    this.moves++;
  }

  elect(index: number): void {
    const { process } = this;
    if (process === undefined || process.leaders[index] !== undefined) return;
    process.elect(index, this.options.dice.between(0, BROKERS - 1));
    this.#compareWhenLoaded(process);
  }

  #compareWhenLoaded(process: BrokerProcess): void {
    if (process !== this.process) return;
    try {
      this.compareLoaded();
    } catch (error) {
      this.failure ??= error;
      return;
    }
    if ([...this.#expected.values()].some((expected) => expected.process === process))
      this.options.scheduler.after(1, () => this.#compareWhenLoaded(process));
  }

  #expect(process: BrokerProcess, index: number): void {
    const state = this.stateOf(index);
    if (state !== undefined) this.#expected.set(index, { process, stored: describeStored(state) });
  }

  /** Looks, before anything else is done, at what has just been loaded. */
  compareLoaded(): void {
    const { process } = this;
    for (const [index, expected] of this.#expected) {
      const state = this.stateOf(index);
      if (expected.process !== process || state === undefined) continue;
      this.#expected.delete(index);
      const stored = describeStored(state);
      if (stored !== expected.stored) throw new Error(`partition ${index} is loaded as ${stored}; it was ${expected.stored}`);
    }
  }

  coordinatorOf(groupId: string): GroupCoordinator | undefined {
    const leader = this.process?.leaders[partitionFor(groupId, PARTITIONS)];
    return leader === undefined ? undefined : this.process?.coordinators[leader];
  }

  stateOf(index: number): GroupState | undefined {
    const leader = this.process?.leaders[index];
    if (leader === undefined) return undefined;
    return this.process?.coordinators[leader]?.parts.runtime.shard(index)?.state;
  }

  groupOf(groupId: string) {
    return this.stateOf(partitionFor(groupId, PARTITIONS))?.consumerGroup(groupId);
  }

  // ---- topics

  changeTopics(change: (topics: Topics) => void, name: string): void {
    this.compareLoaded();
    const isThere = this.topics.view.idOf(name) !== undefined;
    change(this.topics);
    this.note(() => `${name} has ${this.topics.view.partitionCount(name)} partitions`);
    for (const coordinator of this.process?.coordinators ?? []) {
      coordinator.topicsChanged([name]);
      if (isThere && this.topics.view.idOf(name) === undefined) coordinator.topicsDeleted([name]);
    }
  }

  // ---- the network

  /** To the broker that coordinates the group, as far as the client knows. */
  connect(groupId: string): Link {
    const leader = this.process?.leaders[partitionFor(groupId, PARTITIONS)];
    const broker = leader === undefined || this.options.dice.chance(0.03) ? this.options.dice.between(0, BROKERS - 1) : leader;
    const link: Link = { connection: new TestConnection(), process: this.process, broker, closedAtMs: undefined };
    if (link.process === undefined) link.closedAtMs = this.nowMs;
    else this.#links.add(link);
    return link;
  }

  close(link: Link): void {
    if (link.closedAtMs !== undefined) return;
    link.closedAtMs = this.nowMs;
    this.#links.delete(link);
    link.connection.close();
  }

  /** Rejects with NoAnswer, and the connection is then closed. */
  async call<Q extends Shape, R extends Shape>(link: Link, sent: Sent<Q, R>): Promise<Decoded<R>> {
    const { scheduler, dice } = this.options;
    try {
      if (link.closedAtMs !== undefined) throw new NoAnswer();
      const isLost = dice.chance((this.lossChance / 2) * (sent.lossFactor ?? 1));
      await scheduler.sleep(dice.between(0, 3));
      if (isLost) {
        if (sent.mayBeLate !== undefined && dice.chance(0.7)) this.#serveLate(link, sent, sent.mayBeLate);
        throw new NoAnswer();
      }
      if (link.closedAtMs !== undefined) throw new NoAnswer();
      const answer = await this.#serve(link, sent);
      await scheduler.sleep(dice.chance(this.lossChance) ? dice.between(0, 3000) : dice.between(0, 3));
      if (dice.chance(this.lossChance / 2) || link.closedAtMs !== undefined) throw new NoAnswer();
      return answer;
    } catch (error) {
      if (error instanceof NoAnswer) this.close(link);
      throw error;
    }
  }

  #serveLate<Q extends Shape, R extends Shape>(link: Link, sent: Sent<Q, R>, mayBeLate: () => boolean): void {
    const { scheduler, dice } = this.options;
    scheduler.after(dice.pick([5, 100, 1000, 8000]), () => {
      if (mayBeLate()) this.#serve({ ...link, process: this.process, closedAtMs: this.nowMs, isLate: true }, sent).catch(ignoreNoAnswer);
    });
  }

  async #serve<Q extends Shape, R extends Shape>(
    link: Link,
    { request, version, body, arrived, decided, handled }: Sent<Q, R>,
  ): Promise<Decoded<R>> {
    const { process } = link;
    const coordinator = process?.coordinators[link.broker];
    if (process === undefined || process !== this.process || coordinator === undefined) throw new NoAnswer();
    this.compareLoaded();
    arrived?.();
    const context = { apiVersion: version, clientId: "client", clientHost: "/127.0.0.1", connection: link.connection, access: EVERYTHING };
    const reply = request.handle(coordinator.parts, throughWire(request.api.request, version, body), context);
    decided?.();
    const value = reply instanceof Promise ? await this.#whileAlive(reply) : reply;
    // A process that has crashed says no more.
    if (process.isDead || process.filesystem.hasCrashed) throw new NoAnswer();
    const answer = throughWire(request.api.response, version, value);
    handled?.(answer, link);
    return answer;
  }

  #whileAlive<T>(reply: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const gone = () => {
        this.#gone.delete(gone);
        reject(new NoAnswer());
      };
      this.#gone.add(gone);
      reply.then(resolve, reject).finally(() => this.#gone.delete(gone));
    });
  }
}

function ignoreNoAnswer(error: unknown): void {
  if (!(error instanceof NoAnswer)) throw error;
}

export function throughWire<S extends Shape>(message: Message<S>, version: number, value: Encodable<S>): Decoded<S> {
  const writer = new Writer();
  message.codec(version).write(writer, value);
  return message.codec(version).read(new Reader(Buffer.concat(writer.finish())));
}

function copyAll(from: MemoryFilesystem, to: MemoryFilesystem, path: string): void {
  for (const name of from.list(path)) {
    const child = `${path}/${name}`;
    if (from.stat(child)?.isDirectory === true) {
      to.makeDirectory(child);
      copyAll(from, to, child);
    } else to.replaceFile(child, from.readFile(child));
  }
}
