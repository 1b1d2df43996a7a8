// Keeps the process from ending while something is waited for that has no socket of its own.

const LONG_MS = 2 ** 31 - 1;

/** Until the function that it gives is called. */
export function keepAlive(): () => void {
  const handle = setInterval(() => undefined, LONG_MS);
  return () => clearInterval(handle);
}
