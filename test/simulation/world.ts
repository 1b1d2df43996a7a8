// A broker on a disk that may crash at any operation, and a network that loses connections. The broker is the real one, but for sockets:
// requests go through its dispatcher as frames.

import { decodeResponse, encodeRequest } from "../../protocol/headers.ts";
import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import { handlers } from "../../src/api/index.ts";
import { MemoryFilesystem } from "../../src/base/memory-filesystem.ts";
import { randomFrom } from "../../src/base/random.ts";
import { GROUP_OFFSETS_TOPIC, TRANSACTION_STATE_TOPIC } from "../../src/cluster/topic-name.ts";
import { brokerConfig, type SettingInputs } from "../../src/config/broker-config.ts";
import { openNode, type RunningNode } from "../../src/node.ts";
import { AnswerInTurn } from "../../src/server/answers-in-turn.ts";
import type { AnswerFrame, Connection } from "../../src/server/connection.ts";
import { dispatcher } from "../../src/server/dispatch.ts";
import { type Interceptor, Interceptors } from "../../src/server/interceptors.ts";
import { Usage } from "../../src/server/usage.ts";
import { FailingFilesystem, type FailureKind } from "../support/failing-filesystem.ts";
import { type Dice, MortalClock, type Scheduler } from "./scheduler.ts";

export interface WorldOptions {
  readonly scheduler: Scheduler;
  readonly dice: Dice;
  readonly failure: FailureKind;
  readonly partitionCount: number;
  /** Of losing the connection at a request or an answer. */
  readonly lossChance: number;
  readonly settings?: SettingInputs;
  /** Made with the first start, beside those of offsets and transactions. */
  readonly internalTopics?: readonly string[];
  /** Sees what each broker answers. */
  readonly interceptor?: Interceptor;
}

export const TOPIC = "orders";
const FOLDER = "/data";

/** The connection is gone; whether the request was served, nobody knows. */
export class Disconnected extends Error {}

interface Life {
  readonly node: RunningNode;
  readonly answer: AnswerFrame;
  readonly filesystem: FailingFilesystem;
  readonly clock: MortalClock;
}

export class World {
  readonly options: WorldOptions;
  #disk = new MemoryFilesystem();
  #life: Life | undefined;
  lives = 0;
  readonly connections = new Set<SimulatedConnection>();

  constructor(options: WorldOptions) {
    this.options = options;
  }

  get life(): Life | undefined {
    return this.#life;
  }

  /** Starts the broker on what the last one left; tries again when it crashes while it starts. */
  async start({ isSafe = false } = {}): Promise<void> {
    const { dice, failure } = this.options;
    for (;;) {
      this.lives++;
      const filesystem = new FailingFilesystem(this.#disk, failure, Number.POSITIVE_INFINITY);
      if (this.lives > 1 && !isSafe && dice.chance(0.2)) filesystem.failAt(filesystem.operationCount + dice.between(1, 60));
      const clock = new MortalClock(this.options.scheduler);
      try {
        this.#life = await this.#begin(filesystem, clock);
        return;
      } catch (error) {
        clock.die();
        if (failure !== "fail" && !filesystem.hasCrashed) throw error;
        this.#disk = filesystem.afterwards();
      }
    }
  }

  async #begin(filesystem: FailingFilesystem, clock: MortalClock): Promise<Life> {
    const { dice, failure, partitionCount } = this.options;
    const settings = {
      listeners: "CONTROLLER://:9093",
      "controller.listener.names": "CONTROLLER",
      "offsets.topic.num.partitions": 2,
      "transaction.state.log.num.partitions": 2,
      "transaction.abort.timed.out.transaction.cleanup.interval.ms": 500,
      "log.segment.bytes": 1024 * 1024,
      ...(failure === "power" ? { "log.flush.interval.messages": 1 } : {}),
      ...this.options.settings,
    };
    const node = await openNode({
      config: brokerConfig({ argument: settings }),
      host: "",
      port: 0,
      data: FOLDER,
      topics: [{ name: TOPIC, partitions: partitionCount }],
      clock,
      random: randomFrom((target) => {
        for (let index = 0; index < target.length; index++) target[index] = dice.between(0, 255);
      }),
      filesystem,
    });
    // Without a listener nobody asks for a coordinator, which would make them.
    const { cluster, topics } = node.broker.services;
    for (const topic of [GROUP_OFFSETS_TOPIC, TRANSACTION_STATE_TOPIC, ...(this.options.internalTopics ?? [])]) {
      if (!cluster.image.topicsByName.has(topic)) await topics.autoCreate(topic);
    }
    const interceptors = new Interceptors();
    if (this.options.interceptor !== undefined) interceptors.add(this.options.interceptor);
    return { node, answer: dispatcher(handlers, node.broker.services, interceptors), filesystem, clock };
  }

  /** From now on the disk fails at one of the next operations. */
  planCrash(withinOperations: number): void {
    const { filesystem } = this.#life ?? {};
    filesystem?.failAt(filesystem.operationCount + this.options.dice.between(1, withinOperations));
  }

  /** The process is gone; its disk stays as it is. */
  kill(): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#life = undefined;
    life.clock.die();
    for (const connection of this.connections) connection.break();
    this.connections.clear();
    this.#disk = life.filesystem.afterwards();
    // Whatever it still has in its hands must not reach the disk that the next one finds: that is a copy.
    life.filesystem.failAt(life.filesystem.operationCount + 1);
  }

  get hasCrashed(): boolean {
    return this.#life?.filesystem.hasCrashed === true;
  }
}

/** One client's connection: requests are served one after another, in order. */
export class SimulatedConnection {
  readonly #world: World;
  #correlationId = 0;
  #isBroken = false;
  #last: Promise<unknown> = Promise.resolve();
  readonly #life: Life | undefined;
  readonly #closeListeners = new Set<() => void>();
  #sentListeners: (() => void)[] = [];
  readonly #connection: Connection;

  constructor(world: World) {
    this.#world = world;
    this.#life = world.life;
    world.connections.add(this);
    const own = this;
    this.#connection = {
      usage: new Usage(0),
      listenerName: "PLAINTEXT",
      remoteAddress: "127.0.0.1",
      localAddress: "127.0.0.1",
      localPort: 9092,
      remotePort: 0,
      clientSoftware: "",
      get isClosed() {
        return own.#isBroken;
      },
      onClose: (listener: () => void) => {
        this.#closeListeners.add(listener);
        return () => this.#closeListeners.delete(listener);
      },
      reserve: () => undefined,
      whenSent: (listener: () => void) => {
        this.#sentListeners.push(listener);
      },
    } as unknown as Connection;
  }

  get isBroken(): boolean {
    return this.#isBroken || this.#life === undefined || this.#life !== this.#world.life;
  }

  break(): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#world.connections.delete(this);
    for (const listener of [...this.#closeListeners]) listener();
  }

  /** Rejects with Disconnected; what was sent may then still arrive, unless `isNeverLate`. */
  call<Q extends Shape, R extends Shape>(api: Api<Q, R>, version: number, body: Encodable<Q>, isNeverLate: boolean): Promise<Decoded<R>> {
    const frame = Buffer.concat(
      encodeRequest(api, version, { correlationId: ++this.#correlationId, clientId: "simulated" }, body),
    ).subarray(4);
    const answering = this.#last.then(() => this.#carry(frame, isNeverLate));
    this.#last = answering.catch(() => undefined);
    return answering.then((answer) => decodeResponse(api, version, answer).body);
  }

  async #carry(frame: Buffer, isNeverLate: boolean): Promise<Buffer> {
    const { scheduler, dice, lossChance } = this.#world.options;
    if (this.isBroken) throw new Disconnected();
    const isLostBefore = dice.chance(lossChance / 2);
    const isLate = dice.chance(0.2) && !isNeverLate;
    await scheduler.sleep(dice.between(0, 2));
    if (this.isBroken) throw new Disconnected();
    if (isLostBefore) {
      // The client has given up, but what it sent may still be on its way.
      if (isLate) scheduler.after(dice.between(0, 50), () => void this.#serve(frame).catch(() => undefined));
      this.break();
      throw new Disconnected();
    }
    const answer = await this.#serve(frame);
    await scheduler.sleep(dice.between(0, 2));
    if (dice.chance(lossChance / 2)) this.break();
    if (this.isBroken) throw new Disconnected();
    return answer;
  }

  async #serve(frame: Buffer): Promise<Buffer> {
    const life = this.#life;
    if (life === undefined || life !== this.#world.life) throw new Disconnected();
    // A process that is gone answers nothing, also to what it was about to.
    const gone = new Promise<never>((_, reject) => this.#closeListeners.add(() => reject(new Disconnected())));
    gone.catch(() => undefined);
    const isThere = () => life === this.#world.life && !life.filesystem.hasCrashed;
    try {
      const given = await Promise.race([Promise.resolve().then(() => life.answer(Buffer.from(frame), this.#connection)), gone]);
      const answer = given instanceof AnswerInTurn ? await Promise.race([given.answered, gone]) : given;
      if (answer === undefined || typeof answer === "function" || !isThere()) throw new Disconnected();
      const sent = Buffer.concat(answer).subarray(4);
      // The memory that the answer was in may be used again from here on.
      for (const listener of this.#sentListeners.splice(0)) listener();
      return sent;
    } catch (error) {
      this.break();
      throw new Disconnected("no answer", { cause: error });
    }
  }
}

/** A client: it connects again when its connection is broken. */
export class Client {
  readonly world: World;
  #connection: SimulatedConnection | undefined;

  constructor(world: World) {
    this.world = world;
  }

  /** Rejects with Disconnected; then the next call has a new connection. */
  async call<Q extends Shape, R extends Shape>(
    api: Api<Q, R>,
    version: number,
    body: Encodable<Q>,
    isNeverLate = false,
  ): Promise<Decoded<R>> {
    this.#connection = this.#connection === undefined || this.#connection.isBroken ? new SimulatedConnection(this.world) : this.#connection;
    return this.#connection.call(api, version, body, isNeverLate);
  }
}
