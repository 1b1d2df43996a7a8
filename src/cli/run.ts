// `odradek run -- npm test`: a broker for as long as a command runs, for tests in any language. The command finds it in its environment;
// its exit code is ours. Signals go to the command, and the broker stops after it.

import { spawn } from "node:child_process";
import { constants } from "node:os";
import { messageOf } from "../client/client-error.ts";
import { printVariable } from "./banner.ts";
import { CommandError } from "./command-error.ts";
import { type BrokerOrder, brokerOrder, type RunningBroker } from "./start.ts";
import { planStart, type StartArguments } from "./start-plan.ts";
import type { Terminal } from "./terminal.ts";

/** Names by which test suites, frameworks and tools of many languages look for a broker. */
const VARIABLES = ["KAFKA_BROKERS", "KAFKA_BOOTSTRAP_SERVERS", "BOOTSTRAP_SERVERS", "SPRING_KAFKA_BOOTSTRAP_SERVERS", "KAFKA_BROKER_LIST"];
const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface RunSurroundings {
  readonly terminal: Terminal;
  readonly startBroker: (order: BrokerOrder) => Promise<RunningBroker>;
}

/** Gives the command's exit code; 128 and its number when a signal ended it. Raises CommandError when the broker or the command does not start. */
export async function run(command: readonly string[], given: StartArguments, { terminal, startBroker }: RunSurroundings): Promise<number> {
  const inMemory = given.data === undefined ? { memory: true } : {};
  const plan = planStart({ port: "auto", ...inMemory, ...given }, terminal.environment);
  const { variables } = plan.environment;
  if (variables.length > 0)
    terminal.error(`odradek: the broker has settings from the environment: ${variables.map(printVariable).join(", ")}\n`);
  const broker = await startBroker(brokerOrder(plan));
  try {
    return await runCommand(command, { ...terminal.environment, ...variablesFor(broker) });
  } finally {
    await broker.stop();
  }
}

export function variablesFor({
  bootstrapServers,
  registryUrl,
}: Pick<RunningBroker, "bootstrapServers" | "registryUrl">): Record<string, string> {
  const registry = registryUrl === undefined ? {} : { SCHEMA_REGISTRY_URL: registryUrl };
  return { ...Object.fromEntries(VARIABLES.map((name) => [name, bootstrapServers])), ...registry };
}

function runCommand(
  [program = "", ...args]: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    // Windows finds npm and its like only through its shell.
    const child = spawn(program, args, { stdio: "inherit", env: environment, shell: process.platform === "win32" });
    const forward = (signal: NodeJS.Signals) => child.kill(signal);
    for (const signal of FORWARDED) process.on(signal, forward);
    const ended = () => {
      for (const signal of FORWARDED) process.off(signal, forward);
    };
    child.on("error", (error) => {
      ended();
      reject(new CommandError(`${program} cannot be run: ${messageOf(error)}`));
    });
    child.on("exit", (code, signal) => {
      ended();
      resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]);
    });
  });
}
