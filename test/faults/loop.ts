// A fault loop: something that is begun again and again from the same, each time with another fault, and looked at afterwards.

import type { SettingInputs } from "../../src/config/broker-config.ts";
import type { FailureKind } from "../support/failing-filesystem.ts";

/** What holds after the fault. */
export interface Promises {
  /** What was acknowledged is on the disk, or the disk has lost nothing. */
  readonly isDurable: boolean;
  /** Records that were deleted stay so: where they begin is not synced at once. */
  readonly keepsDeletions: boolean;
  /** Below a log's end there is always something to read. */
  readonly isWithoutHoles: boolean;
}

/** How the disk fails. */
export interface Mode {
  readonly name: string;
  readonly title: string;
  readonly kind: FailureKind;
  /** How many operations fail, one after another, before the disk works again. */
  readonly count: number;
  /** The process is killed when the client has heard of a failure. */
  readonly endsProcess?: boolean;
  readonly settings: SettingInputs;
  readonly promises: Promises;
}

const FLUSHED = { "log.flush.interval.messages": 1 };
const KEPT: Promises = { isDurable: true, keepsDeletions: true, isWithoutHoles: true };

export const CRASH: Mode = { name: "crash", title: "the process is killed", kind: "crash", count: 1, settings: {}, promises: KEPT };
export const POWER: Mode = {
  name: "power",
  title: "the power fails, with flush.messages=1",
  kind: "power",
  count: 1,
  settings: FLUSHED,
  promises: { isDurable: true, keepsDeletions: false, isWithoutHoles: false },
};

export const MODES: readonly Mode[] = [
  CRASH,
  POWER,
  {
    name: "power-unflushed",
    title: "the power fails, with nothing flushed at once",
    kind: "power",
    count: 1,
    settings: {},
    promises: { isDurable: false, keepsDeletions: false, isWithoutHoles: false },
  },
  { name: "fail", title: "the disk refuses once", kind: "fail", count: 1, settings: {}, promises: KEPT },
  {
    name: "fail-killed",
    title: "the disk refuses once, and the process is killed when the client has heard of it",
    kind: "fail",
    count: 1,
    endsProcess: true,
    settings: {},
    promises: KEPT,
  },
  { name: "full", title: "the disk is full for a while", kind: "fail", count: 25, settings: {}, promises: KEPT },
  {
    name: "fail-flushed",
    title: "the disk refuses three times, with flush.messages=1",
    kind: "fail",
    count: 3,
    settings: FLUSHED,
    promises: KEPT,
  },
  { name: "descriptors", title: "there are no descriptors for a while", kind: "descriptors", count: 5, settings: {}, promises: KEPT },
  { name: "reads", title: "reading fails for a while", kind: "reads", count: 3, settings: {}, promises: KEPT },
];

export interface Loop {
  readonly name: string;
  readonly title: string;
  readonly modes: readonly Mode[];
  /** Makes what each run begins with. */
  readonly prepare: (mode: Mode) => Promise<Runs>;
}

export interface Runs {
  /** How many faults there are: operations of the disk, or damages. */
  count(): Promise<number>;
  /** With the n-th fault, from 1. The seed decides what a power failure takes. Rejects when something does not hold. */
  run(fault: number, seed: number): Promise<void>;
}
