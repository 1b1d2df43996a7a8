// Keeps the process from ending while something is waited for that has no socket of its own. By a port rather than a timer: tests that
// replace timers do not reach it.

import { MessageChannel } from "node:worker_threads";

/** Until the function that it gives is called. */
export function keepAlive(): () => void {
  const { port1 } = new MessageChannel();
  port1.ref();
  return () => port1.close();
}
