// The starts of a share group's partitions are set, or their state is removed (KIP-932): only while nobody is in the group. What is about to
// happen is stored first, then the share coordinator does it, then it is stored that it is done: a coordinator that takes over in between finds
// what is left to do.

import { Errors } from "../../../../protocol/errors.ts";
import { isRefusal, type Refusal } from "../../../cluster/refusal.ts";
import { answer, type Decision } from "../../decision.ts";
import type { GroupRecord, ShareRecord } from "../group-record.ts";
import type { RequestParts } from "../group-request.ts";
import type { GroupState } from "../group-state.ts";
import { notAShareGroup } from "./membership-faults.ts";
import { FIRST_EPOCH } from "./share-group.ts";
import { askForEach, nameOfShared } from "./share-states.ts";
import {
  allShared,
  NOTHING_SHARED,
  type SharedPartitions,
  type TopicsShared,
  withDeleting,
  withInitialized,
  withInitializing,
  withoutDeleting,
  withoutInitializing,
} from "./shared-partitions.ts";

export const GROUP_IS_NOT_EMPTY: Refusal = { error: Errors.NON_EMPTY_GROUP, message: "The group is not empty." };

/** By the names of `nameOfShared`. */
export type StartOffsets = ReadonlyMap<string, number>;

/**
 * Sets where the group begins to read partitions; a group that is not there is made. Gives by `nameOfShared` why it could not be done; else the
 * refusal of all.
 */
export async function alterShareOffsets(
  parts: RequestParts,
  groupId: string,
  topics: TopicsShared,
  starts: StartOffsets,
): Promise<ReadonlyMap<string, Refusal> | Refusal> {
  const begun = await write<{ readonly stateEpoch: number }>(parts, groupId, (state) => {
    const group = state.group(groupId);
    if (group !== undefined && group.kind !== "share") return answer(notAShareGroup(groupId, group));
    if (group?.isEmpty === false) return answer(GROUP_IS_NOT_EMPTY);
    const reply = { stateEpoch: group?.epoch ?? FIRST_EPOCH };
    if (topics.size === 0) return answer(reply);
    return changed(groupId, withInitializing(group?.partitions ?? NOTHING_SHARED, topics), reply);
  });
  if (isRefusal(begun)) return begun;
  const { done, failed, refusals } = await askForEach(groupId, topics, (key) =>
    parts.environment.shareStates.initialize(key, { ...begun, startOffset: starts.get(nameOfShared(key.topicId, key.partition)) ?? 0 }),
  );
  if (topics.size === 0) return refusals;
  const ended = await change(parts, groupId, (shared) => withoutInitializing(withInitialized(shared, done), failed));
  return ended === undefined ? refusals : ended;
}

export interface DeletedOffsets {
  /** Ids of topics of which nothing is stored any more. */
  readonly deleted: ReadonlySet<string>;
  /** Of topics that something is stored of still, by id. */
  readonly refusals: ReadonlyMap<string, Refusal>;
}

/** Removes the state of these topics' partitions; what comes of topics that the group has no state of is not told. @param topicIds of topics that exist */
export async function deleteShareOffsets(
  parts: RequestParts,
  groupId: string,
  topicIds: ReadonlySet<string>,
): Promise<DeletedOffsets | Refusal> {
  const partitions = await startDeleting(parts, groupId, (topicId) => topicIds.has(topicId));
  if (isRefusal(partitions)) return partitions;
  const { failed, refusals } = await askForEach(groupId, partitions, (key) => parts.environment.shareStates.delete(key));
  const deleted = new Set([...partitions.keys()].filter((topicId) => !failed.has(topicId)));
  const refusalsOfTopics = [...failed].map(
    ([
      topicId,
      {
        partitions: [first = 0],
      },
    ]) => [topicId, refusals.get(nameOfShared(topicId, first))] as const,
  );
  const ended = deleted.size === 0 ? undefined : await change(parts, groupId, (shared) => withoutDeleting(shared, deleted));
  return ended ?? { deleted, refusals: new Map(refusalsOfTopics.flatMap(([topicId, why]) => (why === undefined ? [] : [[topicId, why]]))) };
}

/** Removes all state of a group's partitions; `undefined` when it is done. The group itself stays. */
export async function deleteAllShareOffsets(parts: RequestParts, groupId: string): Promise<Refusal | undefined> {
  const partitions = await startDeleting(parts, groupId, () => true);
  if (isRefusal(partitions)) return partitions;
  const { refusals } = await askForEach(groupId, partitions, (key) => parts.environment.shareStates.delete(key));
  const [refusal] = refusals.values();
  return refusal;
}

/** Gives the partitions whose state is to be removed. */
function startDeleting(parts: RequestParts, groupId: string, isToGo: (topicId: string) => boolean): Promise<TopicsShared | Refusal> {
  const { topics } = parts;
  return write<TopicsShared>(parts, groupId, (state) => {
    const group = state.group(groupId);
    if (group?.kind !== "share") return answer(notAShareGroup(groupId, group));
    if (!group.isEmpty) return answer(GROUP_IS_NOT_EMPTY);
    const known = allShared(group.partitions, (topicId) => topics.partitionCountOf(topicId));
    const going = new Map([...known].filter(([topicId]) => isToGo(topicId)));
    const names = new Map([...going].map(([topicId, { name }]) => [topicId, name]));
    return changed(groupId, withDeleting(group.partitions, names), going);
  });
}

function changed<Reply>(groupId: string, partitions: SharedPartitions, reply: Reply): Decision<GroupRecord, Reply> {
  return { records: [{ type: "sharePartitions", groupId, partitions }], applied: () => reply };
}

async function write<Reply extends object>(
  { runtime, partitionFor }: RequestParts,
  groupId: string,
  operation: (state: GroupState) => Decision<GroupRecord, Reply | Refusal>,
): Promise<Reply | Refusal> {
  return await runtime.write<Reply | Refusal>(partitionFor(groupId), operation, (error) => ({ error, message: "" }));
}

/** `undefined` when it is stored, or the group is gone. */
async function change(
  parts: RequestParts,
  groupId: string,
  how: (shared: SharedPartitions) => SharedPartitions,
): Promise<Refusal | undefined> {
  return parts.runtime.write<Refusal | undefined>(
    parts.partitionFor(groupId),
    (state) => {
      const group = state.shareGroup(groupId);
      const records: ShareRecord[] = group === undefined ? [] : [{ type: "sharePartitions", groupId, partitions: how(group.partitions) }];
      return { records, applied: () => undefined };
    },
    (error) => ({ error, message: "" }),
  );
}
