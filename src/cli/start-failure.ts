// Why a broker did not start, as one sentence that says what to do, and where the value came from that made it fail.

import { codeOf, messageOf } from "../client/client-error.ts";
import { type BrokerConfig, placeOf } from "../config/broker-config.ts";
import type { BrokerSettingName } from "../config/broker-settings.ts";
import { parseListeners } from "../config/listeners.ts";
import { SettingError } from "../config/setting.ts";
import { ServiceFailure } from "../membership/service-failure.ts";
import { StorageError } from "../storage/storage-error.ts";
import { CommandError, ExitCode } from "./command-error.ts";
import { holderOfPort } from "./port-holder.ts";
import type { StartPlan } from "./start-plan.ts";
import { settingUsageError } from "./start-sources.ts";

/** `undefined` for what we did not foresee: that deserves its stack trace. */
export function explainStartFailure(error: unknown, plan: StartPlan): CommandError | undefined {
  if (error instanceof CommandError) return error;
  if (error instanceof SettingError) return settingUsageError(error);
  if (error instanceof ServiceFailure) return new CommandError(serviceSentence(error, plan));
  if (error instanceof StorageError) return new CommandError(storageSentence(error, dataFolder(plan)));
  const failed = systemCall(error);
  if (failed === undefined) return undefined;
  if (!LISTENING.has(failed.call)) return new CommandError(refusedSentence(error, plan));
  if (failed.code === "EADDRINUSE") return new CommandError(portInUseSentence(failed, plan), ExitCode.PORT_IN_USE);
  return new CommandError(listenSentence(failed, plan, messageOf(error)));
}

/** What Node says of a system call that failed. */
interface FailedCall {
  readonly call: string;
  readonly code: string | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
}

const LISTENING: ReadonlySet<string> = new Set(["listen", "bind", "getaddrinfo"]);

function systemCall(error: unknown): FailedCall | undefined {
  if (typeof error !== "object" || error === null || !("syscall" in error) || typeof error.syscall !== "string") return undefined;
  const host = "hostname" in error ? error.hostname : "address" in error ? error.address : undefined;
  return {
    call: error.syscall,
    code: codeOf(error),
    host: typeof host === "string" ? host : undefined,
    port: "port" in error && typeof error.port === "number" ? error.port : undefined,
  };
}

function dataFolder({ data, config }: StartPlan): string {
  return data + from(config, config["log.dirs"] === null ? "log.dir" : "log.dirs");
}

function from(config: BrokerConfig, name: BrokerSettingName): string {
  const place = placeOf(config, name);
  return place === undefined || place === "by default" ? "" : ` (given ${place})`;
}

export function storageSentence(error: StorageError, data: string): string {
  const elsewhere = "or use another folder with --data, or none with --memory";
  switch (error.code) {
    case "DIRECTORY_IN_USE":
      return `The data folder ${data} is in use by another broker; stop that one, ${elsewhere}.`;
    case "DIRECTORY_TOO_NEW":
      return `The data folder ${data} was written by a newer version of Odradek; update Odradek, ${elsewhere}.`;
    case "DIRECTORY_UNWRITABLE":
      return `The data folder ${data} cannot be written to; change its permissions, ${elsewhere}.`;
    case "METADATA_CORRUPT":
      return `${error.message}. Bring back a copy of the file, or run "odradek repair --data ${data}", which keeps all records: it makes the journal anew from what can be read and from the partitions' folders.`;
    case "PROPERTIES_CORRUPT":
      return `${error.message}. Mend it or bring back a copy; or remove it, and the cluster gets a new id.`;
    case "UNAVAILABLE":
    case "DATABASE_REFUSED":
    case "DATABASE_UNFIT":
      return error.message;
    case "SEGMENT_CORRUPT":
    case "SEGMENT_TOO_OLD":
    case "READ_FAILED":
    case "WRITE_FAILED":
      return `The data folder ${data} cannot be used (${error.message}); move it away, ${elsewhere}.`;
  }
}

function serviceSentence({ setting, service, message }: ServiceFailure, { config }: StartPlan): string {
  const what = setting === "diskless.cluster" ? "The database" : "The place for records";
  return `${what} ${service}${from(config, setting)} cannot be used: ${message.replace(/\.$/, "")}.`;
}

/** Of the broker that was to listen there: one of several may have been refused. */
function listenersFrom({ config, configs }: StartPlan, port: number | undefined): string {
  const hasPort = (each: BrokerConfig) => parseListeners("listeners", each.listeners).some((address) => address.port === port);
  return from(configs.find(hasPort) ?? config, "listeners");
}

function portInUseSentence({ port = 0 }: FailedCall, plan: StartPlan): string {
  const holder = holderOfPort(port);
  const who = holder === undefined ? "another process" : `${holder.name} (process ${holder.processId})`;
  const another = port < 65_535 ? `--port ${port + 1} or ` : "";
  return `Port ${port}${listenersFrom(plan, port)} is in use by ${who}; stop it, or choose another port with ${another}--port auto.`;
}

function listenSentence({ code, host, port }: FailedCall, plan: StartPlan, message: string): string {
  const place = listenersFrom(plan, port);
  switch (code) {
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `${host ?? plan.host}${place} is not an address of this machine; choose another with --host.`;
    case "EACCES":
    case "EPERM":
      return `Listening on port ${port ?? plan.port}${place} is not permitted; choose another port with --port 9092 or --port auto.`;
    default:
      return `Listening on ${host ?? plan.host}, port ${port ?? plan.port}${place}, is not possible (${message}); choose others with --host and --port.`;
  }
}

function refusedSentence(error: unknown, plan: StartPlan): string {
  const folder = plan.data === "memory" ? "A file" : `The data folder ${dataFolder(plan)}`;
  return `${folder} cannot be written to (${messageOf(error)}); choose another with --data, or none with --memory.`;
}
