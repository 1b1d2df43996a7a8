// Why a broker did not start, as one sentence that says what to do.

import { StorageError } from "../storage/storage-error.ts";
import { CommandError, codeOf, ExitCode, messageOf } from "./command-error.ts";
import { holderOfPort } from "./port-holder.ts";
import type { StartPlan } from "./start-plan.ts";

/** `undefined` for what we did not foresee: that deserves its stack trace. */
export function explainStartFailure(error: unknown, plan: StartPlan): CommandError | undefined {
  if (error instanceof CommandError) return error;
  if (error instanceof StorageError) return new CommandError(storageSentence(error, plan.data));
  switch (codeOf(error)) {
    case "EADDRINUSE":
      return new CommandError(portInUseSentence(portOf(error) ?? plan.port), ExitCode.PORT_IN_USE);
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new CommandError(`${plan.host} is not an address of this machine; choose another with --host.`);
    case "EACCES":
    case "EPERM":
    case "EROFS":
    case "ENOTDIR":
    case "EEXIST":
    case "ENOSPC":
      return new CommandError(refusedSentence(error, plan));
  }
  return undefined;
}

function storageSentence(error: StorageError, data: string): string {
  const elsewhere = "or use another folder with --data, or none with --memory";
  switch (error.code) {
    case "DIRECTORY_IN_USE":
      return `The data folder ${data} is in use by another broker; stop that one, ${elsewhere}.`;
    case "DIRECTORY_TOO_NEW":
      return `The data folder ${data} was written by a newer version of Odradek; update Odradek, ${elsewhere}.`;
    case "DIRECTORY_UNWRITABLE":
      return `The data folder ${data} cannot be written to; change its permissions, ${elsewhere}.`;
    case "SEGMENT_CORRUPT":
    case "METADATA_CORRUPT":
    case "READ_FAILED":
    case "WRITE_FAILED":
      return `The data folder ${data} cannot be used (${error.message}); move it away, ${elsewhere}.`;
  }
}

/** One of several brokers may have been refused another port than the first one's. */
function portOf(error: unknown): number | undefined {
  return typeof error === "object" && error !== null && "port" in error && typeof error.port === "number" ? error.port : undefined;
}

function portInUseSentence(port: number): string {
  const holder = holderOfPort(port);
  const who = holder === undefined ? "another process" : `${holder.name} (process ${holder.processId})`;
  return `Port ${port} is in use by ${who}; stop it, or choose another port with --port ${port + 1} or --port auto.`;
}

function refusedSentence(error: unknown, plan: StartPlan): string {
  const isListening = typeof error === "object" && error !== null && "syscall" in error && error.syscall === "listen";
  if (isListening) return `Listening on port ${plan.port} is not permitted; choose another port with --port 9092 or --port auto.`;
  return `The data folder ${plan.data} cannot be written to (${messageOf(error)}); choose another with --data, or none with --memory.`;
}
