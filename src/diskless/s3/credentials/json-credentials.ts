// Credentials as services and commands give them in JSON: AccessKeyId, SecretAccessKey, a token, and when they expire.

import { ObjectStoreError } from "../../../base/object-store.ts";
import type { Credentials } from "./credentials.ts";

/** `whom`: who gave them, for people. */
export function credentialsOfJson(text: string, whom: string): Credentials {
  const fields = new Map<string, unknown>(Object.entries(objectIn(text) ?? {}));
  const field = (name: string) => {
    const value = fields.get(name);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const [accessKeyId, secretAccessKey] = [field("AccessKeyId"), field("SecretAccessKey")];
  const expiration = field("Expiration");
  const expiresAtMs = expiration === undefined ? undefined : Date.parse(expiration);
  if (accessKeyId === undefined || secretAccessKey === undefined || Number.isNaN(expiresAtMs)) {
    throw new ObjectStoreError("UNAVAILABLE", `There are no credentials for the object store: ${whom} gave something else.`);
  }
  return { accessKeyId, secretAccessKey, sessionToken: field("Token") ?? field("SessionToken"), expiresAtMs };
}

function objectIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
