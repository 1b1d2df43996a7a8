// Odradek, Apache Kafka and others side by side on this machine, in alternation in one run:
//
//   npm run bench                            every scenario, three rounds
//   npm run bench -- --list                  what there is
//   npm run bench -- start produce           only these
//   npm run bench -- --rounds 5 --json FILE  more rounds; everything that was recorded as JSON
//   npm run bench -- --save                  keeps the results in bench/history and writes them into its page, the first into the README, and the chart
//   npm run bench -- --heavy                 also what takes very long or needs much room
//   npm run bench -- --against host:port [--against-pid N]
//   npm run bench -- --quick                 holds the budget of CPU: fails when a path became 25 % dearer; --accept makes a new one,
//                                            --accept-more one that holds on this machine too
//
// Figures are medians over the rounds. Brokers run with their defaults on an empty folder; the load comes from replayed frames, from
// Kafka's own tools and from a kafkajs program, which share the machine's cores with the broker. CPU seconds are the broker process's
// own, from the operating system. What is not there (the reference Kafka, see kafka-reference.ts; a Go toolchain for kfake; the services
// of a cluster of machines, see postgres-reference.ts and object-store-reference.ts) is left out.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Against, endContendersWithProcess } from "./bench/contender.ts";
import { CONTENDERS, type ContenderName } from "./bench/contender-name.ts";
import { summarize } from "./bench/figures.ts";
import { saveResult } from "./bench/history.ts";
import { writePages } from "./bench/pages.ts";
import { quick } from "./bench/quick.ts";
import { runScenarios } from "./bench/runner.ts";
import { SCENARIOS } from "./bench/scenarios.ts";
import { table } from "./bench/table.ts";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "3" },
    scale: { type: "string", default: "1" },
    only: { type: "string" },
    against: { type: "string" },
    "against-pid": { type: "string" },
    heavy: { type: "boolean", default: false },
    json: { type: "string" },
    save: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    accept: { type: "boolean", default: false },
    "accept-more": { type: "boolean", default: false },
  },
});

if (options.list) {
  for (const { name, about, isHeavy } of SCENARIOS) console.log(`${name.padEnd(16)}${about}${isHeavy ? " (--heavy)" : ""}`);
  process.exit(0);
}

endContendersWithProcess();
const progress = (text: string) => console.error(`bench: ${text}`);
const mode = options["accept-more"] ? "accept more" : options.accept ? "accept" : "hold";
if (options.quick) process.exit(await quick(mode, progress));

const chosen = positionals.length > 0 ? positionals.map(scenarioNamed) : SCENARIOS.filter(({ isHeavy }) => options.heavy || !isHeavy);
const against = options.against === undefined ? undefined : parseAgainst(options.against, options["against-pid"]);
const only = options.only?.split(",").map(contenderNamed);
const { figures, failures } = await runScenarios(chosen, {
  rounds: positive("rounds", options.rounds),
  scale: positive("scale", options.scale),
  ...(against === undefined ? {} : { against }),
  ...(only === undefined ? {} : { only }),
  progress,
});
const rows = summarize(figures, failures);
console.log(table(rows));
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify({ rows, figures, failures }, null, 2)}\n`);
if (options.save) {
  saveResult(positive("rounds", options.rounds), rows);
  writePages();
}
process.exitCode = failures.length === 0 ? 0 : 1;

function scenarioNamed(name: string) {
  return SCENARIOS.find((scenario) => scenario.name === name) ?? refuse(`no scenario "${name}"; --list shows them`);
}

function contenderNamed(name: string): ContenderName {
  return CONTENDERS.find((contender) => contender === name) ?? refuse(`no contender "${name}"; there are ${CONTENDERS.join(", ")}`);
}

function parseAgainst(address: string, pid: string | undefined): Against {
  const at = address.lastIndexOf(":");
  const port = positive("against", address.slice(at + 1));
  return {
    host: address.slice(0, Math.max(at, 0)) || "127.0.0.1",
    port,
    ...(pid === undefined ? {} : { pid: positive("against-pid", pid) }),
  };
}

function positive(name: string, text: string): number {
  const value = Number(text);
  return value > 0 ? value : refuse(`--${name} ${text}: not a positive number`);
}

function refuse(why: string): never {
  console.error(`bench: ${why}`);
  process.exit(2);
}
