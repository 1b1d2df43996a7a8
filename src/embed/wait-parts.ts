// What waits, and the explanations of those that fail, look at.

import type { Clock } from "../base/clock.ts";
import type { RunningNode } from "../node.ts";
import type { GroupKit } from "./group-kit.ts";
import type { Observer } from "./observer.ts";
import type { TopicKit } from "./topic-kit.ts";

export interface WaitParts {
  readonly node: RunningNode;
  readonly clock: Clock;
  readonly topics: TopicKit;
  readonly groups: GroupKit;
  readonly observer: Observer;
}
