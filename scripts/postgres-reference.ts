// Where PostgreSQL is, to try against: a tool that starts, kills and stops a server of a port. POSTGRES_REFERENCE names it; by default it lies
// beside the repository. Nothing but interop and bench needs it.

import { existsSync } from "node:fs";
import { resolve } from "node:path";

export const POSTGRES_REFERENCE = resolve(
  import.meta.dirname,
  "..",
  process.env["POSTGRES_REFERENCE"] ?? "../shared/tools/postgres/postgres",
);

export function hasPostgresReference(): boolean {
  if (existsSync(POSTGRES_REFERENCE)) return true;
  console.warn(`interop: skipped, no PostgreSQL reference at ${POSTGRES_REFERENCE} (set POSTGRES_REFERENCE)`);
  return false;
}
