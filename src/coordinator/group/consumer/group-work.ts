// What operations on groups of the consumer protocol set going besides their records.

import type { ClassicGroup } from "../classic/classic-group.ts";
import type { ConsumerGroup } from "./consumer-group.ts";

export interface GroupWork {
  /** The group as it is once the records are applied. */
  readonly groupNow: (groupId: string) => ConsumerGroup | undefined;
  /** The same, when it has gone over to the classic protocol. */
  readonly classicGroupNow: (groupId: string) => ClassicGroup | undefined;
  /** Beside everything else, in slices. */
  readonly computeTargets: (groupId: string) => void;
  /** Somebody may be waited for from now on. */
  readonly watchDisconnected: (groupId: string) => void;
}
