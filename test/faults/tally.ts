// Runs a loop through, with every fault or some of them, and counts what did not hold.

import type { Loop, Mode } from "./loop.ts";

export interface Failure {
  readonly fault: number;
  /** Of the error and of what caused it. */
  readonly message: string;
}

export interface Tally {
  readonly loop: string;
  readonly mode: string;
  /** That there are. */
  readonly faults: number;
  readonly runs: number;
  readonly failures: readonly Failure[];
  readonly tookMs: number;
}

export interface Amount {
  readonly seed: number;
  /** One in so many faults. */
  readonly every: number;
}

export async function runAll(loop: Loop, mode: Mode, { seed, every }: Amount): Promise<Tally> {
  const began = performance.now();
  const failures: Failure[] = [];
  let faults = 0;
  let runs = 0;
  const hold = async (fault: number, action: () => Promise<void>) => {
    runs++;
    try {
      await action();
    } catch (error) {
      failures.push({ fault, message: messageOf(error) });
    }
  };
  await hold(0, async () => {
    const prepared = await loop.prepare(mode);
    faults = await prepared.count();
    for (let fault = 1 + (seed % every); fault <= faults; fault += every) await hold(fault, () => prepared.run(fault, seed));
  });
  return { loop: loop.name, mode: mode.name, faults, runs, failures, tookMs: performance.now() - began };
}

export function messageOf(error: unknown): string {
  const messages: string[] = [];
  for (let each = error; each instanceof Error; each = each.cause) if (!messages.includes(each.message)) messages.push(each.message);
  return messages.length === 0 ? String(error) : messages.join("; ");
}

/** Faults by what they led to, which numbers in the message make no difference to. */
export function causesOf(failures: readonly Failure[]): Map<string, number[]> {
  const byKind = new Map<string, { readonly message: string; readonly faults: number[] }>();
  for (const { fault, message } of failures) {
    const kind = message.replaceAll(/\d+/g, "#");
    const known = byKind.get(kind) ?? { message, faults: [] };
    known.faults.push(fault);
    byKind.set(kind, known);
  }
  return new Map([...byKind.values()].map(({ message, faults }) => [message, faults]));
}
