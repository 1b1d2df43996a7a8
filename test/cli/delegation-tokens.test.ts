// `kafka-delegation-tokens`, and commands that log in with what it makes. That its words are Kafka's is compared in test/interop.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runToolCommand } from "../../src/cli/tool-program.ts";
import { type RunningBroker, startBroker } from "../../src/index.ts";
import { FakeTerminal } from "./fake-terminal.ts";

let broker: RunningBroker;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "odradek-tokens-"));
  broker = await startBroker({
    users: { alice: "secret" },
    topics: ["t"],
    settings: { "delegation.token.secret.key": "secret", "connection.failed.authentication.delay.ms": 0 },
  });
});
afterAll(async () => {
  await broker.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Login {
  readonly user: string;
  readonly password: string;
  readonly more?: string;
}
const ALICE: Login = { user: "alice", password: "secret" };

async function run(line: string, { user, password, more = "" }: Login = ALICE) {
  const path = join(folder, "client.properties");
  writeFileSync(
    path,
    `security.protocol=SASL_PLAINTEXT
sasl.mechanism=SCRAM-SHA-256
sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username="${user}" password="${password}"${more};
`,
  );
  const terminal = new FakeTerminal();
  const argv = [...line.split(" "), "--bootstrap-server", broker.bootstrapServers, "--command-config", path];
  const exitCode = await runToolCommand(argv, { terminal, stopping: new Promise(() => undefined) });
  return { exitCode, out: terminal.output, err: terminal.errors };
}

const tokens = (line: string, login?: Login) => run(`kafka-delegation-tokens ${line}`, login);

test("kafka-delegation-tokens makes a token, by which commands log in with tokenauth until it is withdrawn", async () => {
  const { exitCode, out } = await tokens(
    "--create --max-life-time-period 3600000 --renewer-principal User:bob --renewer-principal User:carol",
  );
  expect(exitCode).toBe(0);
  const [, , , header = "", , row = ""] = out.split("\n");
  expect(header).toBe(
    "TOKENID         HMAC                           OWNER           REQUESTER       RENEWERS                  ISSUEDATE       EXPIRYDATE      MAXDATE        ",
  );
  const [id = "", hmac = ""] = row.split(" ");
  expect(out).toContain(`Created delegation token with tokenId : ${id}\n`);
  expect(row).toMatch(/^\S{22} \S{86}== User:alice {6}User:alice {6}\[User:bob, User:carol\] {4}(\d{4}-\d\d-\d\dT\d\d:\d\d ?){3}$/);
  const token = { user: id, password: hmac, more: " tokenauth=true" };
  expect(await run("kafka-topics --list", token)).toEqual({ exitCode: 0, out: "t\n", err: "" });
  expect((await run("kafka-topics --list", { ...token, more: "" })).err).toContain("SaslAuthenticationException");
  expect((await tokens("--create --max-life-time-period -1", token)).err).toBe(
    "org.apache.kafka.common.errors.UnsupportedByAuthenticationException: Delegation Token requests are not allowed on PLAINTEXT/1-way SSL channels and on delegation token authenticated channels.\n",
  );
  expect((await tokens("--describe --owner-principal User:bob")).out).toContain("Total number of tokens : 1\n");
  expect((await tokens("--describe")).out).toContain("Calling describe token operation for current user.\nTotal number of tokens : 0\n");
  expect((await tokens(`--renew --hmac ${hmac} --renew-time-period -1`)).out).toMatch(
    /Completed renew operation. New expiry date : \S{16}$/,
  );
  expect((await tokens(`--expire --hmac ${hmac} --expiry-time-period -1`)).out).toMatch(/Completed expire operation. New expiry date : /);
  expect((await run("kafka-topics --list", token)).err).toContain("SaslAuthenticationException");
  expect(await tokens(`--renew --hmac ${hmac} --renew-time-period -1`)).toMatchObject({
    exitCode: 1,
    err: "org.apache.kafka.common.errors.DelegationTokenNotFoundException: Delegation Token is not found on server.\n",
  });
});

test.each([
  ["--create --describe", "Command must include exactly one action: --create, --renew, --expire or --describe"],
  ["--create", 'Missing required argument "[max-life-time-period]"'],
  ["--renew --hmac AAAA", 'Missing required argument "[renew-time-period]"'],
  ["--create --max-life-time-period 1 --hmac AAAA", 'Option "[create]" can\'t be used with option "[hmac]"'],
  ["--create --max-life-time-period 1 --renewer-principal bob", "expected a string in format principalType:principalName but got bob"],
  ["--expire --hmac x! --expiry-time-period 1", "Illegal base64 character 21"],
  [
    "--create --max-life-time-period 1 --renewer-principal Group:g",
    "org.apache.kafka.common.errors.InvalidPrincipalTypeException: Supplied principalType is not supported.",
  ],
])("kafka-delegation-tokens %s is refused in one sentence", async (line, sentence) => {
  const { exitCode, err } = await tokens(line);
  expect([exitCode, err.split("\n")[0]]).toEqual([1, sentence]);
});
