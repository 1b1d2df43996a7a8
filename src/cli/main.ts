// Where the process begins. Everything is loaded at once: a bundle whose modules need not wait for each other is compiled in one go,
// which is quicker for `start` than loading its parts when they are needed. Only the JSON log comes later (see command-logger.ts).

import { flushCompileCache } from "node:module";
import { openNode } from "../node.ts";
import { runWorker, workerPort } from "../workers/worker-entry.ts";
import { ExitCode } from "./command-error.ts";
import { consumeLines } from "./consume.ts";
import { produceLines } from "./produce.ts";
import { type Commands, runProgram } from "./program.ts";
import { run } from "./run.ts";
import { type BrokerOrder, type RunningBroker, start } from "./start.ts";
import { stopRequested } from "./stop-signals.ts";
import { processTerminal as terminal } from "./terminal.ts";

/** By then the broker has been used or is idle; a clean exit may never come. */
const FLUSH_CACHE_AFTER_MS = 1000;

const commands: Commands = {
  start: (given) => start(given, { terminal, startBroker }),
  run: (command, given) => run(command, given, { terminal, startBroker }),
  produce: (topic, given) => produceLines(topic, given, terminal),
  consume: (topic, given) =>
    consumeLines(
      topic,
      given,
      terminal,
      stopRequested(() => process.exit(ExitCode.FAILURE)),
    ),
};

async function startBroker({ workers: places, ...order }: BrokerOrder): Promise<RunningBroker> {
  const node = await openNode({ ...order, ...(places.length === 0 ? {} : { workers: { script: ownScript(), places } }) });
  setTimeout(flushCompileCache, FLUSH_CACHE_AFTER_MS).unref();
  const { bootstrapServers, broker, failure } = node;
  return { bootstrapServers, clusterId: broker.clusterId, failure, stop: () => node.stop() };
}

/** Where this program begins: worker threads run it again, and so find the compiled code that the bundle's first file keeps. */
function ownScript(): string {
  return typeof require === "undefined" ? (process.argv[1] ?? "") : (require.main?.filename ?? __filename);
}

function runCommand(): void {
  // A reader that goes away (`odradek consume t | head -1`) ends the command, as it does for other tools.
  process.stdout.on("error", () => process.exit(ExitCode.OK));
  runProgram(process.argv.slice(2), commands, terminal).then(
    (exitCode) => exit(exitCode),
    (error: unknown) => {
      terminal.error(
        `odradek: this should not have happened; please report it.\n${error instanceof Error ? error.stack : String(error)}\n`,
      );
      exit(ExitCode.FAILURE);
    },
  );
}

/** Once what was written has left: pipes may take it later. */
function exit(exitCode: number): void {
  process.stdout.write("", () => process.exit(exitCode));
}

const port = workerPort();
if (port === undefined) runCommand();
else runWorker(port);
