// What a command ends with when it cannot do what was asked: one sentence for the user and an exit code, never a stack trace.

export const ExitCode = { OK: 0, FAILURE: 1, USAGE: 2, PORT_IN_USE: 3 } as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export class CommandError extends Error {
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

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of an error of Node's, such as EADDRINUSE. */
export function codeOf(error: unknown): string | undefined {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
