// Our own commands at listeners that ask for tokens (OAUTHBEARER): where client properties say that tokens come from, and what is said when
// there is none, or the broker does not take it.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runToolCommand } from "../../src/cli/tool-program.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { FakeTerminal } from "./fake-terminal.ts";

type Properties = Readonly<Record<string, string>>;

const PACKAGE = "org.apache.kafka.common.security.oauthbearer.";
const URL_SETTING = "sasl.oauthbearer.token.endpoint.url";
const SECRET = "hush-hush";

let signed: RunningBroker;
let unsecured: RunningBroker;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "odradek-token-"));
  signed = await startBroker({ oauth: true, topics: ["signed"] });
  const option = (name: string, value: string) => `unsecuredValidator${name}="${value}"`;
  const line = `${PACKAGE}OAuthBearerLoginModule required ${option("ScopeClaimName", "scp")} ${option("RequiredScope", "a b")};`;
  unsecured = await startBroker({
    topics: ["unsecured"],
    settings: {
      listeners: "SASL_PLAINTEXT://127.0.0.1:0",
      "sasl.enabled.mechanisms": "OAUTHBEARER",
      "listener.name.sasl_plaintext.oauthbearer.sasl.jaas.config": line,
    },
  });
});
afterAll(async () => {
  await Promise.all([signed.stop(), unsecured.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

const jaas = (options: Properties): Properties => ({
  "security.protocol": "SASL_PLAINTEXT",
  "sasl.mechanism": "OAUTHBEARER",
  "sasl.jaas.config": `${PACKAGE}OAuthBearerLoginModule required ${Object.entries(options)
    .map(([name, value]) => `${name}="${value}"`)
    .join(" ")};`,
});

async function run(tool: readonly string[], broker: RunningBroker, properties: Properties) {
  const path = join(folder, "client.properties");
  writeFileSync(
    path,
    Object.entries(properties)
      .map((pair) => pair.join("="))
      .join("\n"),
  );
  const terminal = new FakeTerminal({ stdin: "" });
  const more = ["--bootstrap-server", broker.bootstrapServers, "--command-config", path];
  const exitCode = await runToolCommand([...tool, ...more], { terminal, stopping: new Promise(() => undefined) });
  expect(terminal.output + terminal.errors).not.toMatch(/hush-hush|eyJ/);
  return { exitCode, out: terminal.output, err: terminal.errors };
}

const SCOPED = { unsecuredLoginStringClaim_sub: "alice", unsecuredLoginListClaim_scp: ",a,b" };
const CREDENTIALS = { clientId: "alice", clientSecret: SECRET };
const ofIssuer = (more: Properties = {}): Properties => ({ ...jaas(CREDENTIALS), [URL_SETTING]: signed.oauth.tokenUrl, ...more });

test.each<[string, () => RunningBroker, () => Properties | Promise<Properties>]>([
  ["that nobody signs, with claims of the JAAS line", () => unsecured, () => jaas(SCOPED)],
  ["that an issuer gives for the JAAS line's client", () => signed, () => ofIssuer()],
  [
    "that an issuer gives for the settings' client, by Kafka's class for that",
    () => signed,
    () => ({
      ...jaas({}),
      [URL_SETTING]: signed.oauth.tokenUrl,
      "sasl.login.callback.handler.class": `${PACKAGE}secured.OAuthBearerLoginCallbackHandler`,
      "sasl.oauthbearer.client.credentials.client.id": "alice",
      "sasl.oauthbearer.client.credentials.client.secret": SECRET,
      "sasl.oauthbearer.scope": "read",
    }),
  ],
  [
    "from a file",
    () => signed,
    async () => {
      const path = join(folder, "token");
      writeFileSync(path, `${await signed.oauth.token({ subject: "alice" })}\n`);
      return { ...jaas({}), [URL_SETTING]: pathToFileURL(path).href };
    },
  ],
])("a command comes in with a token %s", async (_, broker, properties) => {
  const name = broker() === signed ? "signed" : "unsecured";
  expect(await run(["kafka-topics", "--list"], broker(), await properties())).toEqual({ exitCode: 0, out: `${name}\n`, err: "" });
});

test("a command whose token is refused says so in the broker's words", async () => {
  const json = '{"status":"insufficient_scope", "scope":"[a, b]"}';
  const lacking = jaas({ unsecuredLoginStringClaim_sub: "alice" });
  expect(await run(["topics", "list"], unsecured, lacking)).toMatchObject({
    exitCode: 1,
    err: expect.stringContaining(`does not let the client in by OAUTHBEARER: ${json}.`),
  });
  expect((await run(["kafka-topics", "--list"], unsecured, lacking)).err).toContain(json);
});

test.each<[string, () => Properties, string]>([
  ["nobody", () => jaas({}), "sasl.jaas.config names nobody: it needs unsecuredLoginStringClaim_sub"],
  [
    "a number that is none",
    () => jaas({ ...SCOPED, unsecuredLoginNumberClaim_n: "x" }),
    "unsecuredLoginNumberClaim_n of sasl.jaas.config is no number",
  ],
  [
    "a lifetime that is none",
    () => jaas({ ...SCOPED, unsecuredLoginLifetimeSeconds: "-1" }),
    "unsecuredLoginLifetimeSeconds of sasl.jaas.config is no number",
  ],
  ["an unknown class", () => ofIssuer({ "sasl.login.callback.handler.class": "com.example.Login" }), "com.example.Login is not known here"],
  ["no client", () => ({ ...ofIssuer(), ...jaas({ clientId: "alice" }) }), "sasl.jaas.config needs a clientId and a clientSecret"],
  ["an address that is none", () => ofIssuer({ [URL_SETTING]: "issuer" }), `${URL_SETTING}=issuer is no URL`],
  ["an address that is not served", () => ofIssuer({ [URL_SETTING]: "ftp://issuer/" }), "must begin with http, https or file"],
  [
    "a class without an address",
    () => ({ ...jaas(CREDENTIALS), "sasl.login.callback.handler.class": `${PACKAGE}OAuthBearerLoginCallbackHandler` }),
    `${URL_SETTING} is missing`,
  ],
  [
    "an issuer that has nothing there",
    () => ofIssuer({ [URL_SETTING]: `${signed.oauth.issuer}/elsewhere` }),
    "it was answered with status 404",
  ],
  [
    "an issuer that does not know the client",
    () => ({ ...ofIssuer(), ...jaas({ clientId: "", clientSecret: SECRET }) }),
    "it was answered with status 401",
  ],
  [
    "an address with something else",
    () => ofIssuer({ [URL_SETTING]: pathToFileURL(join(folder, "missing")).href }),
    "There is no token from file:",
  ],
])("a command is told at once that there is no token by settings with %s", async (_, properties, sentence) => {
  const { exitCode, err } = await run(["topics", "list"], signed, properties());
  expect([exitCode === 0, err]).toEqual([false, expect.stringContaining(sentence)]);
});
