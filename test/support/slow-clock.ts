// A clock on which everything takes long: whoever works in slices gives others their turn after every step.

import type { Clock } from "../../src/base/clock.ts";
import { VirtualClock } from "../../src/base/virtual-clock.ts";

const STEP_MS = 100;

export class SlowClock extends VirtualClock implements Clock {
  #passedMs = 0;

  override now(): number {
    this.#passedMs += STEP_MS;
    return super.now() + this.#passedMs;
  }

  soon(action: () => void): { cancel(): void } {
    const handle = setImmediate(action);
    return { cancel: () => clearImmediate(handle) };
  }
}
