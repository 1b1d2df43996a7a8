// What the npm scripts call: `node scripts/run.mjs start|test|check|interop|faults|bench|fuzz|soak|guards|build [arguments]`. Runs on any Node from 20 on without
// any package, sets up what is missing, and then becomes the task, run with the pinned Node. Where Node cannot become another process, it
// stays: arguments, signals and exit code pass through.

import { spawn, spawnSync } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parentsUpToNpm, whenParentIsGone } from "./parents.cjs";

if (Number(process.versions.node.split(".")[0]) < 20) {
  fail(`Node 20 or newer is needed to run this; this is Node ${process.versions.node}`);
}

const { build, isBuilt, root } = await import("./build.mjs");
const { pinnedNode, setUp } = await import("./set-up.mjs");

/** From Node 22.15 on, but not on Windows. */
const canBecome = typeof process.execve === "function" && process.platform !== "win32";
const vitest = join("node_modules", "vitest", "vitest.mjs");

const tasks = {
  start: (args) => {
    buildIfChanged();
    const parents = canBecome ? ownParents() : [process.pid];
    return run(join("scripts", "npm-start.cjs"), [parents.join(","), ...args], process.cwd());
  },
  test: (args) => run(vitest, ["run", "--config", "test/vitest.config.ts", ...args]),
  check: async () => (await import("./check.mjs")).check(pinnedNode()),
  interop: (args) => {
    buildIfChanged();
    return run(vitest, ["run", "--config", "test/interop/vitest.config.ts", ...args]);
  },
  faults: (args) => run(join("scripts", "faults.ts"), args),
  bench: (args) => {
    buildIfChanged();
    return run(join("scripts", "bench.ts"), args);
  },
  fuzz: (args) => run(join("scripts", "fuzz.ts"), args),
  soak: (args) => run(join("scripts", "soak.ts"), args),
  guards: (args) => run(join("scripts", "guards.ts"), args),
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

/** In a process of its own, so that no memory and no compiler is left beside what runs next. */
function buildIfChanged() {
  if (isBuilt()) return;
  const { status } = spawnSync(process.execPath, [fileURLToPath(import.meta.url), "build"], { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}

/** Whom the broker follows: npm, if it was npm that ran this, for whom it runs in the foreground. */
function ownParents() {
  const isOfNpm = process.env.npm_lifecycle_event === "start" && process.env.npm_package_json === join(root, "package.json");
  return isOfNpm ? parentsUpToNpm() : [];
}

/** This process becomes that one, or settles with its exit code, or with 128 and the number of the signal that ended it. */
function run(script, args, cwd = root) {
  const command = [join(root, script), ...args];
  if (canBecome) {
    process.chdir(cwd);
    process.execve(pinnedNode(), [pinnedNode(), ...command], process.env);
  }
  return new Promise((resolve, reject) => {
    const child = spawn(pinnedNode(), command, { stdio: "inherit", cwd });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
    whenParentIsGone(ownParents(), () => child.kill("SIGTERM"));
    child.on("error", reject);
    child.on("exit", (code, signal) => resolve(signal === null ? code : 128 + (constants.signals[signal] ?? 0)));
  });
}

function fail(message) {
  console.error(`odradek: ${message}`);
  process.exit(1);
}
