// Runs at the limits, by name, with how many each is about.

import { manyConnections } from "./connections.ts";
import { fasterThanDisk } from "./disk.ts";
import { manyGroups } from "./groups.ts";
import type { LimitFigures, LimitOptions } from "./limit-run.ts";
import { boundedMemory } from "./memory.ts";
import { millions } from "./millions.ts";
import { manyPartitions } from "./partitions.ts";

type Run = (options: LimitOptions, count: number) => Promise<Record<string, LimitFigures>>;

export const LIMITS: Readonly<Record<string, readonly [run: Run, count: number]>> = {
  connections: [manyConnections, 10_000],
  /** Producers. */
  disk: [fasterThanDisk, 20],
  groups: [manyGroups, 100_000],
  partitions: [manyPartitions, 10_000],
  /** MiB. */
  memory: [boundedMemory, 256],
  request: [millions, 1_000_000],
};
