// Where the process begins. Everything is loaded at once: a bundle whose modules need not wait for each other is compiled in one go,
// which is quicker for `start` than loading its parts when they are needed. Only the JSON log comes later (see command-logger.ts).

import { flushCompileCache } from "node:module";
import { openNode } from "../node.ts";
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

async function startBroker(order: BrokerOrder): Promise<RunningBroker> {
  const node = await openNode(order);
  setTimeout(flushCompileCache, FLUSH_CACHE_AFTER_MS).unref();
  return { bootstrapServers: node.bootstrapServers, clusterId: node.broker.clusterId, stop: () => node.stop() };
}

/** A reader that goes away (`odradek consume t | head -1`) ends the command, as it does for other tools. */
process.stdout.on("error", () => process.exit(ExitCode.OK));

runProgram(process.argv.slice(2), commands, terminal).then(
  (exitCode) => exit(exitCode),
  (error: unknown) => {
    terminal.error(`odradek: this should not have happened; please report it.\n${error instanceof Error ? error.stack : String(error)}\n`);
    exit(ExitCode.FAILURE);
  },
);

/** Once what was written has left: pipes may take it later. */
function exit(exitCode: number): void {
  process.stdout.write("", () => process.exit(exitCode));
}
