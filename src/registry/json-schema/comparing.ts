// What the comparisons of single kinds ask of the comparison that they are part of.

import type { Difference } from "../format.ts";
import type { SchemaNode } from "./document.ts";

/** Of an older schema (the writer's) and a newer one (the reader's). */
export interface Comparing {
  schemas(older: SchemaNode, newer: SchemaNode, path: string): readonly Difference[];
  /** Tries only: what it finds is not told. */
  isCompatible(older: SchemaNode, newer: SchemaNode): boolean;
  /** Whether a pattern of `patternProperties` fits a name, anywhere in it. */
  fits(pattern: string, name: string): boolean;
}
