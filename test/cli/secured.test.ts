// Our own commands and the shims at listeners that speak TLS and ask for logins: what client properties let in, and what is said to those
// who are not let in. What the shims say first is what Kafka's tools say (test/interop/secured-tools.interop.ts).

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { consumeLines } from "../../src/cli/consume.ts";
import { produceLines } from "../../src/cli/produce.ts";
import { runToolCommand } from "../../src/cli/tool-program.ts";
import { brokerConfig } from "../../src/config/broker-config.ts";
import { openNode, type RunningNode } from "../../src/node.ts";
import { certificatePath, certificateText, STORE_PASSWORD, TRUSTED, tlsSettings } from "../support/certificates.ts";
import { FakeTerminal } from "./fake-terminal.ts";

const PLAIN_LINE = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_alice="alice-secret";';
const LISTENERS = ["PLAINTEXT", "OPEN", "LOGIN", "CLOSED", "OTHER", "OLD"] as const;
type Listener = (typeof LISTENERS)[number];

let node: RunningNode;
let folder: string;
let addresses: ReadonlyMap<string, string>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "odradek-secured-"));
  const client = join(folder, "client.pem");
  writeFileSync(client, certificateText("client.key") + certificateText("client.pem"));
  const argument = {
    listeners: LISTENERS.map((name) => `${name}://localhost:0`).join(","),
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,OPEN:SSL,LOGIN:SASL_SSL,CLOSED:SSL,OTHER:SSL,OLD:SSL",
    "connection.failed.authentication.delay.ms": 0,
    "sasl.enabled.mechanisms": "PLAIN",
    "listener.name.login.plain.sasl.jaas.config": PLAIN_LINE,
    ...tlsSettings("OPEN"),
    ...tlsSettings("LOGIN"),
    ...tlsSettings("CLOSED", { ...TRUSTED, "ssl.client.auth": "required" }),
    "listener.name.other.ssl.keystore.type": "PEM",
    "listener.name.other.ssl.keystore.location": client,
    ...tlsSettings("OLD", { "ssl.enabled.protocols": "TLSv1.2" }),
  };
  const topics = [{ name: "t", partitions: 1 }];
  node = await openNode({ config: brokerConfig({ argument }), host: "localhost", port: 0, data: "memory", topics });
  const endpoints = node.cluster.image.brokers.get(1)?.endpoints ?? [];
  addresses = new Map(endpoints.map(({ listener, port }) => [listener, `localhost:${port}`]));
});
afterAll(async () => {
  await node.stop();
  rmSync(folder, { recursive: true, force: true });
});

const at = (listener: Listener) => addresses.get(listener) ?? "";

type Properties = Readonly<Record<string, string>>;
const TRUSTING: Properties = { "security.protocol": "SSL", ...TRUSTED };
const ALICE: Properties = {
  ...TRUSTING,
  "security.protocol": "SASL_SSL",
  "sasl.mechanism": "PLAIN",
  "sasl.jaas.config": 'org.apache.kafka.common.security.plain.PlainLoginModule required username="alice" password="alice-secret";',
};
const WRONG: Properties = { ...ALICE, "sasl.jaas.config": (ALICE["sasl.jaas.config"] ?? "").replace("alice-secret", "wrong") };
const OWN: Properties = {
  ...TRUSTING,
  "ssl.keystore.type": "PEM",
  "ssl.keystore.key": escaped("client.key"),
  "ssl.keystore.certificate.chain": escaped("client.pem"),
};

/** As it stands in a properties file. */
function escaped(certificate: string): string {
  return certificateText(certificate).replaceAll("\n", "\\n");
}

function fileOf(properties: Properties): string {
  const path = join(folder, "client.properties");
  writeFileSync(
    path,
    Object.entries(properties)
      .map((pair) => pair.join("="))
      .join("\n"),
  );
  return path;
}

async function run(argv: readonly string[], bootstrap: string, properties: Properties) {
  const terminal = new FakeTerminal({ stdin: "" });
  const more = ["--bootstrap-server", bootstrap, "--command-config", fileOf(properties)];
  const exitCode = await runToolCommand([...argv, ...more], { terminal, stopping: new Promise(() => undefined) });
  return { exitCode, out: terminal.output, err: terminal.errors };
}

const odradek = (bootstrap: string, properties: Properties) => run(["topics", "list"], bootstrap, properties);
const kafkaTopics = (bootstrap: string, properties: Properties) => run(["kafka-topics", "--list"], bootstrap, properties);

describe("commands come in", () => {
  const TRUST_STORE = { "ssl.truststore.location": certificatePath("trust.p12"), "ssl.truststore.password": STORE_PASSWORD };
  test.each<[string, Listener, Properties]>([
    ["over TLS, trusting a PEM file", "OPEN", TRUSTING],
    ["trusting a store of the type that Kafka has by default", "OPEN", { "security.protocol": "ssl", ...TRUST_STORE }],
    [
      "trusting text in the settings",
      "OPEN",
      { "security.protocol": "SSL", "ssl.truststore.type": "PEM", "ssl.truststore.certificates": escaped("ca.pem") },
    ],
    ["trusting the very certificate", "OPEN", { ...TRUSTING, "ssl.truststore.location": certificatePath("broker.pem") }],
    ["with a certificate of their own", "CLOSED", OWN],
    ["with a login over TLS", "LOGIN", ALICE],
    ["by an older version of TLS", "OLD", TRUSTING],
    ["without looking at the name", "OTHER", { ...TRUSTING, "ssl.endpoint.identification.algorithm": "" }],
    ["by one cipher suite", "OPEN", { ...TRUSTING, "ssl.cipher.suites": "TLS_AES_256_GCM_SHA384" }],
    ["without TLS, whatever is set of it", "PLAINTEXT", { "ssl.truststore.location": "/nowhere" }],
  ])("%s", async (_, listener, properties) => {
    expect(await odradek(at(listener), properties)).toMatchObject({ exitCode: 0, err: "", out: expect.stringMatching(/^t\b/m) });
    expect(await kafkaTopics(at(listener), properties)).toEqual({ exitCode: 0, out: "t\n", err: "" });
  });

  test("to produce and to consume", async () => {
    const given = { bootstrapServer: at("LOGIN"), commandConfig: fileOf(ALICE) };
    await produceLines("t", given, new FakeTerminal({ stdin: "one\ntwo" }));
    const terminal = new FakeTerminal();
    await consumeLines("t", { ...given, fromBeginning: true, maxMessages: "2" }, terminal, new Promise(() => undefined));
    expect(terminal.output).toBe("one\ntwo\n");
  });

  test.each([
    "kafka-producer-perf-test --num-records 2 --throughput -1 --record-size 10",
    "kafka-verifiable-producer --max-messages 2",
    "kafka-consumer-perf-test --num-records 2",
    "kafka-verifiable-consumer --max-messages 2 --group-id v --reset-policy earliest",
    "kafka-e2e-latency --num-records 2 --producer-acks 1 --record-size 10",
  ])("to make load and to measure: %s", async (line) => {
    const [tool = "", ...args] = line.split(" ");
    expect((await run([tool, "--topic", "load", ...args], at("LOGIN"), ALICE)).exitCode).toBe(0);
    const wrong = await run([tool, "--topic", "load", ...args], at("LOGIN"), WRONG);
    expect(wrong.out + wrong.err).toMatch(/SaslAuthenticationException\b.*Authentication failed: Invalid username or password/);
  });
});

describe("commands are kept out, and hear why", () => {
  const NOT_KAFKAS = "";
  const HANDSHAKE = "SSL handshake failed";
  test.each<[string, Listener, Properties, kafka: string, sentence: RegExp]>([
    [
      "a certificate that nobody trusted signed",
      "OPEN",
      { ...TRUSTING, "ssl.truststore.location": certificatePath("stranger.pem") },
      HANDSHAKE,
      /^The broker on localhost:\d+ cannot be used: its certificate is not trusted \(\w+\); name who signed it, or it itself, with ssl\.truststore\.location\.$/,
    ],
    ["no trust store", "OPEN", { "security.protocol": "SSL" }, HANDSHAKE, /its certificate is not trusted/],
    [
      "a certificate that is made out to somebody else",
      "OTHER",
      TRUSTING,
      HANDSHAKE,
      /its certificate is not made out to localhost; connect by a name that it has, or leave names unchecked/,
    ],
    [
      "no certificate of their own",
      "CLOSED",
      TRUSTING,
      NOT_KAFKAS,
      /does not answer as Kafka does \(.*\); it may ask for a certificate that it trusts \(ssl\.keystore\.location\)\.$|asks for a certificate/,
    ],
    [
      "no version of TLS in common",
      "OLD",
      { ...TRUSTING, "ssl.enabled.protocols": "TLSv1.3" },
      HANDSHAKE,
      /it has no version of TLS in common with this client; see ssl\.enabled\.protocols\.$/,
    ],
    [
      "a plain listener",
      "PLAINTEXT",
      TRUSTING,
      NOT_KAFKAS,
      /^What listens on localhost:\d+ ended the TLS handshake; it may not speak TLS there \(security\.protocol\)\.$/,
    ],
    [
      "TLS that they do not speak",
      "OPEN",
      {},
      NOT_KAFKAS,
      /^What listens on localhost:\d+ .*speaks TLS.* say so with security\.protocol=SSL or SASL_SSL \(--command-config\)\.$/,
    ],
    [
      "a wrong password",
      "LOGIN",
      WRONG,
      "Authentication failed: Invalid username or password",
      /does not let alice in by PLAIN: Authentication failed: Invalid username or password\.$/,
    ],
    [
      "a login that is asked for",
      "LOGIN",
      TRUSTING,
      NOT_KAFKAS,
      /is gone: it closed the connection, as those do that ask for a login \(--command-config\)\.$/,
    ],
    [
      "a login that nobody asks for",
      "OPEN",
      ALICE,
      "Unexpected handshake request with client mechanism PLAIN, enabled mechanisms are []",
      /nobody has to log in there \(take sasl out of the settings\)\.$/,
    ],
    [
      "a mechanism that is not enabled",
      "LOGIN",
      { ...ALICE, "sasl.mechanism": "SCRAM-SHA-256" },
      "Client SASL mechanism 'SCRAM-SHA-256' not enabled in the server, enabled mechanisms are [PLAIN]",
      /does not let alice in by SCRAM-SHA-256: it takes PLAIN\.$/,
    ],
  ])("by %s", async (_, listener, properties, kafka, sentence) => {
    const own = await odradek(at(listener), properties);
    expect(own.exitCode).not.toBe(0);
    expect(own.err.trim().replace(/^odradek: /, "")).toMatch(sentence);
    const shim = await kafkaTopics(at(listener), properties);
    expect(shim.exitCode).toBe(1);
    if (kafka !== NOT_KAFKAS) expect(shim.out).toBe(`Error while executing topic command : ${kafka}\n`);
  });

  test("a shim says the cause of a failed handshake where Kafka's tools have theirs", async () => {
    const { err } = await kafkaTopics(at("OPEN"), { "security.protocol": "SSL" });
    const [first, second] = err.split("\n");
    expect(first).toMatch(/ERROR org\.apache\.kafka\.common\.errors\.SslAuthenticationException: SSL handshake failed$/);
    expect(second).toMatch(/^Caused by: javax\.net\.ssl\.SSLHandshakeException: The broker on .* certificate is not trusted/);
  });

  test("by an address where nobody, or somebody who says nothing, is", async () => {
    const silent = createServer((socket) => socket.destroy());
    const port = await listening(silent);
    expect((await odradek(`127.0.0.1:${port}`, TRUSTING)).err).toContain("ended the TLS handshake");
    silent.close();
    expect((await odradek("127.0.0.1:1", TRUSTING)).err).toContain("Nothing listens on 127.0.0.1:1");
  });
});

describe("client properties are refused in one sentence", () => {
  test.each<[string, Properties, string]>([
    [
      "a protocol that is none",
      { "security.protocol": "TLS" },
      "Invalid value TLS for configuration security.protocol: String must be one of (case insensitive): SASL_SSL, PLAINTEXT, SSL, SASL_PLAINTEXT",
    ],
    [
      "a trust store that is not there",
      { ...TRUSTING, "ssl.truststore.location": "/nowhere" },
      "FILE: ssl.truststore.location: /nowhere is not there.",
    ],
    [
      "a wrong password",
      { "security.protocol": "SSL", "ssl.truststore.location": certificatePath("trust.p12"), "ssl.truststore.password": "wrong-one" },
      `FILE: ssl.truststore.password: ${certificatePath("trust.p12")} cannot be opened with the password that is given.`,
    ],
    [
      "a key without its certificate",
      { ...OWN, "ssl.keystore.certificate.chain": escaped("ca.pem") },
      "FILE: ssl.keystore.certificate.chain: none of the certificates in the setting fits the private key.",
    ],
    [
      "a version of TLS that there is no more",
      { ...TRUSTING, "ssl.enabled.protocols": "TLSv1.1" },
      "FILE: ssl.enabled.protocols: TLSv1.1 is not offered; there are TLSv1.2 and TLSv1.3.",
    ],
    [
      "a cipher suite that is none",
      { ...TRUSTING, "ssl.cipher.suites": "ROT13" },
      "FILE: ssl.cipher.suites: there is no cipher suite ROT13.",
    ],
    [
      "a login without its name",
      { ...TRUSTING, "security.protocol": "SASL_SSL" },
      "FILE: sasl.mechanism=GSSAPI is not something that this command can do",
    ],
  ])("%s", async (_, properties, sentence) => {
    const expected = sentence.replace("FILE", join(folder, "client.properties"));
    for (const { exitCode, err } of [await kafkaTopics(at("OPEN"), properties), await odradek(at("OPEN"), properties)]) {
      expect(exitCode).not.toBe(0);
      expect(err).toContain(expected);
      expect(err).not.toContain("wrong-one");
    }
  });
});

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
