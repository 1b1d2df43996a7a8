// The worker threads of a process: a broker each, beside the one of the main thread, over one data folder. They share nothing but the files,
// and no two of them have the same log open.

import type { Clock } from "../base/clock.ts";
import type { Logger } from "../base/logger.ts";
import type { IssuedStores } from "../broker/issuing.ts";
import type { ConfigSources } from "../config/broker-config.ts";
import type { ClosedShare } from "../log/folder-share.ts";
import type { SegmentedEngine } from "../log/segmented-engine.ts";
import type { PublishedMetadataStore } from "./published-metadata-store.ts";
import { WorkerThread } from "./worker-thread.ts";

/** A broker in a thread of its own. */
export interface WorkerPlace {
  /** Its node.id. */
  readonly id: number;
  readonly sources: ConfigSources;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

export interface WorkersOptions {
  /** The file that each thread runs: it asks workerPort whether it is one. */
  readonly script: string;
  readonly places: readonly WorkerPlace[];
}

export interface WorkersSurroundings {
  readonly store: PublishedMetadataStore;
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Workers {
  /** Settles when one of them ended although it was not told to. */
  readonly failure: Promise<Error>;
  readonly #surroundings: WorkersSurroundings;
  readonly #threads: readonly { readonly thread: WorkerThread; readonly place: WorkerPlace }[];
  #addresses: readonly string[] = [];

  /** The threads begin to load what they run. */
  constructor(options: WorkersOptions, surroundings: WorkersSurroundings) {
    this.#surroundings = surroundings;
    const { store, clock } = surroundings;
    const logger = surroundings.logger.unfiltered?.logger ?? surroundings.logger;
    this.#threads = options.places.map((place) => {
      const { id } = place;
      return {
        place,
        thread: new WorkerThread({ script: options.script, brokerId: id, store, clock, logger: logger.child({ broker: id }) }),
      };
    });
    this.failure = Promise.race(this.#threads.map(({ thread }) => thread.failure));
  }

  get ids(): readonly number[] {
    return this.#threads.map(({ place }) => place.id);
  }

  /** Of the brokers that have started. */
  get addresses(): readonly string[] {
    return this.#addresses;
  }

  /** Called once the main thread's broker runs. Rejects as Broker.start does, for the first that fails. */
  async start(engine: SegmentedEngine, issued: IssuedStores | undefined): Promise<void> {
    const { store, directory, logger } = this.#surroundings;
    const share = engine.share();
    const common = {
      directory,
      share,
      threadCount: this.#threads.length + 1,
      logLevel: levelOf(logger),
      ...(issued === undefined ? {} : { issued }),
    };
    this.#addresses = await Promise.all(
      this.#threads.map(({ thread, place: { sources, host, port } }) => {
        store.follow(thread);
        return thread.start({ ...common, sources, host, port, version: store.version });
      }),
    );
  }

  /** What each says of its logs; `undefined` of a thread that had ended before. */
  stop(): Promise<readonly (ClosedShare | undefined)[]> {
    return Promise.all(this.#threads.map(({ thread }) => thread.stop()));
  }
}

function levelOf(logger: Logger) {
  return logger.unfiltered?.level ?? (logger.isDebugging ? "debug" : "info");
}
