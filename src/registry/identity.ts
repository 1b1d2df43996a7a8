// Which schemas are the same: those with equal text, references, metadata and rules. An MD5 over these is their identity, and printed as a UUID the GUID
// by which clients may name a schema whatever its registry calls it.

import { createHash } from "node:crypto";
import type { SchemaVersion } from "./records.ts";

export type SchemaContent = Pick<SchemaVersion, "schemaType" | "schema" | "references" | "metadata" | "ruleSet">;

const known = new WeakMap<SchemaContent, string>();

/** Contents never change: what was found out of one is kept with it. */
export function guidOf(content: SchemaContent): string {
  const guid = known.get(content) ?? computedGuid(content);
  known.set(content, guid);
  return guid;
}

function computedGuid({ schema, references, metadata, ruleSet }: SchemaContent): string {
  const hash = createHash("md5").update(schema, "utf8");
  for (const { name, subject, version } of references) {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(version);
    hash.update(name, "utf8").update(subject, "utf8").update(bytes);
  }
  if (metadata !== undefined) hash.update(JSON.stringify(metadata), "utf8");
  if (ruleSet !== undefined) hash.update(JSON.stringify(ruleSet), "utf8");
  return hash.digest("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
