// The client programs: how each is started, and what it installs for that. Whatever is fetched or built goes into .cache/interop, once, at
// pinned versions. Where it cannot be had the command rejects and says why, and so does the README.

import { join } from "node:path";
import { GoProgram } from "../../scripts/go-program.ts";
import { NODE } from "./broker-under-test.ts";
import { cProgram } from "./c-program.ts";
import { type JavaLibraries, javaProgram } from "./java-program.ts";
import { isBuilt, javascriptPackages, type NativePackage, nativePackage } from "./javascript-packages.ts";
import { pythonWithClients } from "./python-environment.ts";
import { isBuiltInRust, type RustProgram, rustProgram } from "./rust-programs.ts";

type Command = readonly [program: string, ...args: string[]];

export interface ClientProgram {
  readonly language: "JavaScript" | "Python" | "C" | "Rust" | "Java" | "Go";
  /** Of what takes minutes to build, whether it is built: in CI it is left out if not. */
  readonly isReady?: () => boolean;
  /** Installs what is missing. The brokers' address is the last argument. */
  command(): Promise<Command>;
}

const JAVA_2_8 = {
  version: "2.8",
  artifacts: ["org.apache.kafka:kafka-clients:2.8.2", "com.fasterxml.jackson.core:jackson-databind:2.21.2"],
};

/** Of Kafka's own clients, by the jars. */
const java = async (libraries?: JavaLibraries): Promise<Command> => [
  "java",
  ...(await javaProgram("LineClient", ["rehearsal"], libraries)),
];
const go = async (name: string): Promise<Command> => [new GoProgram(join(import.meta.dirname, "go"), `${name}-client`, name).build()];
const python = async (file: string): Promise<Command> => [await pythonWithClients(), join(import.meta.dirname, "python", file)];

const javascript = (file: string, packages: string): Command => [NODE, join(import.meta.dirname, "javascript", file), packages];
const native = (name: NativePackage, file: string) => ({
  language: "JavaScript" as const,
  isReady: () => isBuilt(name),
  command: async () => javascript(file, await nativePackage(name)),
});

const rust = (program: RustProgram) => ({
  language: "Rust" as const,
  isReady: () => isBuiltInRust(program),
  command: async (): Promise<Command> => [await rustProgram(program)],
});

export const CLIENT_PROGRAMS = {
  kafkajs: { language: "JavaScript", command: async () => [NODE, join(import.meta.dirname, "node/kafkajs-client.ts")] },
  "@confluentinc/kafka-javascript": native("@confluentinc/kafka-javascript", "confluent-client.mjs"),
  "node-rdkafka": native("node-rdkafka", "node-rdkafka-client.mjs"),
  "@platformatic/kafka": {
    language: "JavaScript",
    command: async () => javascript("platformatic-client.mjs", await javascriptPackages()),
  },
  librdkafka: { language: "Python", command: () => python("librdkafka_client.py") },
  "kafka-python": { language: "Python", command: () => python("kafka_python_client.py") },
  "kafka-clients": { language: "Java", command: () => java() },
  "kafka-clients-2.8": { language: "Java", command: () => java(JAVA_2_8) },
  "franz-go": { language: "Go", command: () => go("franz-go") },
  sarama: { language: "Go", command: () => go("sarama") },
  "kafka-go": { language: "Go", command: () => go("kafka-go") },
  aiokafka: { language: "Python", command: () => python("aiokafka_client.py") },
  "librdkafka-c": { language: "C", command: async () => [await cProgram()] },
  "rust-rdkafka": rust("rust-rdkafka"),
  rskafka: rust("rskafka"),
} as const satisfies Readonly<Record<string, ClientProgram>>;

export type ClientName = keyof typeof CLIENT_PROGRAMS;
