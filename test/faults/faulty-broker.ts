// A whole broker in this process over a filesystem that is given, on a clock that stands still until it is moved, and one client of it. Every
// request is answered, or the disk has crashed: then nothing counts any more that the broker says.

import type { Decoded, Encodable, Shape } from "../../protocol/schema/field.ts";
import type { Api } from "../../protocol/schema/message.ts";
import type { Filesystem } from "../../src/base/filesystem.ts";
import { type Logger, silentLogger } from "../../src/base/logger.ts";
import { randomFrom } from "../../src/base/random.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";
import { brokerConfig, type SettingInputs } from "../../src/config/broker-config.ts";
import { openNode, type RunningNode } from "../../src/node.ts";
import { Dice } from "../simulation/scheduler.ts";
import { Crashed } from "../support/failing-filesystem.ts";
import { RawClient } from "../support/raw-client.ts";

export const FOLDER = "/data";
const CLUSTER_ID = "ZmF1bHRzLWluLWEtbG9vcA";
const SETTINGS = {
  "offsets.topic.num.partitions": 1,
  "transaction.state.log.num.partitions": 1,
  "share.coordinator.state.topic.num.partitions": 1,
  "log.cleaner.backoff.ms": 1000,
  "log.retention.check.interval.ms": 5000,
  "log.initial.task.delay.ms": 5000,
  "transaction.abort.timed.out.transaction.cleanup.interval.ms": 10_000_000,
  "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "super.users": "User:ANONYMOUS",
} satisfies SettingInputs;
/** An answer that takes more turns of the event loop than this takes time, too. */
const TURNS_WITHOUT_TIME = 40;
const MOST_TURNS = 8000;

export interface FaultyBrokerOptions {
  readonly filesystem: Filesystem;
  readonly seed: number;
  readonly startMs: number;
  readonly settings?: SettingInputs;
  readonly logger?: Logger;
  /** Whether the disk has crashed. */
  readonly hasCrashed?: () => boolean;
  /** Whether the process is gone before anything else happens. */
  readonly isKilled?: () => boolean;
}

export class FaultyBroker {
  readonly clock: VirtualClock;
  readonly node: RunningNode;
  readonly #client: RawClient;
  readonly #hasCrashed: () => boolean;
  readonly #isKilled: () => boolean;

  private constructor(clock: VirtualClock, node: RunningNode, client: RawClient, options: FaultyBrokerOptions) {
    this.clock = clock;
    this.node = node;
    this.#client = client;
    this.#hasCrashed = options.hasCrashed ?? (() => false);
    this.#isKilled = options.isKilled ?? (() => false);
  }

  static async start(options: FaultyBrokerOptions): Promise<FaultyBroker> {
    const { filesystem, seed, startMs, settings = {}, logger = silentLogger } = options;
    const clock = new VirtualClock(startMs);
    const dice = new Dice(seed);
    const random = randomFrom((target) => {
      for (let index = 0; index < target.length; index++) target[index] = dice.between(0, 255);
    });
    const config = brokerConfig({ argument: { ...SETTINGS, ...settings } });
    const place = { config, host: "127.0.0.1", port: 0, data: FOLDER, topics: [], clusterId: CLUSTER_ID };
    const node = await openNode({ ...place, clock, random, filesystem, logger });
    return new FaultyBroker(clock, node, await RawClient.connect(node.broker.port), options);
  }

  /** The answer. Rejects with Crashed when the disk has crashed by then. */
  async ask<Q extends Shape, R extends Shape>(api: Api<Q, R>, version: number, body: Encodable<Q>): Promise<Decoded<R>> {
    const [answer] = await this.askAll(api, version, [body]);
    if (answer === undefined) throw new Error(`the broker closed the connection at ${api.name}`);
    return answer;
  }

  /** Requests that are sent together; the answers in their order. */
  async askAll<Q extends Shape, R extends Shape>(
    api: Api<Q, R>,
    version: number,
    bodies: readonly Encodable<Q>[],
  ): Promise<(Decoded<R> | undefined)[]> {
    if (this.#isKilled()) throw new Crashed();
    const answering = Promise.all(bodies.map((body) => this.#client.call(api, version, body)));
    return this.settled(answering, api.name);
  }

  /** What something comes to that the broker does. Rejects with Crashed when the disk has crashed by then. */
  async settled<Result>(doing: Promise<Result>, what = "a change"): Promise<Result> {
    let isDone = false;
    const done = doing.finally(() => {
      isDone = true;
    });
    done.catch(() => undefined);
    // What it waits for may come with time.
    for (let turn = 0; !isDone && !this.#hasCrashed() && turn < MOST_TURNS; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (turn % TURNS_WITHOUT_TIME === TURNS_WITHOUT_TIME - 1) await this.clock.advance(50);
    }
    if (this.#hasCrashed()) throw new Crashed();
    if (!isDone) throw new Error(`${what} is not answered`);
    return done;
  }

  /** Lets time pass, and what is planned for it happen. */
  async pass(ms: number): Promise<void> {
    if (this.#isKilled()) throw new Crashed();
    await this.clock.advance(ms);
    // Compaction and flushes take turns of their own.
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
    if (this.#hasCrashed()) throw new Crashed();
  }

  /** In order. */
  async stop(): Promise<void> {
    this.#client.close();
    await this.node.stop();
  }

  /** Whose disk has crashed, or is a copy that nobody looks at any more. */
  async discard(): Promise<void> {
    this.#client.close();
    const stopped = this.node.stop().catch(() => undefined);
    for (let turn = 0, isStopped = false; !isStopped && turn < 200; turn++) {
      await Promise.race([stopped.then(() => (isStopped = true)), new Promise((resolve) => setImmediate(resolve))]);
    }
  }
}
