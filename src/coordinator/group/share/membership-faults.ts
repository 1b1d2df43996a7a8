// Why a member of a share group is not, or no longer, heard, in Kafka's words, which clients show.

import { Errors } from "../../../../protocol/errors.ts";
import type { Refusal } from "../../../cluster/refusal.ts";
import type { Group } from "../group.ts";
import type { ShareMemberView } from "./share-member.ts";

/** A member that comes again with epoch 0 is welcome. One whose last answer was lost may go on with the epoch before. */
export function checkShareEpoch({ progress }: ShareMemberView, epoch: number): Refusal | undefined {
  const { epoch: known, previousEpoch } = progress;
  if (epoch === 0 || epoch === known || epoch === previousEpoch) return undefined;
  const [than, why] = epoch > known ? ["greater", ""] : ["smaller", `, and it does not match the previous member epoch (${previousEpoch})`];
  const message =
    `The share group member has a ${than} member epoch (${epoch}) than the one known by the group coordinator (${known})${why}. ` +
    "The member must abandon all its partitions and rejoin.";
  return { error: Errors.FENCED_MEMBER_EPOCH, message };
}

export function notAShareGroup(groupId: string, group: Group | undefined): Refusal {
  const message = group === undefined ? `Group ${groupId} not found.` : `Group ${groupId} is not a share group.`;
  return { error: Errors.GROUP_ID_NOT_FOUND, message };
}

export function shareGroupIsFull(largest: number): Refusal {
  const message = `The share group has reached its maximum capacity of ${largest} members.`;
  return { error: Errors.GROUP_MAX_SIZE_REACHED, message };
}
