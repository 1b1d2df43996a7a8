// Guards of which a test shows that they are needed.

import type { TestedGuard } from "./guard.ts";
import { HOSTILE_GUARDS } from "./hostile.ts";
import { LIMIT_GUARDS } from "./limits.ts";
import { LOG_GUARDS } from "./log.ts";
import { OLD_CLIENT_GUARDS } from "./old-clients.ts";

export const TESTED_GUARDS: readonly TestedGuard[] = [...LIMIT_GUARDS, ...HOSTILE_GUARDS, ...LOG_GUARDS, ...OLD_CLIENT_GUARDS];
