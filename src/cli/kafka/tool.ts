// What a shim is, and how one is run: its flags are read, its work is done over the brokers it names, and what goes wrong is said as
// Kafka's own tool says it.

import { readFileSync } from "node:fs";
import { VERSION } from "../../base/version.ts";
import { Brokers } from "../../client/brokers.ts";
import { codeOf, messageOf, NotLetIn } from "../../client/client-error.ts";
import type { Access } from "../../client/connection.ts";
import { parseProperties as parseJavaProperties } from "../../config/properties-file.ts";
import type { Terminal } from "../terminal.ts";
import { accessOf } from "./client-access.ts";
import { type Flag, FlagError, Flags, helpOf } from "./flags.ts";
import { javaTrace } from "./java-error.ts";

/** The release whose tools the shims follow. */
export const KAFKA_VERSION = "4.3.1";

export interface Io {
  readonly terminal: Terminal;
  /** Settles when the user asks to stop. */
  readonly stopping: Promise<void>;
  out(line: string): void;
  error(line: string): void;
  /** As Kafka's tools log it on stderr. */
  logError(error: unknown): void;
}

export interface Tool {
  readonly purpose: string;
  readonly flags: readonly Flag[];
  /** Its subcommands: one of them stands among the arguments, and comes first in what `run` is given as `argv`. */
  readonly commands?: readonly string[];
  /** Gives the exit code. Raises FlagError for wrong arguments. */
  run(flags: Flags, io: Io, argv: readonly string[]): Promise<number>;
  /** Says what `run` raised and gives the exit code. Default: its message on stderr, 1. */
  readonly failed?: (error: unknown, io: Io, argv: readonly string[]) => number;
  /** What it calls itself where it reads its arguments by argparse, without subcommands. */
  readonly argparse?: string;
  /** Around the sentence about a subcommand that is missing or unknown, where it is not Kafka's usual one. */
  readonly argumentError?: (sentence: string) => string;
  /** Where its own errors about arguments say more before the sentence. */
  readonly flagErrorPrefix?: string;
}

export const HELP: Flag = { name: "help", help: "print this help" };
export const TOOL_VERSION: Flag = { name: "version", help: "print the version" };

export async function runTool(
  name: string,
  tool: Tool,
  argv: readonly string[],
  context: Pick<Io, "terminal" | "stopping">,
): Promise<number> {
  const io = ioOf(name, context);
  const known = [...tool.flags, HELP, TOOL_VERSION];
  const help = helpOf(tool.purpose, known);
  try {
    if (tool.argparse !== undefined && argv.length === 0) {
      io.out(help);
      return 0;
    }
    const isAbbreviable = tool.commands !== undefined || tool.argparse !== undefined;
    const flags = new Flags(known, argv, { isAbbreviable, argparse: tool.argparse });
    if (flags.has("help")) {
      context.terminal.error(help);
      return 1;
    }
    if (flags.has("version")) {
      io.out(`${KAFKA_VERSION} (Odradek ${VERSION})`);
      return 0;
    }
    return await tool.run(
      flags,
      io,
      tool.commands === undefined
        ? argv
        : commandFirst(tool.commands, flags.words, tool.argumentError ?? ((sentence) => `${name}: error: ${sentence}`)),
    );
  } catch (error) {
    if (error instanceof FlagError) {
      io.error(`${tool.flagErrorPrefix ?? ""}${error.message}`);
      if (!error.isTerse) context.terminal.error(help);
      return 1;
    }
    if (tool.failed !== undefined) return tool.failed(error, io, argv);
    io.error(error instanceof NotLetIn ? javaTrace(error) : messageOf(error));
    return 1;
  }
}

/** Raises FlagError for a subcommand that is missing or unknown. */
function commandFirst(
  commands: readonly string[],
  words: readonly string[],
  argumentError: (sentence: string) => string,
): readonly string[] {
  const [word] = words;
  if (word === undefined) throw new FlagError(argumentError("too few arguments"));
  if (commands.includes(word)) return words;
  const known = commands.map((command) => `'${command}'`).join(", ");
  throw new FlagError(argumentError(`invalid choice: '${word}' (choose from ${known})`));
}

/** Over `--bootstrap-server`, or `--bootstrap-controller`. Raises FlagError where both are missing, or the client settings ask for what we cannot do. */
export async function withBrokers<Result>(flags: Flags, work: (brokers: Brokers) => Promise<Result>): Promise<Result> {
  const servers = flags.get("bootstrap-server") ?? flags.get("bootstrap-controller");
  if (servers === undefined) throw new FlagError('Missing required argument "[bootstrap-server]"');
  const path = flags.get("command-config") ?? flags.get("admin.config");
  const brokers = brokersAt(servers, path === undefined ? {} : accessOf(clientSettings(path), path));
  try {
    return await work(brokers);
  } finally {
    await brokers.close();
  }
}

function brokersAt(servers: string, access: Access): Brokers {
  try {
    return new Brokers(servers, { access });
  } catch (error) {
    throw new FlagError(`Failed to create new KafkaAdminClient\n${messageOf(error)}`, { isTerse: true });
  }
}

/** The settings of a client's properties file. */
export function clientSettings(path: string | undefined): ReadonlyMap<string, string> {
  return new Map(path === undefined ? [] : parseJavaProperties(readTextFile(path)).map(({ key, value }) => [key, value]));
}

export function readTextFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new FlagError(codeOf(error) === "ENOENT" ? path : messageOf(error), { isTerse: true });
  }
}

export function parseProperties(text: string): Map<string, string> {
  const settings = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const [, name, value = ""] = /^\s*([^#!\s=:][^=:\s]*)\s*[=:]?\s*(.*?)\s*$/.exec(line) ?? [];
    if (name !== undefined) settings.set(name, value);
  }
  return settings;
}

function ioOf(name: string, context: Pick<Io, "terminal" | "stopping">): Io {
  const { terminal } = context;
  const error = (line: string) => terminal.error(`${line}\n`);
  const out = (line: string) => terminal.out(`${line}\n`);
  const now = () => new Date().toISOString().replace("T", " ").replace(".", ",").replace("Z", "");
  return {
    terminal,
    // A getter: most tools never ask, and a signal simply ends them.
    get stopping() {
      return context.stopping;
    },
    out,
    error,
    logError: (raised) => error(`[${now()}] ERROR ${javaTrace(raised)} (${name})`),
  };
}
