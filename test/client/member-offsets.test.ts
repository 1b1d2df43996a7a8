// What a coordinator answers about offsets of topics that were deleted meanwhile.

import { expect, test } from "vitest";
import { Errors } from "../../protocol/errors.ts";
import type { CoordinatorLink } from "../../src/client/coordinator-link.ts";
import { storedOffsets } from "../../src/client/member-offsets.ts";

const ID = "AAAAAAAAAAAAAAAAAAAAAQ";
const BY = { groupId: "g", memberId: "m", instanceId: null, generationIdOrMemberEpoch: 1, topicIds: new Map([["t", ID]]) };

function answering(errorCode: number): CoordinatorLink {
  const partitions = [{ partitionIndex: 0, committedOffset: -1, committedLeaderEpoch: -1, errorCode }];
  const answer = { groups: [{ errorCode: Errors.NONE, topics: [{ name: "", topicId: ID, partitions }] }] };
  return { newestOf: async () => 10, send: async () => answer } as unknown as CoordinatorLink;
}

test("nothing is stored of a topic that is gone, for which nobody waits", async () => {
  expect(await storedOffsets(answering(Errors.UNKNOWN_TOPIC_ID), BY, [{ topic: "t", partition: 0 }])).toEqual([]);
});

test("what may pass is told", async () => {
  const asked = storedOffsets(answering(Errors.UNSTABLE_OFFSET_COMMIT), BY, [{ topic: "t", partition: 0 }]);
  await expect(asked).rejects.toMatchObject({ errorCode: Errors.UNSTABLE_OFFSET_COMMIT });
});
