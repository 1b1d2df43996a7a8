// What the npm scripts call: `node scripts/run.mjs start|test|check|interop|bench|build [arguments]`. Runs on any Node from 20 on without
// any package, sets up what is missing, and then runs the task with the pinned Node: arguments, signals and exit code pass through.

import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";

if (Number(process.versions.node.split(".")[0]) < 20) {
  fail(`Node 20 or newer is needed to run this; this is Node ${process.versions.node}`);
}

const { build, isBuilt, root } = await import("./build.mjs");
const { pinnedNode, setUp } = await import("./set-up.mjs");

const vitest = join("node_modules", "vitest", "vitest.mjs");

const tasks = {
  start: async (args) => {
    await buildIfChanged();
    return run(join("scripts", "odradek.cjs"), args, process.cwd());
  },
  test: (args) => run(vitest, ["run", "--config", "test/vitest.config.ts", ...args]),
  check: async () => (await import("./check.mjs")).check(pinnedNode()),
  interop: async (args) => {
    await buildIfChanged();
    return run(vitest, ["run", "--config", "test/interop/vitest.config.ts", ...args]);
  },
  bench: async (args) => {
    await buildIfChanged();
    return run(join("scripts", "bench.ts"), args);
  },
  build: async (args) => {
    await build({ withTypes: args.includes("--types") });
    return 0;
  },
};

const [name = "", ...args] = process.argv.slice(2);
const task = Object.hasOwn(tasks, name) ? tasks[name] : fail(`there is no task "${name}"; there are ${Object.keys(tasks).join(", ")}`);
try {
  setUp();
  process.exitCode = await task(args);
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}

async function buildIfChanged() {
  if (!isBuilt()) await build();
}

/** As if this process became that one: settles with its exit code, or 128 and the signal's number. */
function run(script, args, cwd = root) {
  return new Promise((resolve, reject) => {
    const child = spawn(pinnedNode(), [join(root, script), ...args], { stdio: "inherit", cwd });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(signal === null ? code : 128 + (constants.signals[signal] ?? 0)));
  });
}

function fail(message) {
  console.error(`odradek: ${message}`);
  process.exit(1);
}
