// The client program in C (c/), compiled with librdkafka itself: the library is the one in the package for Python, its header comes with one
// for JavaScript. What was written for the header's version works with a newer library.

import { existsSync, globSync, mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { CACHE } from "./broker-under-test.ts";
import { javascriptPackages } from "./javascript-packages.ts";
import { madeOnce } from "./made-once.ts";
import { runOrThrow } from "./processes.ts";
import { pythonWithClients } from "./python-environment.ts";

const SOURCE = join(import.meta.dirname, "c");
const HEADER = "node_modules/@confluentinc/kafka-javascript/deps/librdkafka/src";
const LIBRARY = "../lib/python3*/site-packages/confluent_kafka.libs/librdkafka-*";
const FLAGS = ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror"];

/** The path of the program. Rejects where there is no compiler, and with what it says. */
export const cProgram = madeOnce(async (): Promise<string> => {
  const header = join(await javascriptPackages(), HEADER);
  const [library] = globSync(join(dirname(await pythonWithClients()), LIBRARY));
  if (library === undefined || !existsSync(header)) throw new Error("the packages have no librdkafka of this platform");
  const program = join(CACHE, "librdkafka-c");
  mkdirSync(CACHE, { recursive: true });
  const files = globSync(join(SOURCE, "*.c"));
  const linked = [library, `-Wl,-rpath,${dirname(library)}`, "-o", `${program}-${process.pid}`];
  await runOrThrow("cc", [...FLAGS, "-isystem", header, ...files, ...linked], { deadlineMs: 120_000 });
  // Whole at once, and also where one of before still runs.
  renameSync(`${program}-${process.pid}`, program);
  return program;
});
