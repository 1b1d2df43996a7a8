// Why a member is not, or no longer, heard: the epochs and ids that do not fit (KIP-848, KIP-345), in Kafka's words, which clients show.

import { Errors } from "../../../../protocol/errors.ts";
import type { Refusal } from "../../../cluster/refusal.ts";
import { type HeldPartitions, MemberStates, type MemberView } from "./consumer-member.ts";
import type { OwnedPartitions } from "./reconcile.ts";

/** A member that comes again with epoch 0 is welcome. One whose last answer was lost may go on with the epoch before. */
export function checkEpoch(
  { progress }: MemberView,
  said: { readonly epoch: number; readonly owned: OwnedPartitions | null },
): Refusal | undefined {
  const { epoch, owned } = said;
  if (epoch === 0) return undefined;
  if (epoch > progress.epoch) return fenced("greater", epoch, progress.epoch);
  if (epoch < progress.epoch && (epoch !== progress.previousEpoch || !isSubset(owned, progress.assigned)))
    return fenced("smaller", epoch, progress.epoch);
  if (progress.state !== MemberStates.UNKNOWN || owned?.length === 0) return undefined;
  const message = "The consumer group member is in a unknown state. The member must abandon all its partitions and rejoin.";
  return { error: Errors.FENCED_MEMBER_EPOCH, message };
}

function fenced(than: "greater" | "smaller", epoch: number, known: number): Refusal {
  const message =
    `The consumer group member has a ${than} member epoch (${epoch}) than the one known by the group coordinator (${known}). ` +
    "The member must abandon all its partitions and rejoin.";
  return { error: Errors.FENCED_MEMBER_EPOCH, message };
}

function isSubset(owned: OwnedPartitions | null, held: HeldPartitions): boolean {
  return owned?.every(({ topicId, partitions }) => partitions.every((partition) => held.get(topicId)?.has(partition))) === true;
}

export function unknownMember(memberId: string, groupId: string): Refusal {
  return { error: Errors.UNKNOWN_MEMBER_ID, message: `Member ${memberId} is not a member of group ${groupId}.` };
}

export function unknownInstance(instanceId: string): Refusal {
  return { error: Errors.UNKNOWN_MEMBER_ID, message: `Instance id ${instanceId} is unknown.` };
}

export function fencedInstance(memberId: string, instanceId: string, owner: string): Refusal {
  const message = `Static member ${memberId} with instance id ${instanceId} was fenced by member ${owner}.`;
  return { error: Errors.FENCED_INSTANCE_ID, message };
}

export function unreleasedInstance(memberId: string, instanceId: string, owner: string): Refusal {
  const message = `Static member ${memberId} with instance id ${instanceId} cannot join the group because the instance id is owned by ${owner} member.`;
  return { error: Errors.UNRELEASED_INSTANCE_ID, message };
}
