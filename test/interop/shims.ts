// Our shims beside Kafka's own tools: the same lines, run by both on one broker and on things of other names, must print the same.

import { expect } from "vitest";
import { NODE, ROOT } from "./broker-under-test.ts";
import { type Outcome, run } from "./processes.ts";
import type { ToolRunner } from "./tool-runner.ts";
import { type RunTool, transcribe } from "./transcript.ts";

/** Of equal length, since tables are as wide as names. They stand in lines where "%" is. */
const NAMES = { java: "jvm-", shim: "our-" } as const;

export async function compareShims(tools: ToolRunner, bootstrap: string, lines: readonly string[]): Promise<void> {
  const expected = await observe({ bootstrap, lines, prefix: NAMES.java }, (tool, args, stdin) => tools.run(tool, args, stdin));
  const observed = await observe({ bootstrap, lines, prefix: NAMES.shim }, runShim);
  expect(observed, "as Kafka's own tools").toEqual(expected);
}

export function runShim(tool: string, args: readonly string[], stdin: string): Promise<Outcome> {
  return run(NODE, [`${ROOT}/scripts/odradek.cjs`, `kafka-${tool}`, ...args], { stdin });
}

interface Transcript {
  readonly bootstrap: string;
  readonly lines: readonly string[];
  readonly prefix: string;
}

/** Of stderr only the first line that is no log counts: a table of options or a stack trace may follow, which are each one's own. */
async function observe({ bootstrap, lines, prefix }: Transcript, runTool: RunTool): Promise<unknown> {
  const first: RunTool = async (...call) => {
    const outcome = await runTool(...call);
    const said = outcome.stderr.split("\n").filter((line) => line.trim() !== "" && !/^\[\d|^Caused by: |KIP-848/.test(line));
    return { ...outcome, stderr: said[0] ?? "" };
  };
  const own = lines.map((line) => line.replaceAll("%", prefix));
  return JSON.parse(JSON.stringify(await transcribe(own, bootstrap, first)).replaceAll(prefix, "%"));
}
