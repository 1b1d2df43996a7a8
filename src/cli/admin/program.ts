// `odradek topics|groups|configs|records|transactions|cluster|log|strays|repair|settings …`: administration in our own words. What each does is in commands/.

import { Command, CommanderError } from "commander";
import { Brokers } from "../../client/brokers.ts";
import { ClientError } from "../../client/client-error.ts";
import { Refusal } from "../../client/refusal.ts";
import { commandAccess } from "../command-access.ts";
import { ExitCode, exitCodeOf } from "../command-error.ts";
import type { Terminal } from "../terminal.ts";
import type { Admin, AdminOptions } from "./command-group.ts";

const DEFAULT_BOOTSTRAP_SERVER = "localhost:9092";

export const ADMIN_COMMANDS: { readonly [name: string]: () => Promise<(program: Command, admin: Admin) => void> } = {
  topics: async () => (await import("./commands/topics.ts")).addTopics,
  groups: async () => (await import("./commands/groups.ts")).addGroups,
  configs: async () => (await import("./commands/configs.ts")).addConfigs,
  records: async () => (await import("./commands/records.ts")).addRecords,
  transactions: async () => (await import("./commands/transactions.ts")).addTransactions,
  cluster: async () => (await import("./commands/cluster.ts")).addCluster,
  log: async () => (await import("./commands/log.ts")).addLog,
  strays: async () => (await import("./commands/strays.ts")).addStrays,
  repair: async () => (await import("./commands/strays.ts")).addRepair,
  settings: async () => (await import("./commands/settings.ts")).addSettings,
};

/** `argv` begins with one of ADMIN_COMMANDS. Gives the exit code. */
export async function runAdmin(argv: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const program = new Command("odradek")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.error(text.replace(/^error: /, "odradek: ")) })
    .exitOverride();
  try {
    const addTo = await ADMIN_COMMANDS[argv[0] ?? ""]?.();
    addTo?.(program, { terminal, add: addCommand });
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.OK : ExitCode.USAGE;
    if (!(error instanceof ClientError)) throw error;
    terminal.error(`odradek: ${error instanceof Refusal ? `${error.sentence ?? error.message}` : error.message}\n`);
    return exitCodeOf(error);
  }
  return ExitCode.OK;
}

function addCommand<Given extends AdminOptions>(
  parent: Command,
  usage: string,
  work: (brokers: Brokers, given: Given, args: readonly string[]) => Promise<void>,
): Command {
  return parent
    .command(usage)
    .helpOption("-h, --help", "print this help")
    .exitOverride()
    .option("-b, --bootstrap-server <host:port>", "broker to talk to", DEFAULT_BOOTSTRAP_SERVER)
    .option("--command-config <file>", "a properties file of client settings: TLS and logins")
    .option("--json", "print JSON")
    .action(async function act(this: Command) {
      const given: Given = this.opts();
      const access = given.commandConfig === undefined ? undefined : commandAccess(given.commandConfig);
      const brokers = new Brokers(given.bootstrapServer, { access });
      try {
        await work(brokers, given, this.args);
      } finally {
        await brokers.close();
      }
    });
}
