// Brokers of a file's own, a fresh one of each kind, which can be stopped or killed and go on with their data.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { type BrokerName, type BrokerUnderTest, CACHE, type RunningBroker, type StartOptions, startBroker } from "./broker-under-test.ts";
import type { OwnBrokersOptions } from "./own-brokers.ts";

export class RestartableBrokers {
  readonly #options: OwnBrokersOptions;
  readonly #running = new Map<BrokerName, Promise<RunningBroker>>();

  constructor(options: OwnBrokersOptions) {
    this.#options = options;
  }

  of({ name }: Pick<BrokerUnderTest, "name">): Promise<RunningBroker> {
    const running = this.#running.get(name) ?? this.#start(name);
    this.#running.set(name, running);
    return running;
  }

  /** Resolves when it listens again. */
  async restart({ name }: Pick<BrokerUnderTest, "name">, end: "stop" | "kill"): Promise<void> {
    const running = await this.#running.get(name);
    await running?.[end]();
    const again = startBroker(name, this.#startOptions(name));
    this.#running.set(name, again);
    await again;
  }

  async stop(): Promise<void> {
    for (const running of this.#running.values()) await (await running).stop();
  }

  #start(name: BrokerName): Promise<RunningBroker> {
    rmSync(this.#startOptions(name).dataFolder, { recursive: true, force: true });
    return startBroker(name, this.#startOptions(name));
  }

  #startOptions(name: BrokerName): StartOptions {
    const { title, ports, settings = {} } = this.#options;
    return { port: ports[name], dataFolder: join(CACHE, "data", `${name}-${title}`), settings };
  }
}
