// What counts from the start of a broker's process on: when its port answers, when a client can do what it came for.

import { type Contender, isOpen } from "./contender.ts";
import type { ContenderName } from "./contender-name.ts";
import { FrameSocket } from "./frame-socket.ts";
import type { Address } from "./load-socket.ts";
import { pause } from "./pause.ts";

/** What can be ended and started again. */
export const RESTARTABLE: readonly ContenderName[] = ["odradek", "kafka"];

const PORT_POLL_MS = 2;
const POLL_MS = 10;
const DEADLINE_MS = 600_000;

export function secondsSinceStart(broker: Contender): number {
  return (performance.timeOrigin + performance.now() - broker.startedMs) / 1000;
}

/** Rejects when the port does not answer within ten minutes, or the process ends before. */
export async function untilPortAnswers(broker: Contender): Promise<void> {
  const deadlineMs = performance.now() + DEADLINE_MS;
  while (!(await isOpen(broker.port, broker.host))) {
    if (performance.now() > deadlineMs) throw new Error(`${broker.name} did not listen within ${DEADLINE_MS / 1000} s`);
    if (broker.cpuSeconds() === undefined) throw new Error(`${broker.name} ended before it listened`);
    await pause(PORT_POLL_MS);
  }
}

/** Asks until `ask` gives `undefined`; else it gives what is wrong yet. A connection that breaks is made anew. Rejects after ten minutes. */
export async function until(at: Address, ask: (socket: FrameSocket) => Promise<string | undefined>): Promise<void> {
  const deadlineMs = performance.now() + DEADLINE_MS;
  for (;;) {
    const socket = await FrameSocket.connect(at).catch((error: Error) => error);
    const fault = socket instanceof Error ? socket.message : await askAgain(socket, ask, deadlineMs);
    if (fault === undefined) return;
    if (performance.now() > deadlineMs) throw new Error(`still after ${DEADLINE_MS / 1000} s: ${fault}`);
    await pause(POLL_MS);
  }
}

async function askAgain(
  socket: FrameSocket,
  ask: (socket: FrameSocket) => Promise<string | undefined>,
  deadlineMs: number,
): Promise<string | undefined> {
  try {
    for (;;) {
      const fault = await ask(socket);
      if (fault === undefined || performance.now() > deadlineMs) return fault;
      await pause(POLL_MS);
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    socket.close();
  }
}
