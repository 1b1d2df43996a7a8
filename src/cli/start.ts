// `odradek start`: a broker until it is told to stop, by a signal. That drains and closes; a second signal ends the process at once.

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Logger, silentLogger } from "../base/logger.ts";
import { messageOf } from "../client/client-error.ts";
import { type BrokerConfig, hasAuthorizer } from "../config/broker-config.ts";
import type { BrokerPlace } from "../node.ts";
import { AUTHORITY_FILE } from "../security/certificate-authority.ts";
import { parseUsers } from "../security/sasl-users.ts";
import type { WorkerPlace } from "../workers/workers.ts";
import { advertisedAddresses, type Names, printAddress, systemNames, warnOfUnreachable } from "./advertised.ts";
import { banner, type MachineFacts, type ReadyFacts, readyLine } from "./banner.ts";
import type { IssuingAuthority } from "./client-lines.ts";
import { CommandError, ExitCode } from "./command-error.ts";
import { CommandLogger } from "./command-logger.ts";
import type { MachinePlan } from "./machine-plan.ts";
import { explainStartFailure } from "./start-failure.ts";
import { planStart, type StartArguments, type StartPlan } from "./start-plan.ts";
import { painter, type Terminal } from "./terminal.ts";
import type { TopicOption } from "./topic-option.ts";

export interface RunningBroker {
  readonly bootstrapServers: string;
  /** What the listener there speaks. */
  readonly bootstrapProtocol: string;
  readonly clusterId: string;
  /** Where the first broker answers HTTP, if it does. */
  readonly httpUrl?: string | undefined;
  readonly registryUrl?: string | undefined;
  /** The certificate, in PEM, of the authority that issued what it shows its clients. */
  readonly authority: string | undefined;
  /** Of a cluster of machines. */
  readonly machine?: MachineFacts;
  /** Settles when it cannot go on by itself; the message is a sentence. */
  readonly failure: Promise<Error>;
  stop(): Promise<void>;
}

export interface BrokerOrder {
  readonly port: number;
  readonly host: string;
  /** A path, or "memory". */
  readonly data: string;
  readonly config: BrokerConfig;
  readonly others: readonly BrokerPlace[];
  /** Brokers in threads of their own. */
  readonly workers: readonly WorkerPlace[];
  readonly topics: readonly TopicOption[];
  readonly clusterId?: string;
  /** Instead of `data`. */
  readonly machine?: MachinePlan;
  readonly logger: Logger;
}

export interface StartSurroundings {
  readonly terminal: Terminal;
  readonly startBroker: (order: BrokerOrder) => Promise<RunningBroker>;
  /** Default: the system's. */
  readonly names?: Names;
  /** Settles when the broker is to stop. */
  readonly stopping: Promise<void>;
  /** When the process began, on performance.now()'s scale. */
  readonly beganMs?: number;
}

/** Settles when the broker has stopped. Raises CommandError when it does not start. */
export async function start(
  given: StartArguments,
  { terminal, startBroker, stopping, names = systemNames, beganMs = 0 }: StartSurroundings,
): Promise<ExitCode> {
  const plan = planStart(given, terminal.environment);
  const paint = painter(terminal);
  const log = new CommandLogger({
    level: given.logLevel ?? (given.quiet ? "error" : "info"),
    isJson: given.json === true,
    terminal,
    paint,
  });
  if (plan.withoutEffect.length > 0) log.logger.warn({ settings: plan.withoutEffect }, "settings without effect here");
  const broker = await startOrExplain(plan, startBroker, log.logger);

  if (plan.isDefaultData) hideFromGit(plan.data);
  if (given.portsFile !== undefined) await writePortsFile(given.portsFile, broker);
  const facts: ReadyFacts = {
    bootstrapServers: broker.bootstrapServers,
    protocol: broker.bootstrapProtocol,
    authority: authorityOf(broker, plan.data),
    advertised: broker.machine?.advertised ?? advertisedAddresses(plan.configs).map(printAddress),
    clusterId: broker.clusterId,
    data: plan.data,
    maxMemoryBytes: plan.config["odradek.max.memory.bytes"],
    machine: broker.machine,
    environment: plan.environment,
    httpUrl: broker.httpUrl,
    registryUrl: broker.registryUrl,
    hasRules: hasAuthorizer(plan.config),
    users: userNames(plan.config),
    tookMs: performance.now() - beganMs,
  };
  if (given.json) terminal.stdout.write(readyLine(facts));
  else if (!given.quiet) terminal.stdout.write(banner(facts, paint));
  await log.ready();
  if (!given.quiet) void warnOfUnreachable(plan.configs, log.logger, names);

  const failure = await Promise.race([stopping, broker.failure]);
  if (failure !== undefined) {
    log.logger.error({ err: failure }, "the broker cannot go on, and stops");
    await broker.stop();
    throw new CommandError(failure.message);
  }
  if (!given.json && !given.quiet) terminal.stderr.write("\n  Stopping; press Ctrl-C again to force.\n");
  await broker.stop();
  return ExitCode.OK;
}

export function brokerOrder(plan: StartPlan, logger: Logger = silentLogger): BrokerOrder {
  const { port, host, data, config, others, workers, topics, clusterId, machine } = plan;
  return {
    ...{ port, host, data, config, others, workers, topics, logger },
    ...(clusterId === undefined ? {} : { clusterId }),
    ...(machine === undefined ? {} : { machine }),
  };
}

async function startOrExplain(plan: StartPlan, startBroker: StartSurroundings["startBroker"], logger: Logger): Promise<RunningBroker> {
  try {
    return await startBroker(brokerOrder(plan, logger));
  } catch (error) {
    throw explainStartFailure(error, plan) ?? error;
  }
}

function authorityOf({ authority: pem }: RunningBroker, data: string): IssuingAuthority | undefined {
  if (pem === undefined) return undefined;
  return { pem, file: data === "memory" ? undefined : join(data, AUTHORITY_FILE) };
}

/** The broker has read it before. */
function userNames({ "odradek.users": users }: BrokerConfig): readonly string[] {
  return users === null ? [] : [...parseUsers(users).keys()];
}

/** Best effort: a folder without it works as well. */
function hideFromGit(folder: string): void {
  const path = join(folder, ".gitignore");
  try {
    if (!existsSync(path)) writeFileSync(path, "*\n");
  } catch {
    // Read-only, or gone already: nothing depends on it.
  }
}

async function writePortsFile(path: string, broker: RunningBroker): Promise<void> {
  const ports = broker.bootstrapServers.split(",").map((server) => Number(server.slice(server.lastIndexOf(":") + 1)));
  try {
    writeFileSync(path, `${JSON.stringify({ bootstrapServers: broker.bootstrapServers, ports })}\n`);
  } catch (error) {
    await broker.stop();
    throw new CommandError(`The ports file ${path} cannot be written (${messageOf(error)}); choose another with --ports-file.`);
  }
}
