// Clients of a schema registry in four languages on ours, with records through the broker that it belongs to: serializers of three formats, references, each
// level of compatibility with a change that is taken and one that is refused, and both kinds of deletion (registry/course.ts). On Odradek alone: Confluent's
// registry is no reference that could be had, nor are its serializers for Java, which are in no public registry of packages.

import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GoProgram } from "../../scripts/go-program.ts";
import { NODE } from "./broker-under-test.ts";
import { javascriptPackages } from "./javascript-packages.ts";
import { OwnBrokers } from "./own-brokers.ts";
import { port } from "./port.ts";
import { runOrThrow } from "./processes.ts";
import { pythonWithClients } from "./python-environment.ts";
import { type Course, courseAt, EXPECTED } from "./registry/course.ts";

const REGISTRY_PORT = port(20_414);
const brokers = new OwnBrokers({
  ...{ title: "registry", ports: { kafka: port(20_410), odradek: port(20_412) } },
  settings: { "odradek.registry.port": String(REGISTRY_PORT) },
});
const franzGo = new GoProgram(join(import.meta.dirname, "franz-go-registry"));

let bootstrap: string;
beforeAll(async () => {
  ({ bootstrap } = await brokers.of({ name: "odradek", isDiskless: false }));
});
afterAll(() => brokers.stop());

type Command = readonly [program: string, ...args: string[]];

async function take(prefix: string, command: Command | Promise<Command>): Promise<Course> {
  const [program, ...args] = await command;
  const course = courseAt({ bootstrap, registry: `http://127.0.0.1:${REGISTRY_PORT}`, prefix });
  return JSON.parse(await runOrThrow(program, [...args, course], { deadlineMs: 120_000 }));
}

const javascript = async (file: string): Promise<Command> => [
  NODE,
  join(import.meta.dirname, "javascript", file),
  await javascriptPackages(),
];

test.concurrent("Python: the serializers of confluent-kafka", async () => {
  const command = pythonWithClients().then((python): Command => [python, join(import.meta.dirname, "python/registry_client.py")]);
  expect(await take("python", command)).toEqual(EXPECTED);
});

test.concurrent("JavaScript: @confluentinc/schemaregistry", async () => {
  expect(await take("confluent", javascript("confluent-registry.mjs"))).toEqual(EXPECTED);
});

test.concurrent("JavaScript: @kafkajs/confluent-schema-registry, which deletes nothing", async () => {
  const { records, changes } = EXPECTED;
  expect(await take("kafkajs", javascript("kafkajs-registry.mjs"))).toEqual({ records, changes });
});

test.skipIf(!franzGo.canBuild()).concurrent("Go: sr of franz-go", async () => {
  expect(await take("go", [franzGo.build()])).toEqual(EXPECTED);
});
