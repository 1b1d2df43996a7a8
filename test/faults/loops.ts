// All fault loops, by name.

import { CORRUPTION, CORRUPTION_KILLED } from "./corruption.ts";
import type { Loop } from "./loop.ts";
import { loopOf } from "./run.ts";
import { SCENARIOS } from "./scenarios.ts";
import { SHARED_FOLDER } from "./shared-folder.ts";

export const LOOPS: readonly Loop[] = [...SCENARIOS.map(loopOf), SHARED_FOLDER, CORRUPTION, CORRUPTION_KILLED];
