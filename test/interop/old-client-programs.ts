// Clients from before Kafka 0.11, and those of today that are told the broker were that old: how each is started. What is not part of the
// repository is installed into .cache/interop, once, at pinned versions.

import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CACHE, NODE } from "./broker-under-test.ts";
import { CLIENT_PROGRAMS } from "./client-programs.ts";
import { madeOnce } from "./made-once.ts";
import { runOrThrow } from "./processes.ts";
import { pythonWithClients } from "./python-environment.ts";

type Command = readonly [program: string, ...args: string[]];

export interface OldClient {
  readonly name: string;
  readonly codecs: readonly string[];
  /** It can be a member of one, or only commit for it, or has nothing of groups. */
  readonly groups: "members" | "commits" | "none";
  /** It can ask for the offset of a time. */
  readonly hasTimes?: true;
  /** Installs what is missing. The brokers' address is the last argument. */
  command(): Promise<Command>;
}

const KAFKA_NODE = "kafka-node@5.0.0";
const KAFKA_PYTHON = ["kafka-python==1.4.7", "lz4==4.4.5", "python-snappy==0.7.3", "xxhash==3.5.0"];
const INSTALL_MS = 300_000;

const kafkaPython = (name: string, version: readonly number[], options: Partial<OldClient> = {}): OldClient => ({
  name: `kafka-python 1.4, of ${name}`,
  codecs: ["none", "gzip", "snappy", "lz4"],
  groups: "members",
  command: async () => [await oldPython(), join(import.meta.dirname, "python/old_kafka_python_client.py"), JSON.stringify(version)],
  ...options,
});

const librdkafka = (version: string, options: Partial<OldClient> = {}): OldClient => ({
  name: `librdkafka, of ${version}`,
  codecs: ["none", "gzip", "snappy", "lz4"],
  groups: "members",
  command: async () => [
    await pythonWithClients(),
    join(import.meta.dirname, "python/librdkafka_client.py"),
    JSON.stringify({ "api.version.request": false, "broker.version.fallback": version }),
  ],
  ...options,
});

const sarama = (version: string, options: Partial<OldClient> = {}): OldClient => ({
  name: `sarama, of ${version}`,
  codecs: ["none", "gzip", "snappy", "lz4"],
  groups: "members",
  command: async () => [...(await CLIENT_PROGRAMS.sarama.command()), version],
  ...options,
});

export const OLD_CLIENTS: readonly OldClient[] = [
  {
    name: "kafka-node 5",
    codecs: ["none", "gzip"],
    groups: "members",
    command: async () => [NODE, join(import.meta.dirname, "node/kafka-node-client.ts"), await kafkaNode()],
  },
  kafkaPython("0.8.2", [0, 8, 2], { groups: "commits" }),
  kafkaPython("0.9", [0, 9]),
  kafkaPython("0.10", [0, 10, 1], { hasTimes: true }),
  kafkaPython("0.11", [0, 11], { hasTimes: true }),
  librdkafka("0.8.2.1", { groups: "commits" }),
  librdkafka("0.9.0.1"),
  librdkafka("0.10.1.0", { hasTimes: true }),
  sarama("0.8.2.0", { groups: "none", codecs: ["none", "gzip", "snappy"] }),
  sarama("0.10.0.0", { groups: "none" }),
  sarama("0.10.2.0", { hasTimes: true }),
  sarama("0.11.0.0", { hasTimes: true }),
  sarama("1.0.0", { hasTimes: true }),
];

/** Where kafka-node lies. Its codec for snappy is native, and left out. */
const kafkaNode = madeOnce(async (): Promise<string> => {
  const folder = join(CACHE, KAFKA_NODE);
  const installed = join(folder, "node_modules/kafka-node");
  if (existsSync(installed)) return installed;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  const options = ["--omit=optional", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  await runOrThrow("npm", ["install", ...options, KAFKA_NODE], { deadlineMs: INSTALL_MS, cwd: folder });
  return installed;
});

const oldPython = madeOnce(async (): Promise<string> => {
  const folder = join(CACHE, KAFKA_PYTHON.join("-").replace(/[^a-z0-9.]+/g, "-"));
  const python = join(folder, "bin/python");
  const installed = join(folder, "installed");
  if (existsSync(installed)) return python;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(CACHE, { recursive: true });
  await runOrThrow("python3", ["-m", "venv", folder], { deadlineMs: INSTALL_MS });
  await runOrThrow(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...KAFKA_PYTHON], { deadlineMs: INSTALL_MS });
  writeFileSync(installed, "");
  return python;
});
