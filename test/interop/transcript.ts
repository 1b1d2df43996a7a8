// A transcript: invocations of tools in the words of a shell, and what each printed, without what differs from run to run.
//
//   topics --create --topic a            a tool and its arguments; --bootstrap-server is added unless it is there as $B
//   console-producer --topic a <<< 1\n2\n    with stdin
//   ~ topics --list                      the order of lines says nothing
//   delete-records --offset-json-file @{"partitions":…}    a file with this text
//   + one consume a --group g              a member that comes, and - one that goes: see transcript-members.ts

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CACHE } from "./broker-under-test.ts";
import type { Observation } from "./compare.ts";
import { normalise } from "./java-tools.ts";
import type { Outcome } from "./processes.ts";
import { TranscriptMembers } from "./transcript-members.ts";

export type RunTool = (tool: string, args: readonly string[], stdin: string) => Promise<Outcome>;

/** Kafka tells its brokers of changes after it has answered, and there is no sign by which a tool could wait for that. */
const CHANGING = /--(create|alter|delete|add|remove|execute)\b/;
const SETTLE_MS = 100;

/** Runs the lines in order; gives what each printed, with its exit code. */
export async function transcribe(lines: readonly string[], bootstrap: string, run: RunTool): Promise<Observation> {
  const members = new TranscriptMembers(bootstrap);
  try {
    return await transcribeWith(members, lines, { bootstrap, run });
  } finally {
    await members.stop();
  }
}

interface Running {
  readonly bootstrap: string;
  readonly run: RunTool;
}

async function transcribeWith(members: TranscriptMembers, lines: readonly string[], { bootstrap, run }: Running): Promise<Observation> {
  const observed: [string, Observation][] = [];
  for (const [index, line] of lines.entries()) {
    const [sign, name = "", ...args] = line.split(" ");
    if (sign === "+") await members.join(name, args);
    if (sign === "-") await members.leave(name);
    if (sign === "+" || sign === "-") continue;
    const isUnordered = line.startsWith("~ ");
    const [command = "", stdin = ""] = (isUnordered ? line.slice(2) : line).split(" <<< ");
    const [tool = "", ...words] = wordsOf(command).map((word) => (word.startsWith("@") ? fileWith(word.slice(1)) : word));
    const hasBootstrap = words.some((word) => word.startsWith("--bootstrap-server") || word === "--no-bootstrap");
    const address = ["--bootstrap-server", bootstrap];
    const given = hasBootstrap
      ? words.filter((word) => word !== "--no-bootstrap").map((word) => word.replace("$B", bootstrap))
      : [...address, ...words];
    if (observed.length > 0 && CHANGING.test(lines[index - 1] ?? "")) await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const outcome = await run(tool, given, stdin.replaceAll("\\n", "\n").replaceAll("\\t", "\t"));
    const stdout = tidied(outcome.stdout, tool);
    observed.push([
      `${index + 1}: ${line}`,
      { exitCode: outcome.exitCode, stdout: isUnordered ? stdout.toSorted() : stdout, stderr: tidied(withoutHelp(outcome.stderr), tool) },
    ]);
  }
  return Object.fromEntries(observed);
}

function wordsOf(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");
}

let fileCount = 0;

function fileWith(text: string): string {
  const folder = join(CACHE, "transcript");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${fileCount++}.json`);
  writeFileSync(path, text.replaceAll("\\n", "\n"));
  return path;
}

/** The table of options that follows a complaint about arguments. */
function withoutHelp(text: string): string {
  const at = text.search(/^Option(?: \(\* = required\))?\s+Description/m);
  return at < 0 ? text : text.slice(0, at);
}

/** Kafka's tools print a set of options in the order of their addresses. */
function sorted(list: string): string {
  return `[[${list.slice(2, -2).split("], [").toSorted().join("], [")}]]`;
}

/** Sizes, offsets of metadata, times, ids and folders are each broker's own. */
function tidied(text: string, tool: string): string[] {
  return (
    normalise(text)
      .filter((line) => !/^(java\.|joptsimple\.|org\.apache\.kafka\.[a-z.]*[A-Z]\w+Exception|Suppressed: |com\.fasterxml)/.test(line))
      .map((line) =>
        line
          .replace(/"size":\d+/g, '"size":<size>')
          .replace(/("logDir":|"log_dirs":\[)"[^"]*"/g, '$1"<folder>"')
          .replace(/\[\[[^"]*?\]\]/g, sorted)
          .replace(/\b1\d{12}\b/g, "<ms>")
          .replace(/Epoch: \d+/g, "Epoch: <epoch>")
          .replace(/(for client id|resource|config for) [A-Za-z0-9_-]{22}\b/g, "$1 <id>")
          .replace(/((?:ClusterId|LeaderEpoch|HighWatermark|MaxFollowerLagTimeMs|Cluster ID): *)\S+/g, "$1<value>")
          .replace(/"directoryId": ?"[^"]*"/g, '"directoryId": "<id>"')
          // Kind by default: 0 on Odradek.
          .replace(/(DEFAULT_CONFIG:group\.consumer\.assignment\.interval\.ms=)\d+/g, "$1<ms>")
          // Odradek has no listener for controllers: its quorum is what it answers clients with.
          .replace(/(CONTROLLER|PLAINTEXT):\/+<address>/g, "<listener>")
          .replace(/^(\d+ 127\.0\.0\.1) \d+ /, "$1 <port> ")
          .replace(/^(\d+) [A-Za-z0-9_-]{22} \d+/, "$1 <id> <offset>")
          .replace(/[^\s"]*\/(?:[\w.-]+\/)+[\w.-]+/g, "<path>"),
      )
      // Ids that members of the newer protocol have made for themselves.
      .map((line) => (OF_GROUPS.test(tool) ? line.replace(/(?<= )[\w-]{22}(?= )/g, "<member>") : line))
      .flatMap((line) => (tool === "broker-api-versions" ? versionLines(line) : [line]))
      .filter((line) => !WITHOUT_QUORUM.test(line))
  );
}

const OF_GROUPS = /^(consumer|share|streams)-groups$/;

/** Left out on both sides: the feature whose 1 stands for voters that come and go, which a broker without a quorum does not have. */
const WITHOUT_QUORUM = /^Feature: kraft\.version /;

/** Odradek serves older versions than Kafka 4 does, for clients that never got newer ones: what counts is the version that is used. */
function versionLines(line: string): string[] {
  return [line.replace(/: (?:\d+ to )?\d+ \[usable: (\d+)\]/, ": usable $1").replace(/,$/, "")];
}
