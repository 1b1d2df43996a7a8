// The client in Go, built where there is a Go toolchain.

import { join } from "node:path";
import { GoProgram } from "../../scripts/go-program.ts";
import type { Observation } from "./compare.ts";
import { runOrThrow } from "./processes.ts";

const program = new GoProgram(join(import.meta.dirname, "franz-go"));

/** What main.go there takes. */
export interface FranzGoWishes {
  readonly bootstrap: string;
  /** Has one partition. */
  readonly topic: string;
  readonly mechanism?: string;
  readonly user?: string;
  readonly password?: string;
  /** Of OAUTHBEARER. */
  readonly token?: string;
  /** The user is a delegation token. */
  readonly isToken?: boolean;
  /** Files in PEM. */
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** How long records are sent and read back; one record otherwise. */
  readonly forMs?: number;
}

export function canBuildFranzGo(): boolean {
  return program.canBuild();
}

/** Sends and reads back, or what it is refused with. */
export async function franzGo(wishes: FranzGoWishes): Promise<Observation> {
  return JSON.parse(await runOrThrow(program.build(), [JSON.stringify(wishes)], { deadlineMs: 60_000 })) as Observation;
}
