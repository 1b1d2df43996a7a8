// What the files in commands/ add their commands with.

import type { Command } from "commander";
import type { Brokers } from "../../client/brokers.ts";
import type { Terminal } from "../terminal.ts";

export interface AdminOptions {
  readonly bootstrapServer: string;
  readonly commandConfig?: string;
  readonly json?: boolean;
}

export interface Admin {
  readonly terminal: Terminal;
  /** Adds `name` to `parent`, with `--bootstrap-server` and `--json`; `work` gets the brokers and what was given. */
  add<Given extends AdminOptions>(
    parent: Command,
    usage: string,
    work: (brokers: Brokers, given: Given, args: readonly string[]) => Promise<void>,
  ): Command;
}

export function group(program: Command, name: string, description: string): Command {
  return program.command(name).description(description).helpOption("-h, --help", "print this help").helpCommand(false).exitOverride();
}
