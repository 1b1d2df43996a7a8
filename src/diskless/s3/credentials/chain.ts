// Where credentials are looked for, in the order in which AWS's own libraries do it, under the same names: the environment, the shared files, a
// token with a role, the container, the instance. The first place that is set up has to have them; where it cannot give any, no other is asked,
// so that nobody works with other credentials than he meant to.

import { ObjectStoreError } from "../../../base/object-store.ts";
import type { Credentials, CredentialsSource } from "./credentials.ts";
import { containerCredentials, instanceCredentials } from "./metadata-services.ts";
import { environmentCredentials, profileCredentials, tokenIn } from "./profile.ts";
import { assumeRoleWithWebIdentity } from "./security-token-service.ts";
import { readProfiles } from "./shared-files.ts";
import { type Surroundings, textOfFile, variable } from "./surroundings.ts";

/** Rejects with ObjectStoreError. */
export async function findCredentials(surroundings: Surroundings): Promise<Credentials> {
  const sources: readonly CredentialsSource[] = [
    async () => environmentCredentials(surroundings),
    async () => await profileCredentials(await readProfiles(surroundings), surroundings),
    async () => await webIdentityCredentials(surroundings),
    async () => await containerCredentials(surroundings),
    async () => await instanceCredentials(surroundings),
  ];
  for (const source of sources) {
    const credentials = await source();
    if (credentials !== undefined) return credentials;
  }
  throw new ObjectStoreError(
    "REFUSED",
    "There are no credentials for the object store: neither AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, nor a profile in ~/.aws, " +
      "AWS_WEB_IDENTITY_TOKEN_FILE, AWS_CONTAINER_CREDENTIALS_FULL_URI or a role of the EC2 instance.",
  );
}

/** As the libraries look for it: in the environment, then in the profile. */
export async function findRegion(surroundings: Surroundings): Promise<string | undefined> {
  const given = variable(surroundings, "AWS_REGION") ?? variable(surroundings, "AWS_DEFAULT_REGION");
  if (given !== undefined) return given;
  const { chosen, byName } = await readProfiles(surroundings);
  return byName.get(chosen)?.get("region");
}

export function findEndpoint(surroundings: Surroundings): string | undefined {
  return variable(surroundings, "AWS_ENDPOINT_URL_S3") ?? variable(surroundings, "AWS_ENDPOINT_URL");
}

/** Of AWS_CA_BUNDLE: certificates to trust, where the store's is of an authority that is not known to everybody. */
export async function findAuthorities(surroundings: Surroundings): Promise<string | undefined> {
  const path = variable(surroundings, "AWS_CA_BUNDLE");
  if (path === undefined) return undefined;
  const text = await textOfFile(path);
  if (text === undefined) throw new ObjectStoreError("REFUSED", `AWS_CA_BUNDLE is ${path}, which cannot be read.`);
  return text;
}

async function webIdentityCredentials(surroundings: Surroundings): Promise<Credentials | undefined> {
  const tokenFile = variable(surroundings, "AWS_WEB_IDENTITY_TOKEN_FILE");
  const roleArn = variable(surroundings, "AWS_ROLE_ARN");
  if (tokenFile === undefined || roleArn === undefined) return undefined;
  const role = { roleArn, sessionName: variable(surroundings, "AWS_ROLE_SESSION_NAME"), region: await findRegion(surroundings) };
  // The token in the file is replaced from time to time.
  return await assumeRoleWithWebIdentity(role, await tokenIn(tokenFile), surroundings);
}
