// `--command-config FILE` of our own commands: Kafka's client properties that say how to come to the brokers.

import type { Access } from "../client/connection.ts";
import { usageError } from "./command-error.ts";
import { accessOf } from "./kafka/client-access.ts";
import { FlagError } from "./kafka/flags.ts";
import { clientSettings } from "./kafka/tool.ts";

/** Raises a usage error. */
export function commandAccess(path: string): Access {
  try {
    return accessOf(clientSettings(path), path);
  } catch (error) {
    if (error instanceof FlagError) throw usageError(`--command-config ${error.message}`);
    throw error;
  }
}
