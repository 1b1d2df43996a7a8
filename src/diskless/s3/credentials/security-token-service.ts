// Roles, whose credentials AWS's Security Token Service gives for a while: to who has others, or shows a token of somebody it trusts (as pods of
// Kubernetes have one in a file).

import { ObjectStoreError } from "../../../base/object-store.ts";
import { complaintOf } from "../answers.ts";
import { domainOf } from "../location.ts";
import { queryText, RequestSigner, sha256 } from "../signature.ts";
import { childrenOf, readXml, textOf, type XmlElement } from "../xml.ts";
import type { Credentials } from "./credentials.ts";
import { answerTo, type Surroundings, variable } from "./surroundings.ts";

const VERSION = "2011-06-15";
const WHOM = "the Security Token Service";
const DEADLINE_MS = 10_000;

export interface RoleRequest {
  readonly roleArn: string;
  /** What the role's use is called in its account. */
  readonly sessionName: string | undefined;
  readonly region: string | undefined;
  readonly externalId?: string | undefined;
  readonly durationSeconds?: string | undefined;
}

/** With credentials that may take the role on. */
export async function assumeRole(role: RoleRequest, credentials: Credentials, surroundings: Surroundings): Promise<Credentials> {
  return await ask("AssumeRole", { ExternalId: role.externalId }, role, surroundings, credentials);
}

/** With a token, which is all that has to be shown. */
export async function assumeRoleWithWebIdentity(role: RoleRequest, token: string, surroundings: Surroundings): Promise<Credentials> {
  return await ask("AssumeRoleWithWebIdentity", { WebIdentityToken: token }, role, surroundings, undefined);
}

async function ask(
  action: string,
  more: Readonly<Record<string, string | undefined>>,
  role: RoleRequest,
  surroundings: Surroundings,
  credentials: Credentials | undefined,
): Promise<Credentials> {
  const { clock } = surroundings;
  const region = role.region ?? "us-east-1";
  const url = new URL(variable(surroundings, "AWS_ENDPOINT_URL_STS") ?? `https://sts.${region}.${domainOf(region)}`);
  const sessionName = role.sessionName ?? `odradek-${clock.now()}`;
  const fields = {
    Action: action,
    Version: VERSION,
    RoleArn: role.roleArn,
    RoleSessionName: sessionName,
    DurationSeconds: role.durationSeconds,
    ...more,
  };
  const given = Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  const body = queryText(Object.fromEntries(given));
  const plain = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
  const signer = new RequestSigner(region, "sts");
  const toSign = { method: "POST", host: url.host, path: "/", query: {}, headers: plain, payloadHash: sha256([body]) };
  const headers = credentials === undefined ? plain : signer.sign(toSign, credentials, clock.now());
  const answer = await answerTo({ whom: WHOM, method: "POST", url: new URL("/", url), headers, body, deadlineMs: DEADLINE_MS }, clock);
  if (answer.status === 200) return credentialsIn(answer.body.toString(), action);
  const { code, message } = complaintOf(answer);
  const what = `There are no credentials for the object store: ${WHOM} said ${answer.status} ${code} to ${action} of ${role.roleArn}: ${message}`;
  throw new ObjectStoreError(answer.status >= 500 || answer.status === 429 ? "UNAVAILABLE" : "REFUSED", what);
}

function credentialsIn(body: string, action: string): Credentials {
  const result = childrenOf(rootOf(body), `${action}Result`)[0];
  const element = result === undefined ? undefined : childrenOf(result, "Credentials")[0];
  const read = (name: string) => (element === undefined ? undefined : textOf(element, name));
  const [accessKeyId, secretAccessKey, sessionToken] = [read("AccessKeyId"), read("SecretAccessKey"), read("SessionToken")];
  const expiresAtMs = Date.parse(read("Expiration") ?? "");
  if (accessKeyId === undefined || secretAccessKey === undefined || Number.isNaN(expiresAtMs)) throw nothingIn();
  return { accessKeyId, secretAccessKey, sessionToken, expiresAtMs };
}

function rootOf(body: string): XmlElement {
  try {
    return readXml(body);
  } catch {
    throw nothingIn();
  }
}

function nothingIn(): ObjectStoreError {
  return new ObjectStoreError("UNAVAILABLE", `There are no credentials for the object store: ${WHOM} answered without any.`);
}
