// Where the process begins for administration: `odradek topics …` and its relatives, and the shims for Kafka's own scripts. A bundle of
// its own, so that starting a broker does not load it.

import { messageOf } from "../client/client-error.ts";
import { ExitCode } from "./command-error.ts";
import { stopRequested } from "./stop-signals.ts";
import { processTerminal } from "./terminal.ts";
import { runToolCommand } from "./tool-program.ts";

process.stdout.on("error", () => process.exit(ExitCode.OK));

const stopping = stopRequested(() => process.exit(ExitCode.FAILURE));
runToolCommand(process.argv.slice(2), { terminal: processTerminal, stopping }).then(
  (exitCode) => exit(exitCode),
  (error: unknown) => {
    const report = error instanceof Error ? error.stack : messageOf(error);
    processTerminal.error(`odradek: this should not have happened; please report it.\n${report}\n`);
    exit(ExitCode.FAILURE);
  },
);

/** Once what was written has left: pipes may take it later. */
function exit(exitCode: number): void {
  process.stdout.write("", () => process.exit(exitCode));
}
