// Share groups in `odradek groups`: described by where they start in each partition, with what is still to be done, or by their members.

import { Errors } from "../../../../protocol/errors.ts";
import { type DescribedShareGroup, describeShareGroup, shareOffsets } from "../../../client/admin/share-groups.ts";
import type { Brokers } from "../../../client/brokers.ts";
import { Refusal } from "../../../client/refusal.ts";
import { comparePartitions, nameOf } from "../../../client/topic-partition.ts";
import type { Row } from "../table.ts";

/** `undefined` for a group of another kind, for one that is not there, and where brokers know of no share groups. */
export async function findShareGroup(brokers: Brokers, id: string): Promise<DescribedShareGroup | undefined> {
  const connection = await brokers.at(await brokers.coordinatorBroker(id));
  if (!connection.versions.has(SHARE_GROUP_DESCRIBE)) return undefined;
  try {
    return await describeShareGroup(brokers, id);
  } catch (error) {
    const isNone =
      error instanceof Refusal && [Errors.GROUP_ID_NOT_FOUND, Errors.UNSUPPORTED_VERSION].some((code) => code === error.errorCode);
    if (isNone) return undefined;
    throw error;
  }
}

const SHARE_GROUP_DESCRIBE = 77;

export function shareSummary({ id, state, members, epoch }: DescribedShareGroup): string {
  return `${id}: share, ${state}, ${members.length} member${members.length === 1 ? "" : "s"}, epoch ${epoch}`;
}

export function shareStateRow({ id, state, epoch, targetEpoch, members, coordinator }: DescribedShareGroup): Row {
  return { group: id, type: "share", state, members: members.length, epoch, targetEpoch, coordinator: coordinator.id };
}

export function shareMemberRows({ members }: DescribedShareGroup): Row[] {
  return members.map(({ id, clientId, host, assigned, epoch, subscribed }) => ({
    member: id,
    client: clientId,
    host,
    assigned: assigned.toSorted(comparePartitions).map(nameOf),
    epoch,
    topics: subscribed,
  }));
}

/** Where nobody has read yet, the start is not decided. */
export async function shareOffsetRows(brokers: Brokers, { id }: DescribedShareGroup): Promise<Row[]> {
  const offsets = await shareOffsets(brokers, id);
  return offsets
    .sort(comparePartitions)
    .map(({ topic, partition, start, lag }) => ({ topic, partition, start: start ?? null, lag: lag ?? null }));
}
