import { expect, test } from "vitest";
import { run } from "../../src/cli/run.ts";
import type { RunningBroker } from "../../src/cli/start.ts";
import { FakeTerminal } from "./fake-terminal.ts";

const broker: RunningBroker = {
  bootstrapServers: "localhost:1",
  bootstrapProtocol: "PLAINTEXT",
  authority: undefined,
  clusterId: "c",
  failure: new Promise(() => undefined),
  stop: () => Promise.resolve(),
};

test.each<[string, Record<string, string>, string]>([
  [
    "is told",
    { KAFKA_COMPRESSION_TYPE: "snappy" },
    "odradek: the broker has settings from the environment: KAFKA_COMPRESSION_TYPE=snappy\n",
  ],
  ["that only clients know is not told", { KAFKA_GROUP_ID: "g" }, ""],
])("what a command's broker takes from the environment %s", async (_, variables, said) => {
  const terminal = new FakeTerminal({ environment: { ...variables, PATH: process.env["PATH"] } });
  expect(await run([process.execPath, "-e", "0"], {}, { terminal, startBroker: () => Promise.resolve(broker) })).toBe(0);
  expect(terminal.errors).toBe(said);
});
