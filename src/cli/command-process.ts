// The process that a command runs in: its signals, its ways out, and its end.
//
// Nothing that is written holds the process up, not even for a terminal that was halted with Ctrl-S. When a command is done, the process
// ends once all that it wrote has left; whoever asked it to stop waits no longer than a moment for a reader that has stopped reading.

import { ExitCode } from "./command-error.ts";
import { stopRequested } from "./stop-signals.ts";
import { processTerminal, type Terminal } from "./terminal.ts";

const MOMENT_MS = 1000;

export class CommandProcess {
  readonly terminal: Terminal = processTerminal;
  #stopping: Promise<void> | undefined;
  readonly #hurried = Promise.withResolvers<void>();

  constructor() {
    for (const stream of [process.stdout, process.stderr]) {
      // Whoever writes hears of it; what nobody can read is no reason to end.
      stream.on("error", () => undefined);
      unblock(stream);
    }
  }

  /** Settles at the first signal; a second one ends the process. Until this is first asked for, every signal ends it. */
  get stopping(): Promise<void> {
    this.#stopping ??= stopRequested(() => process.exit(ExitCode.FAILURE));
    this.#stopping.then(() => this.hurry());
    return this.#stopping;
  }

  /** Readers get no more than a moment from now on, or from when the command is done. */
  hurry(): void {
    this.#hurried.resolve();
  }

  /** Ends the process with the exit code that the command gives. */
  endWith(command: Promise<number>): void {
    command.then(
      (exitCode) => this.#end(exitCode),
      (error: unknown) => {
        const report = error instanceof Error ? error.stack : String(error);
        this.terminal.error(`odradek: this should not have happened; please report it.\n${report}\n`);
        this.#end(ExitCode.FAILURE);
      },
    );
  }

  #end(exitCode: number): void {
    const exit = () => process.exit(exitCode);
    Promise.all([flushed(process.stdout), flushed(process.stderr)]).then(exit);
    this.#hurried.promise.then(() => setTimeout(exit, MOMENT_MS));
  }
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write("", () => resolve()));
}

/** Node waits for terminals, and on Windows for pipes, as long as they take nothing. It has no other switch for that. */
function unblock(stream: NodeJS.WriteStream): void {
  const handle: unknown = Reflect.get(stream, "_handle");
  if (typeof handle === "object" && handle !== null && "setBlocking" in handle && typeof handle.setBlocking === "function")
    handle.setBlocking(false);
}
