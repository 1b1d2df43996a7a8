// What the requests of groups are served with.

import type { Clock } from "../../../base/clock.ts";
import type { CoordinatorRuntime } from "../../runtime.ts";
import type { GroupRecord } from "../group-record.ts";
import type { GroupSettings } from "../group-settings.ts";
import type { GroupState } from "../group-state.ts";
import type { TopicsView } from "../topics-view.ts";

export interface RequestParts {
  readonly runtime: CoordinatorRuntime<GroupState, GroupRecord>;
  readonly clock: Clock;
  readonly settings: GroupSettings;
  readonly topics: TopicsView;
  readonly partitionFor: (groupId: string) => number;
}
