// What JSON Schemas say about properties and items that they do not name. It may become more: from nothing to a schema, from a schema to anything.

import { type Difference, pathDifference } from "../format.ts";
import type { Comparing } from "./comparing.ts";
import type { Rest } from "./model.ts";
import { placeOf } from "./scalars.ts";

interface Rests {
  readonly older: Rest;
  readonly newer: Rest;
  readonly keyword: "additionalProperties" | "additionalItems" | "items";
  readonly path: string;
}

export function differencesOfRest(comparing: Comparing, { older, newer, keyword, path }: Rests): readonly Difference[] {
  if (newer === true || older === false) return [];
  const place = placeOf(path, keyword);
  const word = keyword === "additionalProperties" ? "ADDITIONAL_PROPERTIES" : "ADDITIONAL_ITEMS";
  if (newer === false) {
    return [pathDifference(`${word}_REMOVED`, `The {reader} schema allows nothing at path '${place}', unlike the {writer} schema`)];
  }
  if (older === true) {
    return [pathDifference(`${word}_NARROWED`, `The {reader} schema allows less at path '${place}' than the {writer} schema`)];
  }
  return comparing.schemas(older, newer, place);
}
