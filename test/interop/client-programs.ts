// The client programs: how each is started, and what it installs for that. Whatever is fetched or built goes into .cache/interop, once, at
// pinned versions. Where it cannot be had the command rejects and says why, and so does the README.

import { join } from "node:path";
import { NODE } from "./broker-under-test.ts";
import { pythonWithClients } from "./python-environment.ts";

type Command = readonly [program: string, ...args: string[]];

export interface ClientProgram {
  readonly language: "JavaScript" | "Python" | "C" | "Rust" | "Java" | "Go";
  /** Of what takes minutes to build, whether it is built: in CI it is left out if not. */
  readonly isBuilt?: () => boolean;
  /** Installs what is missing. The brokers' address is the last argument. */
  command(): Promise<Command>;
}

const python = async (file: string): Promise<Command> => [await pythonWithClients(), join(import.meta.dirname, "python", file)];

export const CLIENT_PROGRAMS = {
  kafkajs: { language: "JavaScript", command: async () => [NODE, join(import.meta.dirname, "node/kafkajs-client.ts")] },
  librdkafka: { language: "Python", command: () => python("librdkafka_client.py") },
  "kafka-python": { language: "Python", command: () => python("kafka_python_client.py") },
} as const satisfies Readonly<Record<string, ClientProgram>>;

export type ClientName = keyof typeof CLIENT_PROGRAMS;
