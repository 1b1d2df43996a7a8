// What a command ends with when it cannot do what was asked: one sentence for the user and an exit code, never a stack trace.

import { BadAddress, ClientError } from "../client/client-error.ts";

export const ExitCode = { OK: 0, FAILURE: 1, USAGE: 2, PORT_IN_USE: 3 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export class CommandError extends ClientError {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = ExitCode.FAILURE) {
    super(message);
    this.name = "CommandError";
    this.exitCode = exitCode;
  }
}

/** The arguments are wrong; nothing was touched. */
export function usageError(message: string): CommandError {
  return new CommandError(message, ExitCode.USAGE);
}

/** For what is said without a stack trace. */
export function exitCodeOf(error: ClientError): ExitCode {
  if (error instanceof CommandError) return error.exitCode;
  return error instanceof BadAddress ? ExitCode.USAGE : ExitCode.FAILURE;
}
