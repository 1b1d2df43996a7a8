// The command line as people see it: commands, options and their help.

import { Command, CommanderError, Option } from "commander";
import { VERSION } from "../base/version.ts";
import { ClientError } from "../client/client-error.ts";
import { nearestName } from "../config/nearest-name.ts";
import { ExitCode, exitCodeOf, usageError } from "./command-error.ts";
import type { ConsumeArguments } from "./consume.ts";
import { LOG_LEVELS } from "./log-level.ts";
import type { ProduceArguments } from "./produce.ts";
import type { StartArguments } from "./start-plan.ts";
import type { Terminal } from "./terminal.ts";

export interface Commands {
  start(given: StartArguments): Promise<ExitCode>;
  /** Gives the exit code of the command. */
  run(command: readonly string[], given: StartArguments): Promise<number>;
  produce(topic: string, given: ProduceArguments): Promise<ExitCode>;
  consume(topic: string, given: ConsumeArguments): Promise<ExitCode>;
}

/** Served by a bundle of their own (tools.ts), which the script calls instead of this one. */
export const TOOL_COMMANDS = [
  "topics",
  "groups",
  "configs",
  "records",
  "transactions",
  "cluster",
  "log",
  "strays",
  "repair",
  "settings",
] as const;

const DEFAULT_BOOTSTRAP_SERVER = "localhost:9092";

/** Runs the command that `argv` names (without node and script) and gives the process's exit code. */
export async function runProgram(argv: readonly string[], commands: Commands, terminal: Terminal): Promise<number> {
  let exitCode: number = ExitCode.OK;
  const program = buildProgram(commands, terminal, (code) => {
    exitCode = code;
  });
  try {
    refuseUnknownCommand(argv[0], program);
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.OK : ExitCode.USAGE;
    if (!(error instanceof ClientError)) throw error;
    terminal.error(`odradek: ${error.message}\n`);
    return exitCodeOf(error);
  }
  return exitCode;
}

/** `start` is what runs without a command, and would take the word for an argument of its own. */
function refuseUnknownCommand(word: string | undefined, program: Command): void {
  if (word === undefined || word.startsWith("-")) return;
  const names = [...program.commands.map((command) => command.name()), ...TOOL_COMMANDS];
  if (names.includes(word)) return;
  const nearest = nearestName(word, names);
  const hint = nearest === undefined ? `there are ${names.join(", ")}` : `did you mean ${nearest}?`;
  throw usageError(`Unknown command ${word}; ${hint}`);
}

function buildProgram(commands: Commands, terminal: Terminal, done: (code: number) => void): Command {
  const program = new Command("odradek")
    .description("A message broker that speaks Apache Kafka's wire protocol and starts in a blink.")
    .version(VERSION, "-v, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand(false)
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.error(text.replace(/^error: /, "odradek: ")),
    })
    .exitOverride()
    .enablePositionalOptions()
    .addHelpText("after", EXAMPLES);
  addStart(program, commands, done);
  addRun(program, commands, done);
  addProduce(program, commands, done);
  addConsume(program, commands, done);
  return program;
}

function addStart(program: Command, commands: Commands, done: (code: number) => void): void {
  subcommand(program, "start", { isDefault: true })
    .description("run a broker until Ctrl-C (what odradek does without a command)")
    .option("-p, --port <port>", "port to listen on, 9092 by default; auto takes a free one")
    .option("--brokers <count>", "a cluster of that many in this process; ports count up, or give one each: --port 9092,9095,9098")
    .option("--workers <count>", "use so many threads, each a broker with its own port; auto: one a core")
    .option("--rack <a,b,…>", "racks of the brokers, in turn")
    .option("--host <host>", "address to listen on, localhost by default")
    .option("-d, --data <folder>", "folder for data, .odradek by default")
    .option("--cluster <url>", "be one broker of a cluster of machines: its database, postgres://…")
    .option("--objects <url>", "with --cluster: where its records are, s3://bucket/prefix")
    .option("--node-id <number>", "id of this broker, 1 by default; with --cluster one that is free")
    .option("-m, --memory", "keep data in memory only")
    .option("--max-memory <size>", "let the process take no more memory than this, as 512m or 2g, and slow clients down before")
    .option("-t, --topic <name[:partitions[:key=value,…]]>", "make a topic if it does not exist; repeatable", gather)
    .option("-u, --user <name:password>", "let this user log in, and nobody without; repeatable", gather)
    .option("--acl <rule>", "who may do what, and nothing else: 'User:alice allow read topic orders*'; repeatable", gather)
    .option("--tls", "speak TLS, with certificates of an authority that is made in the data folder")
    .option("--http-port <port>", "answer HTTP (metrics, health) there and not on the port for clients; auto takes a free one")
    .option("--registry-port <port>", "answer for the schema registry there as well; auto takes a free one")
    .addOption(new Option("--http").hideHelp())
    .option("--no-http", "answer no HTTP")
    .option("-s, --set <key=value>", "set any of Kafka's broker settings; repeatable", gather)
    .option("-c, --config <file>", "read settings from a server.properties file")
    .option("--like <broker>", "kafka: keep Apache Kafka's own delays and defaults")
    .option("--json", "one ready event, then the log, as JSON on stdout")
    .option("-q, --quiet", "no banner, errors only")
    .addOption(new Option("--log-level <level>", "what to log, info by default").choices(LOG_LEVELS))
    .option("--ports-file <file>", "write the addresses there once the broker is ready")
    .addHelpText("after", START_NOTES)
    .action(async (given: StartArguments) => done(await commands.start(given)));
}

function addRun(program: Command, commands: Commands, done: (code: number) => void): void {
  subcommand(program, "run")
    .description("run a command with a broker of its own, and end with its exit code: odradek run -- npm test")
    .argument("<command...>", "finds the broker in KAFKA_BROKERS, BOOTSTRAP_SERVERS and the like")
    .option("-p, --port <port>", "port to listen on, any free one by default")
    .option("--brokers <count>", "a cluster of that many")
    .option("--rack <a,b,…>", "racks of the brokers, in turn")
    .option("-d, --data <folder>", "folder for data, which is in memory by default")
    .option("-t, --topic <name[:partitions[:key=value,…]]>", "make a topic first; repeatable", gather)
    .option("-u, --user <name:password>", "let this user log in, and nobody without; repeatable", gather)
    .option("--acl <rule>", "who may do what, and nothing else: 'User:alice allow read topic orders*'; repeatable", gather)
    .option("-s, --set <key=value>", "set any of Kafka's broker settings; repeatable", gather)
    .option("-c, --config <file>", "read settings from a server.properties file")
    .option("--like <broker>", "kafka: keep Apache Kafka's own delays and defaults")
    .passThroughOptions()
    .action(async (command: readonly string[], given: StartArguments) => done(await commands.run(command, given)));
}

function addProduce(program: Command, commands: Commands, done: (code: number) => void): void {
  subcommand(program, "produce")
    .description("send each line of stdin as a record")
    .argument("<topic>", "made when it does not exist")
    .option("-b, --bootstrap-server <host:port>", "broker to talk to", DEFAULT_BOOTSTRAP_SERVER)
    .option("--command-config <file>", "a properties file of client settings: TLS and logins")
    .option("-k, --key [separator]", 'lines are "key:value"; another separator may be given')
    .option("--json", 'lines are JSON objects with "value", and if wanted "key" and "headers"')
    .option("--partition <number>", "send to this partition only")
    .action(async (topic: string, given: ProduceArguments) => done(await commands.produce(topic, given)));
}

function addConsume(program: Command, commands: Commands, done: (code: number) => void): void {
  subcommand(program, "consume")
    .description("print records as they come, one a line")
    .argument("<topic>")
    .option("-b, --bootstrap-server <host:port>", "broker to talk to", DEFAULT_BOOTSTRAP_SERVER)
    .option("--command-config <file>", "a properties file of client settings: TLS and logins")
    .option("-f, --from-beginning", "begin with the oldest record instead of the next one")
    .option("-k, --key [separator]", 'print "key:value"; another separator may be given')
    .option("--json", "print JSON objects with offset, timestamp, key, value and headers")
    .option("--partition <number>", "read this partition only")
    .option("--regex", "the topic is a regular expression of RE2's syntax: read all topics of such names")
    .option("-g, --group <name>", "go on where this group stopped, and remember how far it came")
    .option("--protocol <protocol>", "with --group: classic (default), or consumer, the newer one of Kafka 4")
    .option("--group-instance-id <name>", "with --group: be this static member of the group")
    .option("-n, --max-messages <count>", "end after so many records")
    .option("--timeout <ms>", "end when no record comes for so long")
    .action(async (topic: string, given: ConsumeArguments) => done(await commands.consume(topic, given)));
}

function subcommand(program: Command, name: string, options: { isDefault?: boolean } = {}): Command {
  return program.command(name, options).helpOption("-h, --help", "print this help").exitOverride();
}

function gather(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}

const EXAMPLES = `
Examples:
  odradek                                     a broker on localhost:9092, data in ./.odradek
  odradek start --memory --port auto          nothing on disk, any free port
  odradek start --topic orders:3              with a topic of three partitions
  odradek --brokers 3                         a cluster on ports 9092 to 9094
  odradek --workers auto                      a thread for each core, on as many ports
  odradek run -- npm test                     a broker for one command
  echo hello | odradek produce greetings      without any client
  odradek consume greetings --from-beginning

Administration, each with --help and --json:
  odradek topics|groups|configs|records|transactions|cluster|log
  odradek strays|repair                       a data folder after damage: what no topic knows, and lost metadata
  odradek settings [PATTERN]                  every setting: type, default, permitted values, effect
  odradek kafka-topics --bootstrap-server …   as Kafka's own script, without a JVM; likewise kafka-configs, kafka-consumer-groups, …

Options of start may be given without its name; "odradek start --help" lists them.
It needs no account, calls no network and collects nothing.
`;

const START_NOTES = `
Settings: --set takes any of Kafka's; "odradek settings" lists them all, "odradek settings log.retention.ms" explains one.
An argument wins over the environment (KAFKA_LOG_RETENTION_HOURS=1, as Kafka's images take it), that over the file.
Exit codes: 0 stopped, 1 failed, 2 wrong arguments, 3 port in use. A second Ctrl-C ends without draining.

Examples:
  odradek start --topic orders:3:retention.ms=60000 --topic state:1:compact
  odradek start --set auto.create.topics.enable=false --set num.partitions=3
  odradek start --config server.properties --like kafka
`;
