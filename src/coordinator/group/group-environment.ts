// What the rules of groups work with besides a group.

import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/logger.ts";
import type { Random } from "../../base/random.ts";
import type { ShareStatePersister } from "../share/share-state-persister.ts";
import type { GroupSettings, OwnGroupSettings } from "./group-settings.ts";
import type { RebalanceTimeline } from "./rebalance-timeline.ts";
import type { TopicHashes } from "./topic-hashes.ts";
import type { TopicsView } from "./topics-view.ts";

export interface GroupEnvironment {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly settings: GroupSettings;
  /** What holds for one group, at the moment. */
  readonly groupSettings: (groupId: string) => OwnGroupSettings;
  readonly topics: TopicsView;
  readonly topicHashes: TopicHashes;
  /** Where the state of share partitions is kept. */
  readonly shareStates: ShareStatePersister;
  readonly timeline: RebalanceTimeline;
}
