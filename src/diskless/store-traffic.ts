// What a process has asked of the object store, for whoever wants to know what that costs. It is told in parts of about ten minutes, each again
// and again with what it has come to, under an id of its own: telling twice counts once, and what was not told in time is in the next telling.

import { type Clock, monotonicMs } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { StoreCounts } from "./patient-store.ts";

/** Attempts, whatever became of them, and bytes that arrived. */
export interface StoreTraffic {
  readonly putCount: number;
  readonly getCount: number;
  readonly listCount: number;
  readonly deleteCount: number;
  readonly putBytes: number;
  readonly gotBytes: number;
}

/** Up to when it is told. */
export interface TrafficPart extends StoreTraffic {
  readonly id: string;
  readonly spanMs: number;
}

export interface TrafficMeterOptions {
  readonly counts: () => StoreCounts;
  readonly clock: Clock;
  readonly random: Random;
}

const PART_MS = 10 * 60_000;

export class TrafficMeter {
  readonly #options: TrafficMeterOptions;
  #id: string;
  #sinceMs: number;
  #before: StoreTraffic = { putCount: 0, getCount: 0, listCount: 0, deleteCount: 0, putBytes: 0, gotBytes: 0 };

  /** Of what is asked from now on. */
  constructor(options: TrafficMeterOptions) {
    this.#options = options;
    this.#id = options.random.uuid();
    this.#sinceMs = monotonicMs(options.clock);
  }

  /** Rejects with what `send` rejects with. */
  async tell(send: (part: TrafficPart) => Promise<void>): Promise<void> {
    const id = this.#id;
    const nowMs = monotonicMs(this.#options.clock);
    const traffic = trafficOf(this.#options.counts());
    await send({ id, spanMs: Math.round(nowMs - this.#sinceMs), ...difference(traffic, this.#before) });
    if (nowMs - this.#sinceMs < PART_MS || id !== this.#id) return;
    this.#id = this.#options.random.uuid();
    this.#sinceMs = nowMs;
    this.#before = traffic;
  }
}

function trafficOf({ requests, putBytes, gotBytes }: StoreCounts): StoreTraffic {
  const { put, get, list, delete: deleted } = requests;
  return { putCount: put, getCount: get, listCount: list, deleteCount: deleted, putBytes, gotBytes };
}

function difference(now: StoreTraffic, before: StoreTraffic): StoreTraffic {
  return {
    putCount: now.putCount - before.putCount,
    getCount: now.getCount - before.getCount,
    listCount: now.listCount - before.listCount,
    deleteCount: now.deleteCount - before.deleteCount,
    putBytes: now.putBytes - before.putBytes,
    gotBytes: now.gotBytes - before.gotBytes,
  };
}
