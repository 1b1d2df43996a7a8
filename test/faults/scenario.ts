// A scenario of the fault loops: what a broker does while its disk fails.

import type { SettingInputs } from "../../src/config/broker-config.ts";
import type { Life } from "./life.ts";

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly settings?: SettingInputs;
  /** What is there before, made on a disk that works. */
  readonly prepare?: (life: Life) => Promise<void>;
  /** How the broker before this one ended: in order unless given. */
  readonly isKilledBefore?: boolean;
  /** The disk may fail from the broker's start on. */
  readonly failsFromStart?: boolean;
  /** And while it stops, in order. */
  readonly stops?: boolean;
  readonly live: (life: Life) => Promise<void>;
}
