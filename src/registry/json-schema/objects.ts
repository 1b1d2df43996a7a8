// Two JSON Schemas of objects: properties that both name are compared; of one that only one of them names, the content model of the other decides.

import { type Difference, pathDifference } from "../format.ts";
import type { Comparing } from "./comparing.ts";
import type { SchemaNode } from "./document.ts";
import type { ObjectModel } from "./model.ts";
import { differencesOfRest } from "./rest.ts";
import { differencesOfBounds, placeOf } from "./scalars.ts";

export function differencesOfObjects(comparing: Comparing, older: ObjectModel, newer: ObjectModel, path: string): readonly Difference[] {
  return [
    ...differencesOfBounds("maxProperties", { older: older.most, newer: newer.most }, true, path),
    ...differencesOfBounds("minProperties", { older: older.least, newer: newer.least }, false, path),
    ...differencesOfRest(comparing, { older: older.rest, newer: newer.rest, keyword: "additionalProperties", path }),
    ...differencesOfDependencies(comparing, older, newer, path),
    ...differencesOfProperties(comparing, older, newer, path),
    ...newlyRequired(older, newer, path),
  ];
}

function differencesOfProperties(comparing: Comparing, older: ObjectModel, newer: ObjectModel, path: string): readonly Difference[] {
  const differences: Difference[] = [];
  for (const [name, schema] of newer.properties) {
    const before = older.properties.get(name);
    const place = placeOf(path, "properties", name);
    if (before === undefined) differences.push(...added(comparing, { model: older, name, schema, newer, place }));
    else differences.push(...comparing.schemas(before, schema, place));
  }
  for (const [name, schema] of older.properties) {
    if (!newer.properties.has(name)) differences.push(...removed(comparing, newer, { name, schema }, placeOf(path, "properties", name)));
  }
  return differences;
}

interface Added {
  /** The older schema, which does not name the property. */
  readonly model: ObjectModel;
  readonly newer: ObjectModel;
  readonly name: string;
  readonly schema: SchemaNode;
  readonly place: string;
}

/** Where the older schema is open, documents may have had anything by that name. */
function added(comparing: Comparing, { model, newer, name, schema, place }: Added): readonly Difference[] {
  const covering = coverOf(comparing, model, name);
  if (covering === true) {
    if (isAnything(schema)) return [];
    const description = `The {reader} schema has a property at path '${place}' which is missing in the {writer} schema, whose content model is open`;
    return [pathDifference("PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL", description)];
  }
  const differences: Difference[] = [];
  if (covering !== false && !comparing.isCompatible(covering, schema)) {
    const description = `The {reader} schema has a property at path '${place}' that what the {writer} schema allows there does not fit`;
    differences.push(pathDifference("PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", description));
  }
  if (newer.required.has(name) && !hasDefault(schema)) {
    const description = `The {reader} schema requires a property at path '${place}' which has no default and is missing in the {writer} schema`;
    differences.push(pathDifference("REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL", description));
  }
  return differences;
}

function removed(
  comparing: Comparing,
  newer: ObjectModel,
  { name, schema }: { readonly name: string; readonly schema: SchemaNode },
  place: string,
): readonly Difference[] {
  const covering = coverOf(comparing, newer, name);
  if (covering === true || schema.value === false) return [];
  if (covering === false) {
    const description = `The {reader} schema has a closed content model and lacks a property at path '${place}' of the {writer} schema`;
    return [pathDifference("PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL", description)];
  }
  if (comparing.isCompatible(schema, covering)) return [];
  const description = `The {reader} schema lacks a property at path '${place}' of the {writer} schema, and what it allows there does not fit`;
  return [pathDifference("PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", description)];
}

/** What a schema says about a property that it does not name: anything, nothing, or a schema. Where there are patterns, others are nothing. */
function coverOf(comparing: Comparing, { patterns, rest }: ObjectModel, name: string): boolean | SchemaNode {
  const fitting = patterns.find(({ source }) => comparing.fits(source, name));
  if (fitting !== undefined) return fitting.schema;
  return patterns.length > 0 && rest === true ? false : rest;
}

/** Of names that both schemas know, or that have no schema at all: new ones are judged where they are added. */
function newlyRequired(older: ObjectModel, newer: ObjectModel, path: string): readonly Difference[] {
  return [...newer.required].flatMap((name) => {
    const schema = newer.properties.get(name);
    const isNew = schema !== undefined && !older.properties.has(name);
    if (isNew || older.required.has(name) || (schema !== undefined && hasDefault(schema))) return [];
    const place = placeOf(path, "required", name);
    return [
      pathDifference("REQUIRED_ATTRIBUTE_ADDED", `The {reader} schema requires what the {writer} schema does not, at path '${place}'`),
    ];
  });
}

function differencesOfDependencies(comparing: Comparing, older: ObjectModel, newer: ObjectModel, path: string): readonly Difference[] {
  return [...newer.dependencies].flatMap(([name, demanded]) => {
    const before = older.dependencies.get(name);
    const place = placeOf(path, "dependencies", name);
    if (isNames(demanded)) {
      if (!isNames(before)) return [dependency("DEPENDENCY_ARRAY_ADDED", place)];
      const [known, now] = [new Set(before), new Set(demanded)];
      if (demanded.every((one) => known.has(one))) return [];
      const isExtended = before.every((one) => now.has(one));
      return [dependency(isExtended ? "DEPENDENCY_ARRAY_EXTENDED" : "DEPENDENCY_ARRAY_CHANGED", place)];
    }
    if (before === undefined || isNames(before)) return [dependency("DEPENDENCY_SCHEMA_ADDED", place)];
    return comparing.schemas(before, demanded, place);
  });
}

function isNames(dependency: readonly string[] | SchemaNode | undefined): dependency is readonly string[] {
  return Array.isArray(dependency);
}

function dependency(errorType: string, place: string): Difference {
  return pathDifference(errorType, `The {reader} schema has a dependency at path '${place}' that the {writer} schema has not`);
}

function isAnything({ value }: SchemaNode): boolean {
  return value === true || (typeof value === "object" && Object.keys(value).length === 0);
}

function hasDefault({ value }: SchemaNode): boolean {
  return typeof value === "object" && Object.hasOwn(value, "default");
}
