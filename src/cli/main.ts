// Where the process begins. Each command's own code is loaded when the command is called, so that none pays for another.

import { flushCompileCache } from "node:module";
import { ExitCode } from "./command-error.ts";
import { type Commands, runProgram } from "./program.ts";
import type { BrokerOrder, RunningBroker } from "./start.ts";
import { processTerminal as terminal } from "./terminal.ts";

/** By then the broker has been used or is idle; a clean exit may never come. */
const FLUSH_CACHE_AFTER_MS = 1000;

const commands: Commands = {
  async start(given) {
    const { start } = await import("./start.ts");
    return start(given, { terminal, startBroker });
  },
  async produce(topic, given) {
    const { produceLines } = await import("./produce.ts");
    return produceLines(topic, given, terminal);
  },
  async consume(topic, given) {
    const [{ consumeLines }, { stopRequested }] = await Promise.all([import("./consume.ts"), import("./stop-signals.ts")]);
    return consumeLines(
      topic,
      given,
      terminal,
      stopRequested(() => process.exit(ExitCode.FAILURE)),
    );
  },
};

async function startBroker(order: BrokerOrder): Promise<RunningBroker> {
  const { openNode } = await import("../node.ts");
  const node = await openNode(order);
  setTimeout(flushCompileCache, FLUSH_CACHE_AFTER_MS).unref();
  const { bootstrapServers, clusterId } = node.broker;
  return { bootstrapServers, clusterId, stop: () => node.stop() };
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
function exit(exitCode: ExitCode): void {
  process.stdout.write("", () => process.exit(exitCode));
}
