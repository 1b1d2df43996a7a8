// Credentials that the machine has: of the container (ECS, and EKS's pod identities), or of the EC2 instance (metadata service, version 2).

import { ObjectStoreError } from "../../../base/object-store.ts";
import type { HttpAnswer } from "../http-exchange.ts";
import type { Credentials } from "./credentials.ts";
import { credentialsOfJson } from "./json-credentials.ts";
import { answerTo, type Surroundings, textOfFile, variable } from "./surroundings.ts";

const CONTAINER = "the container's credentials service";
const CONTAINER_ORIGIN = "http://169.254.170.2";
/** Those that may be asked without TLS, beside the machine itself: ECS's and EKS's. */
const CONTAINER_HOSTS = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];
const CONTAINER_MS = 5_000;

const INSTANCE = "the instance metadata service";
const INSTANCE_ORIGIN = "http://169.254.169.254";
const ROLES_PATH = "/latest/meta-data/iam/security-credentials/";
/** Elsewhere than on EC2 nobody answers. */
const INSTANCE_MS = 1_000;

export async function containerCredentials(surroundings: Surroundings): Promise<Credentials | undefined> {
  const relative = variable(surroundings, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const full = variable(surroundings, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
  const text = relative === undefined ? full : CONTAINER_ORIGIN + relative;
  if (text === undefined) return undefined;
  if (!URL.canParse(text) || !mayBeTrusted(new URL(text))) {
    throw refused(`AWS_CONTAINER_CREDENTIALS_FULL_URI is ${text}, neither https nor of this machine`);
  }
  const tokenFile = variable(surroundings, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  const token =
    tokenFile === undefined ? variable(surroundings, "AWS_CONTAINER_AUTHORIZATION_TOKEN") : (await textOfFile(tokenFile))?.trim();
  if (tokenFile !== undefined && token === undefined)
    throw refused(`AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE is ${tokenFile}, which cannot be read`);
  if (token !== undefined && /[\r\n]/.test(token)) throw refused("the token for the container's credentials has more than one line");
  const headers: Record<string, string> = token === undefined ? {} : { authorization: token };
  const answer = await answerTo(
    { whom: CONTAINER, method: "GET", url: new URL(text), headers, deadlineMs: CONTAINER_MS },
    surroundings.clock,
  );
  return credentialsOfJson(textIn(answer, CONTAINER), CONTAINER);
}

/** Undefined where there is no such service, or the instance has no role. */
export async function instanceCredentials(surroundings: Surroundings): Promise<Credentials | undefined> {
  if (variable(surroundings, "AWS_EC2_METADATA_DISABLED")?.toLowerCase() === "true") return undefined;
  const origin = new URL(variable(surroundings, "AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? INSTANCE_ORIGIN);
  const ask = (method: string, path: string, headers: Readonly<Record<string, string>>) =>
    answerTo({ whom: INSTANCE, method, url: new URL(path, origin), headers, deadlineMs: INSTANCE_MS }, surroundings.clock);
  const tokenAnswer = await ask("PUT", "/latest/api/token", { "x-aws-ec2-metadata-token-ttl-seconds": "21600" }).catch(() => undefined);
  // Who knows no such request is another service, at an address that means nothing elsewhere.
  if (tokenAnswer === undefined || (tokenAnswer.status >= 400 && tokenAnswer.status < 500)) return undefined;
  const headers = { "x-aws-ec2-metadata-token": textIn(tokenAnswer, INSTANCE) };
  const roles = await ask("GET", ROLES_PATH, headers);
  if (roles.status === 404) return undefined;
  const [role = ""] = textIn(roles, INSTANCE).trim().split("\n");
  if (role === "") return undefined;
  return credentialsOfJson(textIn(await ask("GET", ROLES_PATH + encodeURIComponent(role), headers), INSTANCE), INSTANCE);
}

function mayBeTrusted({ protocol, hostname }: URL): boolean {
  if (protocol === "https:") return true;
  return protocol === "http:" && (/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname) || CONTAINER_HOSTS.includes(hostname));
}

function textIn(answer: HttpAnswer, whom: string): string {
  if (answer.status === 200) return answer.body.toString();
  const what = `There are no credentials for the object store: ${whom} answered ${answer.status}.`;
  throw new ObjectStoreError(answer.status >= 500 || answer.status === 429 ? "UNAVAILABLE" : "REFUSED", what);
}

function refused(why: string): ObjectStoreError {
  return new ObjectStoreError("REFUSED", `There are no credentials for the object store: ${why}.`);
}
