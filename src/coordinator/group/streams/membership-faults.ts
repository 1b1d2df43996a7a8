// Why a member of a streams group is not, or no longer, heard, in Kafka's words, which clients show.

import { Errors } from "../../../../protocol/errors.ts";
import type { Refusal } from "../../../cluster/refusal.ts";
import type { ConfiguredSubtopology } from "./configured-topology.ts";
import type { StreamsMemberView } from "./streams-member.ts";
import { type HeldByRole, type Tasks, type TasksByRole, withoutEpochs } from "./tasks.ts";

/** A member that comes again with epoch 0 is welcome. One whose last answer was lost may go on with the epoch before. */
export function checkEpoch({ progress }: StreamsMemberView, epoch: number, owned: TasksByRole | null): Refusal | undefined {
  if (epoch === 0) return undefined;
  if (epoch > progress.epoch) return fenced("greater", epoch, progress.epoch);
  if (epoch < progress.epoch && (epoch !== progress.previousEpoch || !isPart(owned, progress.assigned)))
    return fenced("smaller", epoch, progress.epoch);
  return undefined;
}

function fenced(than: "greater" | "smaller", epoch: number, known: number): Refusal {
  const message =
    `The streams group member has a ${than} member epoch (${epoch}) than the one known by the group coordinator (${known}). ` +
    "The member must abandon all its partitions and rejoin.";
  return { error: Errors.FENCED_MEMBER_EPOCH, message };
}

function isPart(owned: TasksByRole | null, held: HeldByRole): boolean {
  if (owned === null) return false;
  const isAmong = (tasks: Tasks, all: Tasks) =>
    [...tasks].every(([subtopologyId, partitions]) =>
      partitions.every((partition) => all.get(subtopologyId)?.includes(partition) === true),
    );
  return isAmong(owned.active, withoutEpochs(held.active)) && isAmong(owned.standby, held.standby) && isAmong(owned.warmup, held.warmup);
}

/** Tasks that the topology does not have. */
export function taskFault(subtopologies: ReadonlyMap<string, ConfiguredSubtopology>, owned: TasksByRole): Refusal | undefined {
  for (const tasks of [owned.active, owned.standby, owned.warmup]) {
    for (const [subtopologyId, partitions] of tasks) {
      const subtopology = subtopologies.get(subtopologyId);
      if (subtopology === undefined) return invalid(`Subtopology ${subtopologyId} does not exist in the topology.`);
      const beyond = partitions.find((partition) => partition < 0 || partition >= subtopology.taskCount);
      if (beyond !== undefined)
        return invalid(
          `Task ${beyond} for subtopology ${subtopologyId} is invalid. Number of tasks for this subtopology: ${subtopology.taskCount}`,
        );
    }
  }
  return undefined;
}

function invalid(message: string): Refusal {
  return { error: Errors.INVALID_REQUEST, message };
}

export function unknownMember(memberId: string, groupId: string): Refusal {
  return { error: Errors.UNKNOWN_MEMBER_ID, message: `Member ${memberId} is not a member of group ${groupId}.` };
}
