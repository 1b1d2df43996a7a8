// The Python clients, installed once into a virtual environment under .cache/interop, at pinned versions.

import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CACHE } from "./broker-under-test.ts";
import { madeOnce } from "./made-once.ts";
import { runOrThrow } from "./processes.ts";

const PACKAGES = [
  "confluent-kafka[avro,json,protobuf,schemaregistry]==2.16.1",
  "kafka-python[crc32c,lz4,snappy,zstd]==3.0.12",
  "aiokafka[lz4,snappy,zstd]==0.14.0",
];

/** The path of a Python that has these clients. */
export const pythonWithClients = madeOnce(async (): Promise<string> => {
  const folder = join(CACHE, "python");
  const python = join(folder, "bin/python");
  const installed = join(folder, `installed-${PACKAGES.join("-").replace(/[^a-z0-9.]+/g, "-")}`);
  if (existsSync(installed)) return python;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  await runOrThrow("python3", ["-m", "venv", folder], { deadlineMs: 120_000 });
  await runOrThrow(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...PACKAGES], { deadlineMs: 300_000 });
  writeFileSync(installed, "");
  return python;
});
