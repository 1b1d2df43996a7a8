// Brokers of a file's own, which its scenarios share: fresh, with nothing on them that other files left.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { type BrokerName, type BrokerUnderTest, CACHE, type RunningBroker, startBroker } from "./broker-under-test.ts";
import { isDisklessRun, stopDisklessServices } from "./diskless-storage.ts";

/** From Odradek's port to that of the one over PostgreSQL and an object store. */
const DISKLESS_AFTER = 4;

export interface OwnBrokersOptions {
  /** Of their data folders. */
  readonly title: string;
  /** Kafka's takes the next one, too. */
  readonly ports: Readonly<Record<BrokerName, number>>;
  readonly settings?: Readonly<Record<string, string>>;
}

export class OwnBrokers {
  readonly #options: OwnBrokersOptions;
  readonly #running = new Map<string, Promise<RunningBroker>>();

  constructor(options: OwnBrokersOptions) {
    this.#options = options;
  }

  /** The file's own one of the kind. */
  of({ name, isDiskless }: Pick<BrokerUnderTest, "name" | "isDiskless">): Promise<RunningBroker> {
    const key = isDiskless ? `${name}-diskless` : name;
    const running = this.#running.get(key) ?? this.#start(key, name, isDiskless);
    this.#running.set(key, running);
    return running;
  }

  async stop(): Promise<void> {
    for (const running of this.#running.values()) await (await running).stop();
    if (this.#running.has("odradek-diskless") && !isDisklessRun()) await stopDisklessServices();
  }

  async #start(key: string, name: BrokerName, isDiskless: boolean): Promise<RunningBroker> {
    const { title, ports, settings = {} } = this.#options;
    const dataFolder = join(CACHE, "data", `${key}-${title}`);
    rmSync(dataFolder, { recursive: true, force: true });
    return startBroker(name, { port: ports[name] + (isDiskless ? DISKLESS_AFTER : 0), dataFolder, settings, isDiskless });
  }
}
