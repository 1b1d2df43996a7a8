// Where keys come from, in order, and how they are kept. The services are servers of the test's own.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { silentLogger } from "../../../src/base/logger.ts";
import { systemClock } from "../../../src/base/system-clock.ts";
import { VirtualClock } from "../../../src/base/virtual-clock.ts";
import { findCredentials, findRegion } from "../../../src/diskless/s3/credentials/chain.ts";
import { type Credentials, KeptCredentials } from "../../../src/diskless/s3/credentials/credentials.ts";
import { type RecordedLine, recordingLogger } from "../../support/recording-logger.ts";
import { type Asked, ScriptedServer } from "./scripted-server.ts";

let home = "";
const servers: ScriptedServer[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "odradek-credentials-"));
});

afterEach(() => {
  rmSync(home, { recursive: true, force: true });
  for (const server of servers.splice(0)) server.close();
});

/** Nothing of the machine's own is asked. */
const surroundings = (environment: Readonly<Record<string, string>> = {}) => ({
  environment: { HOME: home, AWS_EC2_METADATA_DISABLED: "true", ...environment },
  clock: systemClock,
});
const found = (environment: Readonly<Record<string, string>> = {}) => findCredentials(surroundings(environment));

function file(name: string, text: string): string {
  const path = join(home, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

async function serving(answers: (asked: Asked) => string | number): Promise<ScriptedServer> {
  const server = await ScriptedServer.start((asked) => {
    const answer = answers(asked);
    return typeof answer === "number" ? { status: answer } : { body: answer };
  });
  servers.push(server);
  return server;
}

const ENVIRONMENT = { AWS_ACCESS_KEY_ID: "env-id", AWS_SECRET_ACCESS_KEY: "env-secret", AWS_SESSION_TOKEN: "env-token" };
const JSON_KEYS = JSON.stringify({ AccessKeyId: "id", SecretAccessKey: "secret", Token: "token", Expiration: "2030-01-01T00:00:00Z" });
const JSON_CREDENTIALS = { accessKeyId: "id", secretAccessKey: "secret", sessionToken: "token", expiresAtMs: Date.UTC(2030, 0, 1) };

test("the environment comes first", async () => {
  file(".aws/credentials", "[default]\naws_access_key_id=file-id\naws_secret_access_key=file-secret\n");
  expect(await found(ENVIRONMENT)).toEqual({
    accessKeyId: "env-id",
    secretAccessKey: "env-secret",
    sessionToken: "env-token",
    expiresAtMs: undefined,
  });
  expect((await found({ AWS_ACCESS_KEY_ID: "alone" })).accessKeyId).toBe("file-id");
});

test("where there are none, the sentence says where they were looked for", async () => {
  await expect(found()).rejects.toMatchObject({ code: "REFUSED", message: expect.stringContaining("AWS_ACCESS_KEY_ID") });
});

describe("of the shared files", () => {
  test("the chosen profile is read from both, as people write them", async () => {
    file(
      ".aws/config",
      "# mine\n[default]\nregion = eu-north-1\ns3 =\n  max_concurrent_requests = 20\n[ profile other ] ; theirs\nregion=eu-west-1 # near\naws_access_key_id = less\n",
    );
    file(
      ".aws/credentials",
      "[default]\r\naws_access_key_id = a\r\naws_secret_access_key = b=c/d+e==\r\n\r\n[other]\naws_access_key_id=o\nAWS_SECRET_ACCESS_KEY=p\naws_session_token=q\n",
    );
    expect(await found()).toMatchObject({ accessKeyId: "a", secretAccessKey: "b=c/d+e==" });
    expect(await found({ AWS_PROFILE: "other" })).toMatchObject({ accessKeyId: "o", secretAccessKey: "p", sessionToken: "q" });
    expect(await findRegion(surroundings())).toBe("eu-north-1");
    expect(await findRegion(surroundings({ AWS_PROFILE: "other" }))).toBe("eu-west-1");
    expect(await findRegion(surroundings({ AWS_DEFAULT_REGION: "x", AWS_REGION: "y" }))).toBe("y");
  });

  test("others may be named", async () => {
    const path = file("elsewhere", "[default]\naws_access_key_id=e\naws_secret_access_key=f\n");
    expect(await found({ AWS_SHARED_CREDENTIALS_FILE: path })).toMatchObject({ accessKeyId: "e" });
  });

  test("a command may give them", async () => {
    const path = file("give", `#!/bin/sh\necho '${JSON_KEYS.replace("Token", "SessionToken")}'\n`);
    chmodSync(path, 0o700);
    file(".aws/config", `[default]\ncredential_process = "${path}" --for-me\n`);
    expect(await found()).toEqual(JSON_CREDENTIALS);
    file(".aws/config", "[default]\ncredential_process = exit 3\n");
    await expect(found(ENVIRONMENT)).resolves.toMatchObject({ accessKeyId: "env-id" });
    await expect(found()).rejects.toThrow("credential_process failed (3)");
  });

  test("what is not there, or not supported, is said", async () => {
    file(
      ".aws/config",
      "[profile sso]\nsso_session = mine\n[profile mfa]\nrole_arn=r\nmfa_serial=m\n[profile a]\nrole_arn=r\nsource_profile=b\n[profile b]\nrole_arn=r\nsource_profile=a\n[profile bare]\nrole_arn=r\n",
    );
    const cases = {
      sso: "has sso_session, which is not supported",
      mfa: "mfa_serial",
      a: "leads back to itself",
      bare: "neither source_profile",
      none: "is chosen by AWS_PROFILE",
    };
    for (const [profile, message] of Object.entries(cases)) await expect(found({ AWS_PROFILE: profile }), profile).rejects.toThrow(message);
  });
});

describe("of a role", () => {
  const answer = (action: string) =>
    `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result><Credentials><AccessKeyId>id</AccessKeyId>` +
    "<SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration>" +
    `</Credentials></${action}Result></${action}Response>`;

  test("a token in a file is shown for it, read anew each time", async () => {
    const server = await serving(() => answer("AssumeRoleWithWebIdentity"));
    const tokenFile = file("token", "first+token\n");
    const environment = {
      AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
      AWS_ROLE_ARN: "arn:role",
      AWS_ROLE_SESSION_NAME: "me",
      AWS_ENDPOINT_URL_STS: server.origin,
    };
    expect(await found(environment)).toEqual(JSON_CREDENTIALS);
    file("token", "second");
    await found(environment);
    const [first, second] = server.asked.map(({ body }) => new URLSearchParams(body.toString()));
    expect(first?.get("WebIdentityToken")).toBe("first+token");
    expect(Object.fromEntries(second ?? [])).toMatchObject({
      Action: "AssumeRoleWithWebIdentity",
      RoleArn: "arn:role",
      RoleSessionName: "me",
      WebIdentityToken: "second",
    });
    expect(server.asked[0]?.headers.authorization).toBeUndefined();
  });

  test("the keys of another profile sign for it", async () => {
    const server = await serving(() => answer("AssumeRole"));
    file(
      ".aws/config",
      "[default]\nrole_arn=arn:role\nsource_profile=base\nexternal_id=ex\n[profile base]\naws_access_key_id=b\naws_secret_access_key=s\nrole_arn=not-asked-for\n",
    );
    expect(await found({ AWS_ENDPOINT_URL_STS: server.origin, AWS_REGION: "eu-north-1" })).toEqual(JSON_CREDENTIALS);
    expect(server.asked[0]?.headers.authorization).toMatch(/Credential=b\/\d{8}\/eu-north-1\/sts\/aws4_request/);
    expect(server.asked[0]?.body.toString()).toContain("ExternalId=ex");
  });

  test("a refusal is told, and nobody else is asked", async () => {
    const server = await ScriptedServer.start(() => ({
      status: 403,
      body: "<ErrorResponse><Error><Code>AccessDenied</Code><Message>Not you.</Message></Error></ErrorResponse>",
    }));
    servers.push(server);
    const other = await serving(() => JSON_KEYS);
    const environment = {
      AWS_WEB_IDENTITY_TOKEN_FILE: file("token", "t"),
      AWS_ROLE_ARN: "arn:role",
      AWS_ENDPOINT_URL_STS: server.origin,
      AWS_CONTAINER_CREDENTIALS_FULL_URI: other.origin,
    };
    await expect(found(environment)).rejects.toMatchObject({
      code: "REFUSED",
      message: expect.stringContaining("said 403 AccessDenied to AssumeRoleWithWebIdentity of arn:role: Not you."),
    });
    expect(other.asked).toEqual([]);
  });
});

describe("of the machine", () => {
  test("a container's come with a token, from a service that may be trusted", async () => {
    const server = await serving(({ headers }) => (headers.authorization === "let me" ? JSON_KEYS : 401));
    const AWS_CONTAINER_CREDENTIALS_FULL_URI = `${server.origin}/keys`;
    expect(await found({ AWS_CONTAINER_CREDENTIALS_FULL_URI, AWS_CONTAINER_AUTHORIZATION_TOKEN: "let me" })).toEqual(JSON_CREDENTIALS);
    expect(await found({ AWS_CONTAINER_CREDENTIALS_FULL_URI, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file("token", "let me\n") })).toEqual(
      JSON_CREDENTIALS,
    );
    await expect(found({ AWS_CONTAINER_CREDENTIALS_FULL_URI })).rejects.toMatchObject({ code: "REFUSED" });
    await expect(found({ AWS_CONTAINER_CREDENTIALS_FULL_URI: "http://example.com/keys" })).rejects.toThrow(
      "neither https nor of this machine",
    );
  });

  test("an instance's come with a session of its metadata service", async () => {
    const server = await serving(({ method, url, headers }) => {
      if (url === "/latest/api/token") return method === "PUT" ? "session" : 405;
      if (headers["x-aws-ec2-metadata-token"] !== "session") return 401;
      return url.endsWith("/security-credentials/") ? "my-role\n" : url.endsWith("/my-role") ? JSON_KEYS : 404;
    });
    const there = { AWS_EC2_METADATA_DISABLED: "false", AWS_EC2_METADATA_SERVICE_ENDPOINT: server.origin };
    expect(await found(there)).toEqual(JSON_CREDENTIALS);
  });

  test("an instance without a role has none", async () => {
    const server = await serving(({ url }) => (url === "/latest/api/token" ? "session" : 404));
    const there = { AWS_EC2_METADATA_DISABLED: "false", AWS_EC2_METADATA_SERVICE_ENDPOINT: server.origin };
    await expect(found(there)).rejects.toThrow("There are no credentials for the object store: neither");
  });
});

describe("kept credentials", () => {
  const HOUR_MS = 3_600_000;

  function kept() {
    const clock = new VirtualClock();
    const lines: RecordedLine[] = [];
    const given: Credentials[] = [];
    const state = { isFailing: false };
    const read = async () => {
      if (state.isFailing) throw new Error("no");
      const credentials = {
        accessKeyId: String(given.length),
        secretAccessKey: "s",
        sessionToken: undefined,
        expiresAtMs: clock.now() + HOUR_MS,
      };
      given.push(credentials);
      return credentials;
    };
    return { clock, lines, given, state, credentials: new KeptCredentials(read, { clock, logger: recordingLogger(lines) }) };
  }

  test("are read once for all who ask, and again before they expire, without anybody waiting", async () => {
    const { clock, given, credentials } = kept();
    const both = await Promise.all([credentials.get(), credentials.get()]);
    expect(both.map(({ accessKeyId }) => accessKeyId)).toEqual(["0", "0"]);
    await clock.advance(HOUR_MS - 5 * 60_000 - 1);
    expect((await credentials.get()).accessKeyId).toBe("0");
    await clock.advance(1);
    expect((await credentials.get()).accessKeyId).toBe("0");
    expect(given).toHaveLength(2);
    expect((await credentials.get()).accessKeyId).toBe("1");
  });

  test("serve until they expire where there are no others, which is said now and then", async () => {
    const { clock, lines, state, credentials } = kept();
    await credentials.get();
    state.isFailing = true;
    await clock.advance(HOUR_MS - 30_000);
    for (let times = 0; times < 5; times++) expect((await credentials.get()).accessKeyId).toBe("0");
    expect(lines).toHaveLength(1);
    await clock.advance(30_000);
    await expect(credentials.get()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    state.isFailing = false;
    await clock.advance(10_000);
    expect((await credentials.get()).accessKeyId).toBe("1");
  });

  test("that the store refuses are forgotten", async () => {
    const { credentials } = kept();
    credentials.forget(await credentials.get());
    expect((await credentials.get()).accessKeyId).toBe("1");
  });

  test("that never expire are not read again", async () => {
    const forever = { accessKeyId: "id", secretAccessKey: "s", sessionToken: undefined, expiresAtMs: undefined };
    let count = 0;
    const clock = new VirtualClock();
    const credentials = new KeptCredentials(async () => Object.assign({}, forever, { accessKeyId: String(count++) }), {
      clock,
      logger: silentLogger,
    });
    await credentials.get();
    await clock.advance(1_000 * HOUR_MS);
    expect((await credentials.get()).accessKeyId).toBe("0");
  });
});
