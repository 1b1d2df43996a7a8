// Our shims beside Kafka's own tools where a broker speaks TLS and asks for logins: the same client properties let both in, and who is kept
// out hears the same. Run on every broker that there is, so that the shims are right for Apache Kafka as well.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, inject, test } from "vitest";
import { metadata } from "../../protocol/messages/index.ts";
import { accessOf } from "../../src/cli/kafka/client-access.ts";
import { Connection } from "../../src/client/connection.ts";
import { certificatePath } from "../support/certificates.ts";
import { port } from "./port.ts";
import { AUTHORITY, PASSWORD, SESSION_MS, SecuredBrokers } from "./secured-broker.ts";
import { compareShims } from "./shims.ts";
import { ToolRunner } from "./tool-runner.ts";

const tools = new ToolRunner();
const brokers = new SecuredBrokers({ kafka: port(19222), odradek: port(19232) });
const folder = mkdtempSync(join(tmpdir(), "odradek-secured-tools-"));
afterAll(async () => {
  await tools.stop();
  await brokers.stop();
  rmSync(folder, { recursive: true, force: true });
});

const TRUST = { "ssl.truststore.type": "PEM", "ssl.truststore.location": AUTHORITY };
const login = (password: string, module = "plain.PlainLoginModule") =>
  `org.apache.kafka.common.security.${module} required username="alice" password="${password}";`;
const RIGHT = { ...TRUST, "security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.jaas.config": login(PASSWORD) };
const SCRAM = { ...RIGHT, "sasl.mechanism": "SCRAM-SHA-512", "sasl.jaas.config": login(PASSWORD, "scram.ScramLoginModule") };

/** In a line @right stands for a file of these. */
const FILES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  right: RIGHT,
  scram: SCRAM,
  wrong: { ...RIGHT, "sasl.jaas.config": login("wrong") },
  "wrong-scram": { ...SCRAM, "sasl.jaas.config": login("wrong", "scram.ScramLoginModule") },
  untrusting: { ...RIGHT, "ssl.truststore.location": certificatePath("stranger.pem") },
  "without-tls": { ...RIGHT, "security.protocol": "SASL_PLAINTEXT" },
};

const LINES = `
topics --create --topic %a --command-config @right
topics --create --topic %a --command-config @scram
topics --list --topic '%.*' --command-config @scram
console-producer --topic %a --command-config @right <<< a\\nb\\n
console-producer --topic %a --producer.config @scram <<< c\\n
console-consumer --topic %a --group %g --from-beginning --max-messages 3 --timeout-ms 20000 --command-config @right
console-consumer --topic %a --partition 0 --offset earliest --max-messages 1 --timeout-ms 20000 --consumer.config @scram
consumer-groups --describe --group %g --command-config @right
get-offsets --topic %a --command-config @right
configs --describe --topic %a --command-config @right
topics --list --command-config @wrong
topics --list --command-config @wrong-scram
configs --describe --topic %a --command-config @wrong
consumer-groups --describe --group %g --command-config @wrong
acls --list --command-config @wrong
get-offsets --topic %a --command-config @wrong
log-dirs --describe --command-config @wrong
transactions --bootstrap-server $B --command-config @wrong list
console-producer --topic %a --command-config @wrong <<< a\\n
console-consumer --topic %a --from-beginning --max-messages 1 --command-config @wrong
topics --list --command-config @untrusting
configs --describe --topic %a --command-config @untrusting
console-producer --topic %a --command-config @untrusting <<< a\\n
console-consumer --topic %a --from-beginning --max-messages 1 --command-config @untrusting
topics --list --bootstrap-server %PLAIN --command-config @without-tls
topics --delete --topic %a --command-config @right
`
  .split("\n")
  .filter((line) => line !== "");

test.skipIf(inject("brokers").length === 0)("there is a broker to compare on", () => undefined);

describe.each(inject("brokers"))("on $name", ({ name }) => {
  test("our client has one connection over several sessions, in each of which it logs in again", async () => {
    const { short } = await brokers.of(name, "t");
    const [host = "", portText = ""] = short.SASL_SSL.split(":");
    const access = accessOf(new Map(Object.entries(SCRAM)), "the test");
    const connection = await Connection.open({ host, port: Number(portText) }, { access });
    let isOpen = true;
    void connection.ended.then(() => {
      isOpen = false;
    });
    for (const endMs = Date.now() + 2.5 * SESSION_MS; Date.now() < endMs; ) {
      expect((await connection.send(metadata, 9, { topics: [] })).brokers).toHaveLength(1);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(isOpen).toBe(true);
    connection.close();
  });

  test("the shims print what Kafka's tools print, let in or not", async () => {
    const { bootstrap, login: at } = await brokers.of(name, "t");
    const lines = LINES.map((line) => line.replace("%PLAIN", bootstrap).replace(/@([\w-]+)/, (_, file: string) => fileOf(file)));
    await compareShims(tools, at.SASL_SSL, lines);
  });
});

function fileOf(name: string): string {
  const path = join(folder, `${name}.properties`);
  const lines = Object.entries(FILES[name] ?? {}).map((pair) => pair.join("="));
  writeFileSync(path, lines.join("\n"));
  return path;
}
