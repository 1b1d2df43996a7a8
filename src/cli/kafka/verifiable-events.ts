// What the verifiable tools share. They print an event a line, as JSON, with its time and name before all else.

import { argparseError, FlagError, type Flags } from "./flags.ts";
import { clientSettings, type Io } from "./tool.ts";

export type Print = (name: string, facts?: { readonly [name: string]: unknown }) => void;

export function eventPrinter(io: Io): Print {
  return (name, facts = {}) => io.out(JSON.stringify({ timestamp: Date.now(), name, ...facts }));
}

/** What their files of settings say. Raises FlagError, in the tool's words. */
export function fileSettings(flags: Flags, tool: string): Map<string, string> {
  try {
    return new Map(["producer.config", "consumer.config", "command-config"].flatMap((name) => [...clientSettings(flags.get(name))]));
  } catch (error) {
    throw error instanceof FlagError ? argparseError(tool, error.message) : error;
  }
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
