// The credentials of a profile in the shared files: keys, a command that prints them, or a role that is taken on with those of another profile,
// of the machine, or with a token. Not there: single sign-on, and roles that want a code from a device; a command can stand in for both.

import { ObjectStoreError } from "../../../base/object-store.ts";
import type { Credentials } from "./credentials.ts";
import { credentialsOfJson } from "./json-credentials.ts";
import { containerCredentials, instanceCredentials } from "./metadata-services.ts";
import { assumeRole, assumeRoleWithWebIdentity, type RoleRequest } from "./security-token-service.ts";
import type { Profile, Profiles } from "./shared-files.ts";
import { outputOf, type Surroundings, textOfFile, variable } from "./surroundings.ts";

/** Undefined where the profile says nothing of credentials. */
export async function profileCredentials(profiles: Profiles, surroundings: Surroundings): Promise<Credentials | undefined> {
  if (!profiles.byName.has(profiles.chosen) && variable(surroundings, "AWS_PROFILE") !== undefined) {
    throw refused(profiles.chosen, "is chosen by AWS_PROFILE, and is not in ~/.aws/config or ~/.aws/credentials");
  }
  return await credentialsOf(profiles.chosen, profiles, surroundings, []);
}

async function credentialsOf(
  name: string,
  profiles: Profiles,
  surroundings: Surroundings,
  seen: readonly string[],
): Promise<Credentials | undefined> {
  const profile = profiles.byName.get(name);
  if (profile === undefined) {
    if (seen.length > 0) throw refused(name, "is named as a source_profile, and is not there");
    return undefined;
  }
  const keys = keysIn(profile);
  // Where another takes its role on with this one, or this one with itself, keys are what is meant.
  if (keys !== undefined && seen.length > 0) return keys;
  if (seen.includes(name)) throw refused(name, "leads back to itself by source_profile");
  const roleArn = profile.get("role_arn");
  if (roleArn !== undefined) return await roleCredentials(name, profile, roleArn, { profiles, surroundings, seen });
  if (keys !== undefined) return keys;
  const command = profile.get("credential_process");
  if (command !== undefined) return credentialsOfJson(await outputOf(command, surroundings), `credential_process of the profile ${name}`);
  const unknown = ["sso_session", "sso_start_url", "login_session"].find((setting) => profile.has(setting));
  if (unknown === undefined) return undefined;
  const instead = `credential_process = aws configure export-credentials --profile ${name} --format process`;
  throw refused(name, `has ${unknown}, which is not supported; a profile with "${instead}" does the same`);
}

interface Surrounded {
  readonly profiles: Profiles;
  readonly surroundings: Surroundings;
  readonly seen: readonly string[];
}

async function roleCredentials(name: string, profile: Profile, roleArn: string, where: Surrounded): Promise<Credentials> {
  const { profiles, surroundings, seen } = where;
  if (profile.has("mfa_serial")) throw refused(name, "wants a code from a device (mfa_serial), which is not supported");
  const role: RoleRequest = {
    roleArn,
    sessionName: profile.get("role_session_name"),
    region: variable(surroundings, "AWS_REGION") ?? variable(surroundings, "AWS_DEFAULT_REGION") ?? profile.get("region"),
    externalId: profile.get("external_id"),
    durationSeconds: profile.get("duration_seconds"),
  };
  const tokenFile = profile.get("web_identity_token_file");
  if (tokenFile !== undefined) return await assumeRoleWithWebIdentity(role, await tokenIn(tokenFile), surroundings);
  const sourceProfile = profile.get("source_profile");
  const source =
    sourceProfile === undefined
      ? await machineCredentials(name, profile.get("credential_source"), surroundings)
      : await credentialsOf(sourceProfile, profiles, surroundings, [...seen, name]);
  if (source === undefined)
    throw refused(name, `has a role, and ${sourceProfile ?? profile.get("credential_source")} no credentials to take it on with`);
  return await assumeRole(role, source, surroundings);
}

async function machineCredentials(name: string, source: string | undefined, surroundings: Surroundings): Promise<Credentials | undefined> {
  switch (source) {
    case "Environment":
      return environmentCredentials(surroundings);
    case "EcsContainer":
      return await containerCredentials(surroundings);
    case "Ec2InstanceMetadata":
      return await instanceCredentials(surroundings);
    default:
      throw refused(name, "has a role, and neither source_profile, credential_source nor web_identity_token_file to take it on with");
  }
}

export function environmentCredentials(surroundings: Surroundings): Credentials | undefined {
  const accessKeyId = variable(surroundings, "AWS_ACCESS_KEY_ID");
  const secretAccessKey = variable(surroundings, "AWS_SECRET_ACCESS_KEY");
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey, sessionToken: variable(surroundings, "AWS_SESSION_TOKEN"), expiresAtMs: undefined };
}

export async function tokenIn(path: string): Promise<string> {
  const token = (await textOfFile(path))?.trim();
  if (token !== undefined && token !== "") return token;
  throw new ObjectStoreError("REFUSED", `There are no credentials for the object store: there is no token in ${path}.`);
}

function keysIn(profile: Profile): Credentials | undefined {
  const [accessKeyId, secretAccessKey] = [profile.get("aws_access_key_id"), profile.get("aws_secret_access_key")];
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return { accessKeyId, secretAccessKey, sessionToken: profile.get("aws_session_token"), expiresAtMs: undefined };
}

function refused(name: string, why: string): ObjectStoreError {
  return new ObjectStoreError("REFUSED", `There are no credentials for the object store: the profile ${name} ${why}.`);
}
