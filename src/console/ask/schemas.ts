// Subjects and versions of the schema registry at the same address.

import { askJson, pathOf } from "./http.ts";

export interface Version {
  readonly subject: string;
  readonly version: number;
  readonly id: number;
  readonly schema: string;
  readonly schemaType?: string;
  readonly references?: readonly { readonly name: string; readonly subject: string; readonly version: number }[];
}

const signalled = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });

export function listSubjects(signal?: AbortSignal): Promise<readonly string[]> {
  return askJson("/subjects", signalled(signal));
}

export async function versionsOf(subject: string, signal?: AbortSignal): Promise<readonly Version[]> {
  const numbers = await askJson<readonly number[]>(pathOf("subjects", subject, "versions"), signalled(signal));
  return Promise.all(numbers.map((version) => askJson<Version>(pathOf("subjects", subject, "versions", version), signalled(signal))));
}

export async function compatibilityOf(subject: string, signal?: AbortSignal): Promise<string> {
  const query = { defaultToGlobal: true };
  const { compatibilityLevel } = await askJson<{ readonly compatibilityLevel: string }>(pathOf("config", subject), {
    query,
    ...signalled(signal),
  });
  return compatibilityLevel;
}

export async function setCompatibility(subject: string, compatibility: string): Promise<void> {
  await askJson(pathOf("config", subject), { method: "PUT", body: { compatibility } });
}

export interface NewSchema {
  readonly schemaType: string;
  readonly schema: string;
}

/** Gives the id. */
export async function register(subject: string, schema: NewSchema): Promise<number> {
  const { id } = await askJson<{ readonly id: number }>(pathOf("subjects", subject, "versions"), { method: "POST", body: schema });
  return id;
}

/** Why it could not be read with the versions that are there, in sentences; none: it could. */
export async function incompatibilities(subject: string, schema: NewSchema): Promise<readonly string[]> {
  const path = pathOf("compatibility", "subjects", subject, "versions");
  const { is_compatible: isCompatible, messages = [] } = await askJson<{
    readonly is_compatible: boolean;
    readonly messages?: readonly string[];
  }>(path, {
    method: "POST",
    body: schema,
    query: { verbose: true },
  });
  return isCompatible ? [] : messages.length > 0 ? messages : ["It is not compatible."];
}

export async function deleteSubject(subject: string): Promise<void> {
  await askJson(pathOf("subjects", subject), { method: "DELETE" });
}

export async function deleteVersion({ subject, version }: Version): Promise<void> {
  await askJson(pathOf("subjects", subject, "versions", version), { method: "DELETE" });
}
