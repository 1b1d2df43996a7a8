// What the main thread and a worker thread say to each other: control only, never records. Everything here can be cloned.
//
//   main                         worker
//   start                        opens its engine, joins the cluster
//                                started, or failed
//   unit coming                  gives up what other brokers will lead
//                                done
//   unit applied                 takes the unit in
//                                done
//                                question: load, or commit
//   answer
//                                logged
//   stop                         closes all
//                                stopped

import type { UnfilteredLogger } from "../base/logger.ts";
import type { IssuedStores } from "../broker/issuing.ts";
import type { Change } from "../cluster/image.ts";
import type { ConfigSources } from "../config/broker-config.ts";
import type { ClosedShare, EngineShare } from "../log/folder-share.ts";
import type { Unit, UnitStep } from "../storage/unit-listeners.ts";
import type { SentError } from "./sent-error.ts";
import type { LogLine } from "./sent-log.ts";

/** What worker threads of ours are started with, to tell them from others. */
export const WORKER_MARK = "odradek worker";

/** What a worker thread starts with. */
export interface WorkerOrder {
  readonly sources: ConfigSources;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly directory: string;
  readonly share: EngineShare;
  /** Of the metadata, as it was when this was sent. */
  readonly version: number;
  readonly logLevel: UnfilteredLogger["level"];
  readonly issued?: IssuedStores;
  /** Threads that share the memory and the files which a process may have. */
  readonly threadCount: number;
}

export type ToWorker =
  | { readonly type: "start"; readonly order: WorkerOrder }
  | { readonly type: "unit"; readonly step: UnitStep; readonly unit: Unit<Change> }
  | { readonly type: "answer"; readonly id: number; readonly answer: Answer }
  | { readonly type: "stop" };

export type Answer =
  | { readonly kind: "loaded"; readonly changes: readonly Change[]; readonly version: number }
  | { readonly kind: "committed"; readonly isStored: boolean }
  | { readonly kind: "failed"; readonly error: SentError };

export type Question =
  | { readonly kind: "load" }
  | { readonly kind: "commit"; readonly changes: readonly Change[]; readonly expectedVersion: number };

export type FromWorker =
  | { readonly type: "started"; readonly bootstrapServers: string }
  | { readonly type: "failed"; readonly error: SentError }
  | { readonly type: "question"; readonly id: number; readonly question: Question }
  | { readonly type: "done"; readonly step: UnitStep; readonly version: number }
  | { readonly type: "logged"; readonly line: LogLine }
  | { readonly type: "stopped"; readonly closed: ClosedShare };
