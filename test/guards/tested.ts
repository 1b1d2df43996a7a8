// Guards of which a test shows that they are needed.

import type { Guard } from "../simulation/guard.ts";
import { LIMIT_GUARDS } from "./limits.ts";
import { OLD_CLIENT_GUARDS } from "./old-clients.ts";

export interface TestedGuard extends Guard {
  /** Files of tests, of which one fails without it. */
  readonly tests: readonly string[];
}

export const TESTED_GUARDS: readonly TestedGuard[] = [...LIMIT_GUARDS, ...OLD_CLIENT_GUARDS];
