// Where an object store as S3 is, to try against: a tool that starts, kills and stops one on a port. OBJECT_STORE_REFERENCE names it; by default
// it lies beside the repository. Nothing but interop and bench needs it.

import { existsSync } from "node:fs";
import { resolve } from "node:path";

export const OBJECT_STORE_REFERENCE = resolve(
  import.meta.dirname,
  "..",
  process.env["OBJECT_STORE_REFERENCE"] ?? "../shared/tools/object-store/object-store",
);

export function hasObjectStoreReference(): boolean {
  if (existsSync(OBJECT_STORE_REFERENCE)) return true;
  console.warn(`interop: skipped, no object store reference at ${OBJECT_STORE_REFERENCE} (set OBJECT_STORE_REFERENCE)`);
  return false;
}
