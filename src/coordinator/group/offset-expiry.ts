// Which committed offsets, and with them which groups, are no longer kept (offsets.retention.minutes).
//
// The offsets of a group without members expire together, counted from when the last member left. Offsets of topics that an active
// group of consumers no longer subscribes to, and those of groups that only hold offsets, expire each by its own commit time. A commit
// that brought a retention time (OffsetCommit versions 2 to 4) has it its own way. Nothing of an active group's topics expires.

import type { ClassicGroup } from "./classic/classic-group.ts";
import { topicsOf } from "./classic/group-subscription.ts";
import type { CommittedOffsets } from "./committed-offsets.ts";
import { CONSUMER_PROTOCOL_TYPE } from "./consumer-subscription.ts";
import type { Group } from "./group.ts";
import type { GroupEnvironment } from "./group-environment.ts";
import type { CommittedOffset, GroupRecord } from "./group-record.ts";

const MINUTE_MS = 60_000;
const NO_TIMESTAMP = -1;

/** The groups of a partition of __consumer_offsets, with what they have committed. */
export interface Committing {
  groups(): Iterable<Group>;
  readonly offsets: CommittedOffsets;
  readonly environment: GroupEnvironment;
}

/** Tombstones for all that has expired by now. */
export function expireGroups(state: Committing): GroupRecord[] {
  const records: GroupRecord[] = [];
  for (const group of state.groups()) {
    const expired = expiredOffsets(state, group);
    records.push(...expired.records);
    if (expired.isAll && group.isUnused) records.push(...group.tombstones());
  }
  return records;
}

function expiredOffsets(state: Committing, group: Group): { readonly records: GroupRecord[]; readonly isAll: boolean } {
  const { groupId } = group;
  const records: GroupRecord[] = [];
  const since = group.kind === "classic" ? expiryBase(group) : byCommit;
  const { clock, settings } = state.environment;
  const retentionMs = settings["offsets.retention.minutes"] * MINUTE_MS;
  const hasExpired = (committed: CommittedOffset) =>
    since !== undefined &&
    (committed.expireTimestampMs === undefined
      ? clock.now() - since(committed) >= retentionMs
      : clock.now() >= committed.expireTimestampMs);
  const isSubscribed = group.subscription();
  let isAll = !state.offsets.hasUnstable(groupId);
  for (const [topic, partitions] of state.offsets.ofGroup(groupId) ?? []) {
    const isKept = isSubscribed(topic);
    for (const [partition, committed] of partitions) {
      if (!isKept && hasExpired(committed) && !state.offsets.isUnstable(groupId, topic, partition)) {
        records.push({ type: "offset", groupId, topic, partition, committed: null });
      } else isAll = false;
    }
  }
  return { records, isAll };
}

/** From when on the retention of an offset counts; `undefined` while nothing of the group expires. */
function expiryBase(group: ClassicGroup): ((committed: CommittedOffset) => number) | undefined {
  if (group.protocolType === null) return byCommit;
  if (group.isEmpty) return group.stateTimestampMs === NO_TIMESTAMP ? byCommit : () => group.stateTimestampMs;
  return group.state === "Stable" && group.protocolType === CONSUMER_PROTOCOL_TYPE && topicsOf(group) !== undefined ? byCommit : undefined;
}

function byCommit({ commitTimestampMs }: CommittedOffset): number {
  return commitTimestampMs;
}
