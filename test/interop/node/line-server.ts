// Serves the calls of a client program in Node: one JSON request a line on stdin, one JSON answer a line on stdout (client-process.ts).

import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientCalls } from "../client-process.ts";

export type Calls = { [C in keyof ClientCalls]: (args: Parameters<ClientCalls[C]>[0]) => Promise<ReturnType<ClientCalls[C]>> };

/** An error of the client, by the name that the client gives to it. */
export class Refused extends Error {
  constructor(name: string, message = "") {
    super(message);
    this.name = name;
  }
}

export type ToRefusal = (error: unknown) => { name: string; message: string };

/** Answers until the input ends, then ends the process. */
export function serve(calls: Partial<Calls>, toRefusal: ToRefusal): void {
  const answer = async (line: string): Promise<void> => {
    const { id, call, args } = JSON.parse(line) as { id: number; call: keyof ClientCalls; args: never };
    try {
      const called = calls[call];
      if (called === undefined) throw new Refused("lacking", call);
      process.stdout.write(`${JSON.stringify({ id, result: await called(args) })}\n`);
    } catch (error) {
      const refused = error instanceof Refused ? { name: error.name, message: error.message } : toRefusal(error);
      process.stdout.write(`${JSON.stringify({ id, refused })}\n`);
    }
  };
  const lines = createInterface(process.stdin);
  lines.on("line", (line) => void answer(line));
  lines.on("close", () => process.exit(0));
}

/** By partition and offset. */
export function inOrder<T extends { partition: number; offset: number }>(records: readonly T[]): T[] {
  return records.toSorted((a, b) => a.partition - b.partition || a.offset - b.offset);
}

/** Waits until it is so, or the deadline has passed. */
export async function until(isDone: () => boolean, deadlineMs: number): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!isDone() && performance.now() < deadline) await sleep(20);
}

/** `produceSteadily` by whatever sends one record and resolves when it is acknowledged. */
export async function steadily(
  { partitions, count, everyMs }: Pick<Parameters<ClientCalls["produceSteadily"]>[0], "partitions" | "count" | "everyMs">,
  send: (record: { partition: number; value: string }) => Promise<unknown>,
  toRefusal: ToRefusal,
): Promise<{ acknowledged: string[]; refused: string[] }> {
  const outcome: { acknowledged: string[]; refused: string[] } = { acknowledged: [], refused: [] };
  for (let index = 0; index < count; index++) {
    const value = `${index}`;
    try {
      await send({ partition: partitions[index % partitions.length] ?? 0, value });
      outcome.acknowledged.push(value);
    } catch (error) {
      outcome.refused.push(toRefusal(error).name);
    }
    await sleep(everyMs);
  }
  return outcome;
}
