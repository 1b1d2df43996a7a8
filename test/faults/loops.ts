// All fault loops, by name.

import type { Loop } from "./loop.ts";
import { loopOf } from "./run.ts";
import { SCENARIOS } from "./scenarios.ts";
import { SHARED_FOLDER } from "./shared-folder.ts";

export const LOOPS: readonly Loop[] = [...SCENARIOS.map(loopOf), SHARED_FOLDER];
