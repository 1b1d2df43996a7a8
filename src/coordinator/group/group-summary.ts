// A group as whoever runs the broker sees it, whatever its kind.

import type { Group } from "./group.ts";

export interface TopicPartitions {
  readonly topic: string;
  /** Sorted. */
  readonly partitions: readonly number[];
}

export interface SubtopologyTasks {
  readonly subtopology: string;
  /** Sorted. */
  readonly partitions: readonly number[];
}

export interface TaskSummary {
  readonly active: readonly SubtopologyTasks[];
  readonly standby: readonly SubtopologyTasks[];
  readonly warmup: readonly SubtopologyTasks[];
}

export interface MemberSummary {
  readonly memberId: string;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  readonly clientId: string;
  /** As "/127.0.0.1". */
  readonly clientHost: string;
  /** What the member itself speaks. */
  readonly protocol: "classic" | "consumer" | "share" | "streams";
  /** Of a member of the classic protocol the generation. */
  readonly epoch: number;
  readonly subscription: {
    /** By name. */
    readonly topics: readonly string[];
    /** Topics that the expression stands for come on top. */
    readonly regex: string | null;
    /** The topics that it stands for at the moment. */
    readonly matched: readonly string[];
  };
  /** What it has; topics that are gone are not shown. */
  readonly assignment: readonly TopicPartitions[];
  /** What it is to have. */
  readonly target: readonly TopicPartitions[];
  /** Of a member of a streams group: its tasks, of which the active ones read the partitions above. */
  readonly tasks?: { readonly assigned: TaskSummary; readonly target: TaskSummary };
}

export interface GroupSummary {
  readonly kind: Group["kind"];
  readonly state: Group["state"];
  /** Rises with every change that asks for another assignment; of a classic group the generation. */
  readonly epoch: number;
  /** Of the epoch for which it was last decided who is to have what. */
  readonly targetEpoch: number;
  /** "" where members have not agreed on one, or will not have the broker know. */
  readonly assignor: string;
  readonly members: readonly MemberSummary[];
}
