// The coordinator of a group, which a broker that has just started does not have at once.

import { Errors, errorName } from "../../protocol/errors.ts";
import * as messages from "../../protocol/messages/index.ts";
import type { FrameSocket } from "./frame-socket.ts";
import { pause } from "./pause.ts";

export const RETRY_MS = 20;

/** The coordinator is not there yet, or reads its log. */
export const NOT_YET: readonly number[] = [
  Errors.COORDINATOR_LOAD_IN_PROGRESS,
  Errors.COORDINATOR_NOT_AVAILABLE,
  Errors.NOT_COORDINATOR,
  Errors.UNKNOWN_TOPIC_OR_PARTITION,
];

/** Waits until the coordinator of the group is there: the first question of all makes its topic. */
export async function findCoordinator(socket: FrameSocket, groupId: string): Promise<void> {
  for (;;) {
    const { errorCode } = await socket.call(messages.findCoordinator, 2, { key: groupId });
    if (errorCode === Errors.NONE) return;
    if (!NOT_YET.includes(errorCode)) throw new Error(`FindCoordinator was answered with ${errorName(errorCode)}`);
    await pause(RETRY_MS);
  }
}
