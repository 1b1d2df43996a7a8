// `--command-config FILE` of our own commands: Kafka's client properties that say how to log in.

import type { Login } from "../client/sasl.ts";
import { usageError } from "./command-error.ts";
import { loginOf } from "./kafka/client-login.ts";
import { FlagError } from "./kafka/flags.ts";
import { clientSettings } from "./kafka/tool.ts";

/** Raises a usage error. */
export function commandLogin(path: string): Login | undefined {
  try {
    return loginOf(clientSettings(path), path);
  } catch (error) {
    if (error instanceof FlagError) throw usageError(`--command-config ${error.message}`);
    throw error;
  }
}
