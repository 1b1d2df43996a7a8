import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { VERSION } from "../../src/base/version.ts";
import { CommandError, ExitCode } from "../../src/cli/command-error.ts";
import { type Commands, runProgram } from "../../src/cli/program.ts";
import { FakeTerminal } from "./fake-terminal.ts";

async function run(argv: readonly string[], failure?: unknown) {
  const terminal = new FakeTerminal();
  const calls: unknown[][] = [];
  const called =
    (name: string) =>
    (...given: unknown[]) => {
      calls.push([name, ...given]);
      return failure === undefined ? Promise.resolve(ExitCode.OK) : Promise.reject(failure);
    };
  const commands: Commands = { start: called("start"), run: called("run"), produce: called("produce"), consume: called("consume") };
  const exitCode = await runProgram(argv, commands, terminal);
  return { exitCode, calls, ...terminal };
}

test("without a command a broker starts", async () => {
  expect((await run([])).calls).toEqual([["start", {}]]);
  expect((await run(["--memory", "-p", "auto"])).calls).toEqual([["start", { memory: true, port: "auto" }]]);
});

test("what follows run and its options is a command with options of its own", async () => {
  const given = { topic: ["orders:3"], brokers: "3" };
  expect((await run(["run", "-t", "orders:3", "--brokers", "3", "--", "npm", "test", "-t", "x"])).calls).toEqual([
    ["run", ["npm", "test", "-t", "x"], given],
  ]);
  expect((await run(["run", "npm", "test", "--brokers"])).calls).toEqual([["run", ["npm", "test", "--brokers"], {}]]);
});

test("options may be repeated", async () => {
  const { calls } = await run(["start", "-t", "a", "--topic", "b:2", "-s", "x=1", "--set", "y=2"]);
  expect(calls).toEqual([["start", { topic: ["a", "b:2"], set: ["x=1", "y=2"] }]]);
});

test("produce and consume take a topic and know where the broker is", async () => {
  expect((await run(["produce", "t", "-k"])).calls).toEqual([["produce", "t", { bootstrapServer: "localhost:9092", key: true }]]);
  expect((await run(["consume", "t", "-f", "-n", "3", "-b", "h:1"])).calls).toEqual([
    ["consume", "t", { bootstrapServer: "h:1", fromBeginning: true, maxMessages: "3" }],
  ]);
});

test("the version is the package's", async () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"));
  expect(VERSION).toBe(version);
  expect(await run(["--version"])).toMatchObject({ exitCode: ExitCode.OK, output: `${version}\n`, calls: [] });
});

test("help names every command with examples and ends well", async () => {
  const { exitCode, output, calls } = await run(["--help"]);
  expect(exitCode).toBe(ExitCode.OK);
  for (const word of ["start", "produce", "consume", "Examples:", "--memory"]) expect(output).toContain(word);
  expect(calls).toEqual([]);
  expect((await run(["start", "--help"])).output).toContain("Exit codes: 0 stopped, 1 failed, 2 wrong arguments, 3 port in use");
});

test.each<[string, string[], string]>([
  ["an unknown command", ["strat"], "odradek: Unknown command strat; did you mean start?\n"],
  ["an unknown option", ["--prot", "1"], "odradek: unknown option '--prot'\n(Did you mean --port?)\n"],
  ["an option without its value", ["start", "--port"], "odradek: option '-p, --port <port>' argument missing\n"],
  ["a missing topic", ["consume"], "odradek: missing required argument 'topic'\n"],
  ["a log level that is none", ["--log-level", "loud"], "Allowed choices are silent, error, warn, info, debug."],
])("%s is a usage error in one sentence", async (_, argv, words) => {
  const { exitCode, errors, calls } = await run(argv);
  expect(errors).toContain(words);
  expect([exitCode, calls]).toEqual([ExitCode.USAGE, []]);
});

test("what a command refuses is said in one line, with its exit code", async () => {
  const { exitCode, errors } = await run([], new CommandError("Port 9092 is in use.", ExitCode.PORT_IN_USE));
  expect([exitCode, errors]).toEqual([ExitCode.PORT_IN_USE, "odradek: Port 9092 is in use.\n"]);
});

test("what nobody foresaw keeps its stack trace", async () => {
  await expect(run([], new TypeError("x is not a function"))).rejects.toThrow("x is not a function");
});
