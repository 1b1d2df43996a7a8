// Ways to bring a group into a state.

import { expect } from "vitest";
import type { Ask, GroupBench } from "./group-bench.ts";
import { settle } from "./group-bench.ts";

type JoinBody = Parameters<GroupBench["join"]>[0];

export interface TestMember {
  readonly memberId: string;
  readonly body: NonNullable<JoinBody>;
  readonly ask: Ask;
}

/** Joins without the round trip for an id (version 3), or with it. */
export async function startJoin(bench: GroupBench, body: JoinBody = {}, ask: Ask = { version: 3 }) {
  if ((ask.version ?? 9) < 4 || (body?.groupInstanceId ?? null) !== null) return bench.join(body, ask);
  const first = await bench.join(body, ask).done;
  return bench.join({ ...body, memberId: first.memberId }, ask);
}

/** All join at once; the first is the leader. Everyone has synced when it returns; a member's assignment is its index. */
export async function stableGroup(bench: GroupBench, bodies: readonly JoinBody[], ask: Ask = { version: 3 }): Promise<TestMember[]> {
  const answers = [];
  for (const body of bodies) answers.push(await startJoin(bench, body, ask));
  await settle(bench);
  const members = answers.map((answer, index): TestMember => {
    expect(answer.value).toMatchObject({ errorCode: 0 });
    return { memberId: answer.value?.memberId ?? "", body: bodies[index] ?? {}, ask };
  });
  await syncAll(bench, members, answers[0]?.value?.generationId ?? -1);
  return members;
}

/** The last syncs are the leader's. */
export async function syncAll(bench: GroupBench, members: readonly TestMember[], generationId: number): Promise<void> {
  const assignments = members.map(({ memberId }, index) => ({ memberId, assignment: Buffer.from(String(index)) }));
  const answers = members.toReversed().map((member, index, { length }) => {
    const isLeader = index === length - 1;
    const groupInstanceId = member.body.groupInstanceId ?? null;
    const { groupId = "g" } = member.body;
    return bench.sync(
      { groupId, memberId: member.memberId, generationId, groupInstanceId, assignments: isLeader ? assignments : [] },
      { ...member.ask, version: 3 },
    );
  });
  await settle(bench);
  for (const answer of answers) expect(answer.value).toMatchObject({ errorCode: 0 });
}

export function beat(bench: GroupBench, { memberId, body, ask }: TestMember, generationId: number): number | undefined {
  const { groupId = "g", groupInstanceId = null } = body;
  return bench.heartbeat({ groupId, memberId, generationId, groupInstanceId }, { ...ask, version: 3 }).value?.errorCode;
}

export function rejoin(bench: GroupBench, { memberId, body, ask }: TestMember) {
  return bench.join({ ...body, memberId }, ask);
}

export async function stateOf(bench: GroupBench, groupId = "g"): Promise<string | undefined> {
  return (await bench.describe([groupId]).done).groups[0]?.groupState;
}
