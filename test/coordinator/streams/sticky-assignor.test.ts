// The assignor of streams groups, on random groups: what holds whatever they look like, and what stays when little changes.

import fc from "fast-check";
import { expect, test } from "vitest";
import { assignSticky, type StickyInput, type StickyMember } from "../../../src/coordinator/group/streams/sticky-assignor.ts";
import { NOTHING, type Tasks, type TasksByRole } from "../../../src/coordinator/group/streams/tasks.ts";

type Subtopologies = StickyInput["subtopologies"];

const subtopologies: fc.Arbitrary<Subtopologies> = fc
  .array(fc.record({ taskCount: fc.integer({ min: 1, max: 9 }), isStateful: fc.boolean() }), { minLength: 1, maxLength: 4 })
  .map((all) => all.map((each, index) => ({ ...each, subtopologyId: `${index}` })));

/** By process: how many members it has. */
const processes = fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 5 });

function membersOf(counts: readonly number[]): StickyMember[] {
  return counts.flatMap((count, process) =>
    Array.from({ length: count }, (_, index) => ({ memberId: `m${process}-${index}`, processId: `p${process}`, current: NOTHING })),
  );
}

function following(members: readonly StickyMember[], assignment: ReadonlyMap<string, TasksByRole>): StickyMember[] {
  return members.map((member) => ({ ...member, current: assignment.get(member.memberId) ?? NOTHING }));
}

function namesIn(tasks: Tasks): string[] {
  return [...tasks].flatMap(([subtopologyId, partitions]) => partitions.map((partition) => `${subtopologyId}_${partition}`));
}

function allTasks(all: Subtopologies, isWanted = (_isStateful: boolean) => true): string[] {
  return all.flatMap(({ subtopologyId, taskCount, isStateful }) =>
    isWanted(isStateful) ? Array.from({ length: taskCount }, (_, partition) => `${subtopologyId}_${partition}`) : [],
  );
}

test("every task is active once, and no process has one twice", () => {
  fc.assert(
    fc.property(subtopologies, processes, fc.integer({ min: 0, max: 2 }), (all, counts, standbyCount) => {
      const members = membersOf(counts);
      const assignment = assignSticky({ members, subtopologies: all, standbyCount });
      const active = members.flatMap(({ memberId }) => namesIn(assignment.get(memberId)?.active ?? new Map()));
      expect(active.sort()).toEqual(allTasks(all).sort());
      const standbys = new Map<string, number>();
      for (const process of new Set(members.map(({ processId }) => processId))) {
        const own = members.filter(({ processId }) => processId === process).map(({ memberId }) => assignment.get(memberId) ?? NOTHING);
        const names = own.flatMap((tasks) => [...namesIn(tasks.active), ...namesIn(tasks.standby)]);
        expect(new Set(names).size).toBe(names.length);
        for (const name of own.flatMap(({ standby }) => namesIn(standby))) standbys.set(name, (standbys.get(name) ?? 0) + 1);
      }
      const wanted = Math.min(standbyCount, counts.length - 1);
      for (const name of allTasks(all, (isStateful) => isStateful)) expect(standbys.get(name) ?? 0).toBe(wanted);
      for (const name of allTasks(all, (isStateful) => !isStateful)) expect(standbys.get(name)).toBeUndefined();
    }),
  );
});

test("where processes are alike, members have as many active tasks as each other, or one more", () => {
  fc.assert(
    fc.property(subtopologies, fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 3 }), (all, processCount, each) => {
      const members = membersOf(Array.from({ length: processCount }, () => each));
      const assignment = assignSticky({ members, subtopologies: all, standbyCount: 0 });
      const counts = members.map(({ memberId }) => namesIn(assignment.get(memberId)?.active ?? new Map()).length);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }),
  );
});

test("nothing moves when nothing has changed", () => {
  fc.assert(
    fc.property(subtopologies, processes, (all, counts) => {
      const members = membersOf(counts);
      const first = assignSticky({ members, subtopologies: all, standbyCount: 0 });
      const second = assignSticky({ members: following(members, first), subtopologies: all, standbyCount: 0 });
      for (const { memberId } of members) expect(second.get(memberId)?.active).toEqual(first.get(memberId)?.active);
    }),
  );
});

test("who comes takes no more from the others than its part", () => {
  fc.assert(
    fc.property(subtopologies, fc.integer({ min: 1, max: 5 }), (all, processCount) => {
      const members = membersOf(Array.from({ length: processCount }, () => 1));
      const before = assignSticky({ members, subtopologies: all, standbyCount: 0 });
      const comer: StickyMember = { memberId: "new", processId: "new", current: NOTHING };
      const after = assignSticky({ members: [...following(members, before), comer], subtopologies: all, standbyCount: 0 });
      const part = Math.ceil(allTasks(all).length / (processCount + 1));
      for (const { memberId } of members) {
        const [had, has] = [before, after].map((of) => new Set(namesIn(of.get(memberId)?.active ?? new Map())));
        const kept = [...(had ?? [])].filter((name) => has?.has(name));
        expect(kept.length).toBeGreaterThanOrEqual(Math.min(part - 1, had?.size ?? 0));
      }
    }),
  );
});

test("a standby becomes the active one when that is gone", () => {
  const members = membersOf([1, 1, 1]);
  const input = { subtopologies: [{ subtopologyId: "0", taskCount: 6, isStateful: true }], standbyCount: 1 };
  const first = assignSticky({ ...input, members });
  const [gone, ...others] = following(members, first);
  const second = assignSticky({ ...input, members: others });
  for (const task of namesIn(gone?.current.active ?? new Map())) {
    const heir = others.find(({ memberId }) => namesIn(second.get(memberId)?.active ?? new Map()).includes(task));
    expect(namesIn(heir?.current.standby ?? new Map())).toContain(task);
  }
});
