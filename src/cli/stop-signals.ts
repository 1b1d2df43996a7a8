// Ctrl-C and its relatives. The first asks to stop, a later one forces. Terminals, npm and wrappers often deliver one key press
// several times, so what follows within a moment counts as the same.

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"] as const;
const SAME_PRESS_MS = 400;

/** Settles at the first signal. `force` is called at a second one, once the same key press can be ruled out. */
export function stopRequested(force: () => void): Promise<void> {
  return new Promise((resolve) => {
    let firstMs: number | undefined;
    const onSignal = () => {
      const nowMs = performance.now();
      if (firstMs === undefined) {
        firstMs = nowMs;
        resolve();
      } else if (nowMs - firstMs > SAME_PRESS_MS) force();
    };
    for (const signal of SIGNALS) process.on(signal, onSignal);
  });
}
