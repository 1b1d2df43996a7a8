// `odradek start --tls`: clients of each kind get in with what the start prints for them, its password filled in, and nothing else; strict
// verifiers take the certificates; and the commands that the page on security opens with do what it says of them. Apache Kafka has nothing
// like it to compare with.

import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GoProgram } from "../../scripts/go-program.ts";
import { examplesIn } from "../support/pages.ts";
import { CACHE, NODE, ROOT } from "./broker-under-test.ts";
import { runTool } from "./java-tools.ts";
import { port } from "./port.ts";
import { run, runOrThrow, stopChild, waitForOutput } from "./processes.ts";
import { pythonWithClients } from "./python-environment.ts";

const PORT = port(19052);
const TOPIC = "issued";
const PASSWORD = "secret";
const BUNDLE = join(ROOT, ".dist/odradek.cjs");
const PAGE = "src/security/README.md";
const data = join(CACHE, "data/issued");
const isSkipped = process.env["INTEROP_ONLY"] === "kafka";
const franzGo = new GoProgram(join(import.meta.dirname, "franz-go"));

interface Ready {
  readonly bootstrapServers: string;
  readonly ca?: string;
  readonly caFile?: string;
  readonly clients: {
    readonly kafkajs: string;
    readonly java: Readonly<Record<string, string>>;
    readonly librdkafka: Readonly<Record<string, string>>;
  };
}

interface Started {
  readonly child: ChildProcess;
  readonly ready: Ready;
}

/** Runs a command line as it is written, on a port and a folder of the suite's. */
async function start(command: string, at: number, folder: string): Promise<Started> {
  rmSync(folder, { recursive: true, force: true });
  const script = `npx() { shift; exec "${NODE}" "${BUNDLE}" "$@" --port ${at} --data "${folder}" --json; }\n${command}`;
  const child = spawn("bash", ["-c", script], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await waitForOutput(child, /"event":"ready".*\n/, 60_000);
  const line = output.split("\n").find((each) => each.includes('"event":"ready"')) ?? "";
  const ready: Ready = JSON.parse(line.replaceAll("…", PASSWORD));
  return { child, ready };
}

/** With what is printed for kafkajs, as code. */
function kafkajs({ clients }: Ready): Kafka {
  class Quiet extends Kafka {
    constructor(options: ConstructorParameters<typeof Kafka>[0]) {
      super({ ...options, logLevel: logLevel.NOTHING, retry: { retries: 1 } });
    }
  }
  return new Function("Kafka", "readFileSync", `return ${clients.kafkajs}`)(Quiet, readFileSync);
}

let started: Started;

beforeAll(async () => {
  if (isSkipped) return;
  started = await start(`npx odradek start --tls --user alice:${PASSWORD} --topic ${TOPIC}`, PORT, data);
}, 120_000);
afterAll(async () => {
  if (!isSkipped) await stopChild(started.child);
});

test.skipIf(isSkipped)("kafkajs produces with the line that is printed for it", async () => {
  const producer = kafkajs(started.ready).producer();
  await producer.connect();
  expect(await producer.send({ topic: TOPIC, messages: [{ value: "kafkajs" }] })).toMatchObject([{ errorCode: 0 }]);
  await producer.disconnect();
});

test.skipIf(isSkipped)("Java's console tools produce and consume with the properties that are printed for them", async () => {
  const { java } = started.ready.clients;
  const properties = join(data, "client.properties");
  const lines = Object.entries(java).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(properties, lines.join(""));
  const at = ["--bootstrap-server", java["bootstrap.servers"] ?? "", "--command-config", properties, "--topic", TOPIC];
  expect(await runTool(["console-producer", ...at], { stdin: "java\n" })).toMatchObject({ exitCode: 0, stderr: "" });
  const consumed = await runTool(["console-consumer", ...at, "--from-beginning", "--timeout-ms", "8000"]);
  expect(consumed.stdout.split("\n")).toContain("java");
});

test.skipIf(isSkipped)("librdkafka produces and consumes with the settings that are printed for it", async () => {
  const { librdkafka } = started.ready.clients;
  const names = ["bootstrap.servers", "security.protocol", "ssl.ca.location", "sasl.mechanisms", "sasl.username", "sasl.password"];
  expect(Object.keys(librdkafka)).toEqual(names);
  const script = join(ROOT, "test/interop/python/sasl_client.py");
  const args = [script, "librdkafka", ...names.map((name) => librdkafka[name] ?? ""), TOPIC];
  expect(JSON.parse(await runOrThrow(await pythonWithClients(), args))).toEqual({ read: "librdkafka PLAIN" });
});

test.skipIf(isSkipped)("franz-go, which is Go's own TLS, produces and consumes", async ({ skip }) => {
  if (!franzGo.canBuild()) return skip("there is no Go here, or no way to the modules of franz-go");
  const { bootstrapServers: bootstrap, caFile: ca } = started.ready;
  const wanted = { bootstrap, topic: TOPIC, ca, mechanism: "SCRAM-SHA-256", user: "alice", password: PASSWORD };
  expect(JSON.parse(await runOrThrow(franzGo.build(), [JSON.stringify(wanted)]))).toEqual({ isAllRead: true });
});

test.skipIf(isSkipped)("OpenSSL takes the certificates at its strictest, for each host and no other", async () => {
  const ca = started.ready.caFile ?? "";
  const shown = await run("openssl", ["s_client", "-connect", `localhost:${PORT}`, "-showcerts"]);
  const leaf = join(data, "leaf.pem");
  writeFileSync(leaf, /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/.exec(shown.stdout)?.[0] ?? "");
  const verify = async (...args: readonly string[]) => {
    const { stdout, stderr } = await run("openssl", ["verify", "-x509_strict", "-check_ss_sig", "-CAfile", ca, ...args]);
    return (stdout + stderr).trim();
  };
  expect(await verify(ca)).toBe(`${ca}: OK`);
  for (const host of [
    ["-verify_hostname", "localhost"],
    ["-verify_ip", "127.0.0.1"],
    ["-verify_ip", "::1"],
  ])
    expect(await verify("-purpose", "sslserver", ...host, leaf)).toBe(`${leaf}: OK`);
  expect(await verify("-purpose", "sslserver", "-verify_hostname", "example.org", leaf)).toMatch(/hostname mismatch/i);
});

test.skipIf(isSkipped)("a second start shows a new certificate of the same authority, and the printed lines still hold", async () => {
  const before = started.ready.ca;
  await stopChild(started.child);
  const script = [BUNDLE, "start", "--tls", "--user", `alice:${PASSWORD}`, "--port", `${PORT}`, "--data", data, "--json"];
  const child = spawn(NODE, script, { stdio: ["ignore", "pipe", "pipe"] });
  await waitForOutput(child, /"event":"ready"/, 60_000);
  const kafka = kafkajs(started.ready);
  started = { ...started, child };
  const admin = kafka.admin();
  await admin.connect();
  expect(await admin.listTopics()).toContain(TOPIC);
  await admin.disconnect();
  expect(readFileSync(join(data, "ca.pem"), "utf8")).toBe(before);
});

const commands = examplesIn(PAGE, ["sh"]);

test.skipIf(isSkipped).each(commands)(
  "the page's command starts a broker that kafkajs reaches by the printed line: %s",
  async (command) => {
    const { child, ready } = await start(command, PORT + 1, `${data}-page`);
    try {
      const admin = kafkajs(ready).admin();
      const creates = (topic: string) => admin.createTopics({ topics: [{ topic }] }).catch((error: unknown) => JSON.stringify(error));
      await admin.connect();
      expect(await creates("orders-eu")).toBe(true);
      expect(await creates("ledger")).toEqual(command.includes("--acl") ? expect.stringContaining("TOPIC_AUTHORIZATION_FAILED") : true);
      await admin.disconnect();
    } finally {
      await stopChild(child);
    }
  },
);

test("the page opens with a command for users, for TLS and for rules", () => {
  expect(commands.map((command) => ["--user", "--tls", "--acl"].filter((option) => command.includes(option)))).toEqual([
    ["--user"],
    ["--tls"],
    ["--user", "--acl"],
  ]);
});
