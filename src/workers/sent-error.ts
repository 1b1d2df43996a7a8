// Errors between threads: cloning keeps neither their class nor their codes.

import { SettingError } from "../config/setting.ts";
import { StorageError } from "../storage/storage-error.ts";

interface Said {
  readonly message: string;
  readonly stack: string | undefined;
}

export type SentError =
  | (Said & { readonly kind: "storage"; readonly code: StorageError["code"] })
  | (Said & { readonly kind: "setting"; readonly code: SettingError["code"]; readonly setting: string; readonly place: string | undefined })
  | (Said & {
      readonly kind: "other";
      /** As Node's own errors have them: of a failed system call, and what it was for. */
      readonly facts: object;
    });

export function sentError(error: unknown): SentError {
  if (!(error instanceof Error)) return { kind: "other", message: String(error), stack: undefined, facts: {} };
  const { message, stack } = error;
  if (error instanceof StorageError) return { kind: "storage", message, stack, code: error.code };
  if (error instanceof SettingError)
    return { kind: "setting", message, stack, code: error.code, setting: error.setting, place: error.place };
  return { kind: "other", message, stack, facts: plainFacts(error) };
}

function plainFacts(error: Error): object {
  return Object.fromEntries(Object.entries(error).filter(([, value]) => typeof value === "string" || typeof value === "number"));
}

export function receivedError(sent: SentError): Error {
  const error = errorOf(sent);
  if (sent.stack !== undefined) error.stack = sent.stack;
  return error;
}

function errorOf(sent: SentError): Error {
  switch (sent.kind) {
    case "storage":
      return new StorageError(sent.code, sent.message);
    case "setting":
      return new SettingError(sent.code, sent.setting, sent.message, sent.place);
    case "other":
      return Object.assign(new Error(sent.message), sent.facts);
  }
}
