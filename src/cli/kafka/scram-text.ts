// `iterations=8192,password=secret`, as `kafka-configs` takes SCRAM credentials.

import type { ScramMechanism } from "../../client/admin/scram.ts";
import { FlagError } from "./flags.ts";

const FEWEST_ITERATIONS = 4096;
const MOST_ITERATIONS = 16384;

export function parseScram(mechanism: ScramMechanism, text: string): { readonly iterations: number; readonly password: string } {
  const [, given, password] = /^(?:iterations=([0-9]+),)?password=(.+)$/s.exec(text) ?? [];
  if (password === undefined) throw new FlagError(`Invalid credential property ${mechanism}=${text}`, { isTerse: true });
  const iterations = given === undefined ? FEWEST_ITERATIONS : Number(given);
  if (iterations < FEWEST_ITERATIONS)
    throw new FlagError(`Iterations ${iterations} is less than the minimum ${FEWEST_ITERATIONS} required for ${mechanism}`, {
      isTerse: true,
    });
  if (iterations > MOST_ITERATIONS)
    throw new FlagError(`Iterations ${iterations} is greater than the maximum ${MOST_ITERATIONS} allowed for ${mechanism}`, {
      isTerse: true,
    });
  return { iterations, password };
}
