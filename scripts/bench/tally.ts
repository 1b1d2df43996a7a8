// What a load generator counts, and what the broker and it itself cost meanwhile.

import { cpuSecondsOf } from "./process-accounts.ts";
import type { ReplayResult } from "./replay-order.ts";

/** What is counted over all connections. */
export class Tally {
  requests = 0;
  bytes = 0;
  readonly latenciesMs: number[] = [];
  readonly #pid: number | undefined;
  #startedMs = 0;
  #startRequests = 0;
  #startBytes = 0;
  #startBrokerCpu: number | undefined;
  #startOwnCpu = process.cpuUsage();

  constructor(pid: number | undefined) {
    this.#pid = pid;
    this.begin();
  }

  /** What came before does not count. */
  begin(): void {
    this.#startRequests = this.requests;
    this.#startBytes = this.bytes;
    this.latenciesMs.length = 0;
    this.#startBrokerCpu = this.#brokerCpu();
    this.#startOwnCpu = process.cpuUsage();
    this.#startedMs = performance.now();
  }

  end(): ReplayResult {
    const seconds = (performance.now() - this.#startedMs) / 1000;
    const own = process.cpuUsage(this.#startOwnCpu);
    const brokerCpu = this.#brokerCpu();
    const sorted = Float64Array.from(this.latenciesMs).sort();
    const at = (share: number) => Math.round((sorted[Math.floor(sorted.length * share)] ?? Number.NaN) * 1000);
    return {
      seconds,
      requests: this.requests - this.#startRequests,
      bytes: this.bytes - this.#startBytes,
      allBytes: this.bytes,
      p50Us: at(0.5),
      p99Us: at(0.99),
      ...(brokerCpu === undefined || this.#startBrokerCpu === undefined ? {} : { brokerCpuSeconds: brokerCpu - this.#startBrokerCpu }),
      clientShare: (own.user + own.system) / 1e6 / seconds,
    };
  }

  #brokerCpu(): number | undefined {
    return this.#pid === undefined ? undefined : cpuSecondsOf(this.#pid);
  }
}
