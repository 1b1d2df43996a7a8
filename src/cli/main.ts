// Where the process begins. Everything is loaded at once: a bundle whose modules need not wait for each other is compiled in one go,
// which is quicker for `start` than loading its parts when they are needed. Only the JSON log comes later (see command-logger.ts).

import { flushCompileCache } from "node:module";
import { openNode } from "../node.ts";
import { runWorker, workerPort } from "../workers/worker-entry.ts";
import { CommandProcess } from "./command-process.ts";
import { consumeLines } from "./consume.ts";
import { produceLines } from "./produce.ts";
import { type Commands, runProgram } from "./program.ts";
import { run } from "./run.ts";
import { type BrokerOrder, type RunningBroker, start } from "./start.ts";

/** By then the broker has been used or is idle; a clean exit may never come. */
const FLUSH_CACHE_AFTER_MS = 1000;

async function startBroker({ workers: places, ...order }: BrokerOrder): Promise<RunningBroker> {
  const node = await openNode({ ...order, ...(places.length === 0 ? {} : { workers: { script: ownScript(), places } }) });
  setTimeout(flushCompileCache, FLUSH_CACHE_AFTER_MS).unref();
  const { bootstrapServers, broker, failure } = node;
  const { bootstrapProtocol, clusterId } = broker;
  return { bootstrapServers, bootstrapProtocol, clusterId, authority: node.authority?.certificate, failure, stop: () => node.stop() };
}

/** Where this program begins: worker threads run it again, and so find the compiled code that the bundle's first file keeps. */
function ownScript(): string {
  return typeof require === "undefined" ? (process.argv[1] ?? "") : (require.main?.filename ?? __filename);
}

function runCommand(): void {
  const own = new CommandProcess();
  const { terminal } = own;
  const commands: Commands = {
    // What it writes is a log, which nobody need read.
    start: (given) => start(given, { terminal, startBroker, stopping: own.stopping }).finally(() => own.hurry()),
    run: (command, given) => run(command, given, { terminal, startBroker }),
    produce: (topic, given) => produceLines(topic, given, terminal),
    consume: (topic, given) => consumeLines(topic, given, terminal, own.stopping),
  };
  own.endWith(runProgram(process.argv.slice(2), commands, terminal));
}

const port = workerPort();
if (port === undefined) runCommand();
else runWorker(port);
