// Where the process begins. Everything is loaded at once: a bundle whose modules need not wait for each other is compiled in one go,
// which is quicker for `start` than loading its parts when they are needed. Only the JSON log comes later (see command-logger.ts).

import { flushCompileCache } from "node:module";
import { isLoopback } from "../config/listeners.ts";
import { openNode } from "../node.ts";
import { runWorker, workerPort } from "../workers/worker-entry.ts";
import { printAddress } from "./advertised.ts";
import { CommandProcess } from "./command-process.ts";
import { consumeLines } from "./consume.ts";
import type { MachinePlan } from "./machine-plan.ts";
import { produceLines } from "./produce.ts";
import { type Commands, runProgram } from "./program.ts";
import { run } from "./run.ts";
import { type BrokerOrder, type RunningBroker, start } from "./start.ts";

/** By then the broker has been used or is idle; a clean exit may never come. */
const FLUSH_CACHE_AFTER_MS = 1000;

async function startBroker(order: BrokerOrder): Promise<RunningBroker> {
  return order.machine === undefined ? startHere(order) : startMachine(order, order.machine);
}

async function startHere({ workers: places, ...order }: BrokerOrder): Promise<RunningBroker> {
  const node = await openNode({ ...order, ...(places.length === 0 ? {} : { workers: { script: ownScript(), places } }) });
  setTimeout(flushCompileCache, FLUSH_CACHE_AFTER_MS).unref();
  const { bootstrapServers, broker } = node;
  const { bootstrapProtocol, clusterId, httpUrl, registryUrl } = broker;
  const failure = node.failure.then(
    ({ message }) => new Error(`A worker thread ended (${message}). What was acknowledged is kept; start again.`),
  );
  const authority = node.authority?.certificate;
  return { bootstrapServers, bootstrapProtocol, clusterId, httpUrl, registryUrl, authority, failure, stop: () => node.stop() };
}

/** One broker of a cluster of machines. */
async function startMachine({ host, ...order }: BrokerOrder, { isHostOpen }: MachinePlan): Promise<RunningBroker> {
  const { openMachine } = await import("../membership/machine.ts");
  const { node, objects, database } = await openMachine({
    ...order,
    host: isHostOpen ? undefined : host,
    environment: process.env,
  });
  setTimeout(flushCompileCache, FLUSH_CACHE_AFTER_MS).unref();
  const { broker, cluster } = node;
  const { brokers, clusterId } = cluster.image;
  const endpoints = brokers.get(broker.id)?.endpoints ?? [];
  return {
    ...{
      bootstrapServers: broker.bootstrapServers,
      bootstrapProtocol: broker.bootstrapProtocol,
      clusterId,
      httpUrl: broker.httpUrl,
      registryUrl: broker.registryUrl,
      authority: undefined,
    },
    machine: {
      brokerId: broker.id,
      otherIds: [...brokers.keys()].filter((id) => id !== broker.id).sort((one, other) => one - other),
      advertised: endpoints.flatMap(({ host: told, port }) =>
        told === null || isLoopback(told) ? [] : [printAddress({ host: told, port })],
      ),
      ...{ objects, database },
    },
    failure: node.failure,
    stop: () => node.stop(),
  };
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
