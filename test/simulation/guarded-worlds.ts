// The simulations that have guards to be taken out (guards.ts), and how a history of each is run. Nothing of a world is loaded before that.

import { GUARDS as FAULTS_GUARDS } from "../faults/guard-list.ts";
import type { Guard } from "../guards/guard.ts";
import { GUARDS as ENGINE_GUARDS } from "./diskless/guard-list.ts";
import { GUARDS as GROUPS_GUARDS } from "./groups/guard-list.ts";
import { GUARDS as SHARES_GUARDS } from "./shares/guard-list.ts";
import { GUARDS as UPKEEP_GUARDS } from "./upkeep/guard-list.ts";

export interface GuardedWorld {
  readonly name: string;
  readonly guards: readonly Guard[];
  /** Gives what runs a history, and throws when something does not hold in it. */
  readonly load: (guard: Guard) => Promise<(seed: number) => Promise<unknown>>;
}

export const WORLDS: readonly GuardedWorld[] = [
  {
    name: "engine",
    guards: ENGINE_GUARDS,
    load: async () => (await import("./diskless/history.ts")).runDisklessHistory,
  },
  { name: "upkeep", guards: UPKEEP_GUARDS, load: async () => (await import("./upkeep/history.ts")).runUpkeepHistory },
  { name: "groups", guards: GROUPS_GUARDS, load: async () => (await import("./groups/groups-history.ts")).runGroupsHistory },
  { name: "shares", guards: SHARES_GUARDS, load: async () => (await import("./shares/shares-history.ts")).runSharesHistory },
  { name: "faults", guards: FAULTS_GUARDS, load: async ({ where }) => (await import("../faults/history.ts")).faultHistories(where) },
];
