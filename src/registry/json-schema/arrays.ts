// Two JSON Schemas of arrays. Positions of tuples are to them what named properties are to objects.

import { type Difference, pathDifference } from "../format.ts";
import type { Comparing } from "./comparing.ts";
import type { SchemaNode } from "./document.ts";
import type { ArrayModel } from "./model.ts";
import { differencesOfRest } from "./rest.ts";
import { differencesOfBounds, placeOf } from "./scalars.ts";

export function differencesOfArrays(comparing: Comparing, older: ArrayModel, newer: ArrayModel, path: string): readonly Difference[] {
  const keyword = newer.isTuple ? "additionalItems" : "items";
  const unique = `The {reader} schema demands different items at path '${placeOf(path, "uniqueItems")}', unlike the {writer} schema`;
  return [
    ...differencesOfBounds("maxItems", { older: older.most, newer: newer.most }, true, path),
    ...differencesOfBounds("minItems", { older: older.least, newer: newer.least }, false, path),
    ...(newer.isUnique && !older.isUnique ? [pathDifference("UNIQUE_ITEMS_ADDED", unique)] : []),
    ...differencesOfRest(comparing, { older: older.rest, newer: newer.rest, keyword, path }),
    ...differencesOfPositions(comparing, older, newer, path),
  ];
}

function differencesOfPositions(comparing: Comparing, older: ArrayModel, newer: ArrayModel, path: string): readonly Difference[] {
  const differences: Difference[] = [];
  const length = Math.max(older.items.length, newer.items.length);
  for (let position = 0; position < length; position++) {
    const before = older.items[position];
    const after = newer.items[position];
    const place = placeOf(path, "items", String(position));
    if (before !== undefined && after !== undefined) differences.push(...comparing.schemas(before, after, place));
    else if (after !== undefined) differences.push(...added(comparing, older, after, place));
    else if (before !== undefined) differences.push(...removed(comparing, newer, before, place));
  }
  return differences;
}

function added(comparing: Comparing, { rest }: ArrayModel, item: SchemaNode, place: string): readonly Difference[] {
  if (rest === false) return [];
  if (rest === true) {
    if (item.value === true || (typeof item.value === "object" && Object.keys(item.value).length === 0)) return [];
    const description = `The {reader} schema has an item at path '${place}' which is missing in the {writer} schema, whose content model is open`;
    return [pathDifference("ITEM_ADDED_TO_OPEN_CONTENT_MODEL", description)];
  }
  if (comparing.isCompatible(rest, item)) return [];
  const description = `The {reader} schema has an item at path '${place}' that what the {writer} schema allows there does not fit`;
  return [pathDifference("ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", description)];
}

function removed(comparing: Comparing, { rest }: ArrayModel, item: SchemaNode, place: string): readonly Difference[] {
  if (rest === true || item.value === false) return [];
  if (rest === false) {
    const description = `The {reader} schema has a closed content model and lacks an item at path '${place}' of the {writer} schema`;
    return [pathDifference("ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL", description)];
  }
  if (comparing.isCompatible(item, rest)) return [];
  const description = `The {reader} schema lacks an item at path '${place}' of the {writer} schema, and what it allows there does not fit`;
  return [pathDifference("ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", description)];
}
