// A worker thread: one broker with an engine of its own on the data folder that the main thread has opened. It ends when it is told to
// stop; what goes wrong is told to the main thread.

import { isMainThread, type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { Logger } from "../base/logger.ts";
import { nodeFilesystem } from "../base/node-filesystem.ts";
import { Broker } from "../broker/broker.ts";
import { SharedLogs } from "../cluster/shared-logs.ts";
import { type BrokerConfig, brokerConfig } from "../config/broker-config.ts";
import { sharesOf } from "../config/memory-shares.ts";
import type { ClosedShare } from "../log/folder-share.ts";
import { openSegmentedEngine, type SegmentedEngine } from "../log/segmented-engine.ts";
import { type FromWorker, type ToWorker, WORKER_MARK, type WorkerOrder } from "./messages.ts";
import { RemoteMetadataStore } from "./remote-metadata-store.ts";
import { sentError } from "./sent-error.ts";
import { sendingLogger } from "./sent-log.ts";

/** `undefined` in every thread but those that WorkerThread started. */
export function workerPort(): MessagePort | undefined {
  return !isMainThread && workerData === WORKER_MARK && parentPort !== null ? parentPort : undefined;
}

export function runWorker(port: MessagePort): void {
  const send = (message: FromWorker) => port.postMessage(message);
  let thread: WorkerBroker | undefined;
  port.on("message", (message: ToWorker) => {
    switch (message.type) {
      case "start":
        try {
          thread = new WorkerBroker(message.order, send);
        } catch (error) {
          send({ type: "failed", error: sentError(error) });
          return;
        }
        thread.start().then(
          (bootstrapServers) => send({ type: "started", bootstrapServers }),
          (error: unknown) => send({ type: "failed", error: sentError(error) }),
        );
        return;
      case "answer":
        thread?.store.answered(message.id, message.answer);
        return;
      case "unit":
        surely(
          (thread?.store.take(message.step, message.unit) ?? Promise.resolve()).then(() =>
            send({ type: "done", step: message.step, version: message.unit.version }),
          ),
        );
        return;
      case "stop":
        surely(
          (thread?.stop() ?? Promise.resolve({ isSound: true, complete: new Map() })).then((closed) => {
            send({ type: "stopped", closed });
            port.close();
          }),
        );
        return;
    }
  });
}

/** What must not fail ends the thread, which ends the process: the main thread sees to that. */
function surely(promise: Promise<void>): void {
  promise.catch((error: unknown) => {
    process.nextTick(() => {
      throw error;
    });
  });
}

/** What a process may have, all of its threads together. */
const OPEN_FILES = 1024;
const INDEX_BYTES = 32 * 1024 * 1024;

class WorkerBroker {
  readonly store: RemoteMetadataStore;
  readonly #order: WorkerOrder;
  readonly #config: BrokerConfig;
  readonly #logger: Logger;
  readonly #engine: SegmentedEngine;
  #broker: Broker | undefined;

  /** Throws SettingError, StorageError. */
  constructor(order: WorkerOrder, send: (message: FromWorker) => void) {
    const { directory, share, version, threadCount } = order;
    this.#order = order;
    this.#config = brokerConfig(order.sources);
    this.#logger = sendingLogger(order.logLevel, (line) => send({ type: "logged", line }));
    const shares = sharesOf(this.#config, threadCount);
    this.#engine = openSegmentedEngine({
      filesystem: nodeFilesystem,
      directory,
      brokerId: this.#config["node.id"],
      logger: this.#logger.child({ component: "log" }),
      producerIdExpirationMs: () => (this.#broker?.services.config ?? this.#config)["producer.id.expiration.ms"],
      openFiles: Math.ceil(OPEN_FILES / threadCount),
      indexBytes: shares?.indexes ?? Math.ceil(INDEX_BYTES / threadCount),
      ...(shares === undefined ? {} : { tailBytes: shares.tails }),
      share,
    });
    this.store = new RemoteMetadataStore({
      ask: (id, question) => send({ type: "question", id, question }),
      version,
      closedLogs: () => this.#engine.handOver(),
    });
  }

  /** Gives the address. Rejects as Broker.start does. */
  async start(): Promise<string> {
    const { host, port, share, threadCount, issued } = this.#order;
    const { clusterId } = share;
    const logs = new SharedLogs(this.#engine);
    const { store: metadata } = this;
    this.#broker = await Broker.start({
      config: this.#config,
      clusterId,
      logs,
      metadata,
      host,
      port,
      logger: this.#logger,
      isWorker: true,
      ...(issued === undefined ? {} : { issued }),
      threadCount,
    });
    this.#engine.started();
    return this.#broker.bootstrapServers;
  }

  async stop(): Promise<ClosedShare> {
    await this.#broker?.stop();
    await this.store.close();
    await this.#engine.close();
    return this.#engine.closedShare;
  }
}
