// What the verifiable tools print: an event a line, as JSON, with its time and name before all else.

import type { Io } from "./tool.ts";

export type Print = (name: string, facts?: { readonly [name: string]: unknown }) => void;

export function eventPrinter(io: Io): Print {
  return (name, facts = {}) => io.out(JSON.stringify({ timestamp: Date.now(), name, ...facts }));
}

/** Settles nothing: tells whether the user has asked to stop, and calls `heard` at once when so. */
export function stopWatch(stopping: Promise<void>, heard: () => void = () => undefined): () => boolean {
  let isStopping = false;
  stopping.then(() => {
    isStopping = true;
    heard();
  });
  return () => isStopping;
}
