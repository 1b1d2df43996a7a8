// In which processes the tasks of a group are, in each role: assigned, or not given up yet. An active task is in one, by the record that was
// written last; of the others there may be several, and of one process several members.

import type { StreamsProgress } from "./streams-member.ts";
import { type HeldByRole, type Tasks, taskKey, withoutEpochs } from "./tasks.ts";

type Passive = "standby" | "warmup";

export class TaskHolders {
  readonly #active = new Map<string, string>();
  readonly #passive: Readonly<Record<Passive, Map<string, string[]>>> = { standby: new Map(), warmup: new Map() };

  hold({ assigned, pendingRevocation }: StreamsProgress, processId: string): void {
    for (const held of [assigned, pendingRevocation]) this.#change(held, processId, true);
  }

  release({ assigned, pendingRevocation }: StreamsProgress, processId: string): void {
    for (const held of [assigned, pendingRevocation]) this.#change(held, processId, false);
  }

  /** The process in which it is active. */
  activeIn(subtopologyId: string, partition: number): string | undefined {
    return this.#active.get(taskKey({ subtopologyId, partition }));
  }

  /** As a standby or to be warmed up. */
  isPassiveIn(processId: string, subtopologyId: string, partition: number): boolean {
    const key = taskKey({ subtopologyId, partition });
    return [this.#passive.standby, this.#passive.warmup].some((processes) => processes.get(key)?.includes(processId) === true);
  }

  #change(held: HeldByRole, processId: string, isHeld: boolean): void {
    for (const key of keysOf(withoutEpochs(held.active))) {
      if (isHeld) this.#active.set(key, processId);
      else if (this.#active.get(key) === processId) this.#active.delete(key);
    }
    for (const role of ["standby", "warmup"] as const) {
      const processes = this.#passive[role];
      for (const key of keysOf(held[role])) {
        const known = processes.get(key) ?? [];
        const at = known.indexOf(processId);
        const next = isHeld ? [...known, processId] : at === -1 ? known : known.toSpliced(at, 1);
        if (next.length === 0) processes.delete(key);
        else processes.set(key, next);
      }
    }
  }
}

function* keysOf(tasks: Tasks): Generator<string> {
  for (const [subtopologyId, partitions] of tasks) for (const partition of partitions) yield taskKey({ subtopologyId, partition });
}
