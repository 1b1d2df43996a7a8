// `kafka-metadata-quorum add-controller | remove-controller`: voters that come and go. Odradek answers both as a cluster without a quorum does.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { addRaftVoter } from "../../../protocol/messages/80-add-raft-voter.ts";
import { removeRaftVoter } from "../../../protocol/messages/81-remove-raft-voter.ts";
import { failOn } from "../../client/refusal.ts";
import { CommandError } from "../command-error.ts";
import { FlagError, type Flags } from "./flags.ts";
import { type Io, parseProperties, readTextFile, withBrokers } from "./tool.ts";

const UUID = /^[A-Za-z0-9_-]{22}$/;
const UUID_BYTES = 16;
const TIMEOUT_MS = 60_000;

export async function removeController(flags: Flags, io: Io, refuse: (sentence: string) => FlagError): Promise<number> {
  for (const [name, letter] of [
    ["controller-id", "i"],
    ["controller-directory-id", "d"],
  ] as const)
    if (!flags.has(name)) throw refuse(`argument --${name}/-${letter} is required`);
  const voterId = flags.whole("controller-id") ?? -1;
  const voterDirectoryId = flags.get("controller-directory-id") ?? "";
  if (voterId < 0) throw new FlagError(`Invalid negative --controller-id: ${voterId}`, { isTerse: true });
  const fault = uuidFault(voterDirectoryId);
  if (fault !== undefined) throw new FlagError(`Failed to parse --controller-directory-id: ${fault}`, { isTerse: true });
  const isDryRun = flags.has("dry-run");
  if (!isDryRun)
    await withBrokers(flags, async (brokers) => {
      const answer = await brokers.ask(removeRaftVoter, 0, { clusterId: null, voterId, voterDirectoryId });
      failOn(answer.errorCode, "the voter", answer.errorMessage);
    });
  io.out(`${isDryRun ? "DRY RUN of removing" : "Removed"} KRaft controller ${voterId} with directory id ${voterDirectoryId}`);
  return 0;
}

/** What it adds stands in the controller's own properties file and in its folder of metadata. */
export async function addController(flags: Flags, io: Io): Promise<number> {
  const path = flags.get("command-config");
  if (path === undefined)
    throw new CommandError("You must supply the configuration file of the controller you are adding when using add-controller.");
  const controller = readController(parseProperties(readTextFile(path)));
  const { voterId, voterDirectoryId, listeners } = controller;
  const isDryRun = flags.has("dry-run");
  if (!isDryRun)
    await withBrokers(flags, async (brokers) => {
      const answer = await brokers.ask(addRaftVoter, 1, { clusterId: null, timeoutMs: TIMEOUT_MS, voterId, voterDirectoryId, listeners });
      failOn(answer.errorCode, "the voter", answer.errorMessage);
    });
  const endpoints = listeners.map(({ name, host, port }) => `${name}://${host}:${port}`).join(", ");
  const did = isDryRun ? "DRY RUN of adding" : "Added";
  io.out(`${did} controller ${voterId} with directory id ${voterDirectoryId} and endpoints: ${endpoints}`);
  return 0;
}

interface Controller {
  readonly voterId: number;
  readonly voterDirectoryId: string;
  readonly listeners: { readonly name: string; readonly host: string; readonly port: number }[];
}

/** Raises CommandError for what is no controller. */
function readController(settings: ReadonlyMap<string, string>): Controller {
  const wrong = (what: string) => new CommandError(`${what} Is this a valid controller configuration file?`);
  const id = settings.get("node.id");
  if (id === undefined) throw wrong("node.id not found in configuration file.");
  if (Number(id) < 0) throw wrong("node.id was negative in configuration file.");
  if (!(settings.get("process.roles") ?? "").split(",").includes("controller"))
    throw wrong("process.roles did not contain 'controller' in configuration file.");
  const folder = settings.get("metadata.log.dir") ?? settings.get("log.dirs")?.split(",")[0] ?? settings.get("log.dir");
  if (folder === undefined) throw wrong("Neither metadata.log.dir nor log.dirs were found.");
  const names = settings.get("controller.listener.names")?.split(",");
  if (names === undefined) throw wrong("controller.listener.names was not found.");
  return { voterId: Number(id), voterDirectoryId: directoryId(folder.trim()), listeners: listenersOf(settings, names) };
}

function directoryId(folder: string): string {
  const path = join(folder, "meta.properties");
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new CommandError(`Unable to read meta.properties from ${folder}`);
  }
  const id = parseProperties(text).get("directory.id");
  if (id === undefined || uuidFault(id) !== undefined) throw new CommandError(`No directory.id was found in ${path}`);
  return id;
}

/** Those of the names, where they are advertised before where they are opened. */
function listenersOf(settings: ReadonlyMap<string, string>, names: readonly string[]): Controller["listeners"] {
  const addresses = [...texts(settings.get("advertised.listeners")), ...texts(settings.get("listeners"))];
  const found = addresses.flatMap((text) => {
    const [, name = "", host = "", port = ""] = /^([^:]+):\/\/(.*):(\d+)$/.exec(text) ?? [];
    return names.some((known) => known.trim() === name) ? [{ name, host: host === "" ? "localhost" : host, port: Number(port) }] : [];
  });
  return found.filter(({ name }, index) => found.findIndex((other) => other.name === name) === index);
}

function texts(list: string | undefined): string[] {
  return (list ?? "").split(",").map((text) => text.trim());
}

/** In Java's words. */
function uuidFault(text: string): string | undefined {
  if (text.length > 24) return `Input string with prefix \`${text.slice(0, 24)}\` is too long to be decoded as a base64 UUID`;
  if (text.length < 2) return "Input byte[] should at least have 2 bytes for base64 bytes";
  const bytes = Buffer.from(text, "base64url").length;
  if (bytes !== UUID_BYTES || !UUID.test(text))
    return `Input string \`${text}\` decoded as ${bytes} bytes, which is not equal to the expected 16 bytes of a base64-encoded UUID`;
  return undefined;
}
