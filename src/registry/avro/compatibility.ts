// Whether a reader's Avro schema can read what a writer's describes: "Schema Resolution" in Avro's specification, with the liberty that its own
// library takes with names (only the last part has to match, or an alias of the reader). Logical types, docs, orders and other attributes play no
// part. Places are JSON pointers into the reader's schema.

import { Effort } from "../effort.ts";
import type { Difference } from "../format.ts";
import { Pairs } from "../pairs.ts";
import {
  type AvroEnum,
  type AvroFixed,
  type AvroNamed,
  type AvroRecord,
  type AvroSchema,
  type AvroUnion,
  fullName,
  isNamed,
} from "./schema.ts";

/** All that stands in the way of reading `writer` with `reader`. */
export function avroDifferences(reader: AvroSchema, writer: AvroSchema): readonly Difference[] {
  return new Comparison().differences(reader, writer, "");
}

/** To what a reader may promote what was written. */
const PROMOTIONS: { readonly [written: string]: readonly string[] } = {
  int: ["long", "float", "double"],
  long: ["float", "double"],
  float: ["double"],
  string: ["bytes"],
  bytes: ["string"],
};

class Comparison {
  /** Pairs that are compared or were: those in progress count as compatible, or recursive types would have no end. */
  readonly #seen: Pairs<true>;
  /** What trials came to, shared by them all, or nested unions would be tried again and again. */
  readonly #trials: Pairs<boolean>;
  readonly #effort: Effort;

  constructor(seen = new Pairs<true>(), trials = new Pairs<boolean>(), effort = new Effort()) {
    this.#seen = seen;
    this.#trials = trials;
    this.#effort = effort;
  }

  differences(reader: AvroSchema, writer: AvroSchema, path: string): readonly Difference[] {
    this.#effort.spend();
    if (isNamed(reader)) {
      if (this.#seen.get(reader, writer) === true) return [];
      this.#seen.set(reader, writer, true);
    }
    if (writer.type === "union") return this.#fromUnion(reader, writer.branches, path);
    if (reader.type === "union") {
      const isRead = candidates(reader, writer).some((branch) => this.#canRead(branch, writer));
      return isRead ? [] : [missingBranch(writer, path)];
    }
    if (reader.type === "record" || reader.type === "error") {
      return writer.type === "record" || writer.type === "error"
        ? this.#ofRecords(reader, writer, path)
        : [typeMismatch(reader, writer, path)];
    }
    if (reader.type === "array" && writer.type === "array") return this.differences(reader.items, writer.items, `${path}/items`);
    if (reader.type === "map" && writer.type === "map") return this.differences(reader.values, writer.values, `${path}/values`);
    if (reader.type === "enum" && writer.type === "enum")
      return [...nameDifferences(reader, writer, path), ...ofEnums(reader, writer, path)];
    if (reader.type === "fixed" && writer.type === "fixed")
      return [...nameDifferences(reader, writer, path), ...ofFixed(reader, writer, path)];
    if (reader.type === writer.type || PROMOTIONS[writer.type]?.includes(reader.type)) return [];
    return [typeMismatch(reader, writer, path)];
  }

  /** Each branch that may have been written has to be read. */
  #fromUnion(reader: AvroSchema, branches: readonly AvroSchema[], path: string): readonly Difference[] {
    if (reader.type !== "union") return branches.flatMap((branch) => this.differences(reader, branch, path));
    return branches.flatMap((branch, index) => (this.#canRead(reader, branch) ? [] : [missingBranch(branch, `${path}/${index}`)]));
  }

  /** A trial, whose pairs are forgotten: that one of them failed must not count as compatible later. */
  #canRead(reader: AvroSchema, writer: AvroSchema): boolean {
    const known = this.#trials.get(reader, writer);
    if (known !== undefined) return known;
    const trial = new Comparison(new Pairs(this.#seen), this.#trials, this.#effort);
    const canRead = trial.differences(reader, writer, "").length === 0;
    this.#trials.set(reader, writer, canRead);
    return canRead;
  }

  #ofRecords(reader: AvroRecord, writer: AvroRecord, path: string): readonly Difference[] {
    const differences = [...nameDifferences(reader, writer, path)];
    const written = new Map(writer.fields.map((field) => [field.name, field]));
    reader.fields.forEach((field, index) => {
      const place = `${path}/fields/${index}`;
      const names = [field.name, ...field.aliases];
      const source = names.map((name) => written.get(name)).find((found) => found !== undefined);
      if (source !== undefined) differences.push(...this.differences(field.type, source.type, `${place}/type`));
      else if (field.default === undefined) differences.push(missingDefault(field.name, place));
    });
    return differences;
  }
}

const branchesByName = new WeakMap<AvroUnion, ReadonlyMap<string, readonly AvroSchema[]>>();

/** The branches that may read `writer`, by name where it has one: a union may have very many. */
function candidates(union: AvroUnion, writer: AvroSchema): readonly AvroSchema[] {
  if (!isNamed(writer)) return union.branches.filter((branch) => !isNamed(branch));
  const byName = branchesByName.get(union) ?? namedBranches(union);
  branchesByName.set(union, byName);
  const found = [...(byName.get(writer.name.name) ?? []), ...(byName.get(`alias ${fullName(writer.name)}`) ?? [])];
  return [...new Set(found)];
}

function namedBranches({ branches }: AvroUnion): ReadonlyMap<string, readonly AvroSchema[]> {
  const byName = new Map<string, AvroSchema[]>();
  const add = (name: string, branch: AvroSchema) => byName.set(name, [...(byName.get(name) ?? []), branch]);
  for (const branch of branches) {
    if (!isNamed(branch)) continue;
    add(branch.name.name, branch);
    for (const alias of branch.aliases) add(`alias ${fullName(alias)}`, branch);
  }
  return byName;
}

function nameDifferences(reader: AvroNamed, writer: AvroNamed, path: string): readonly Difference[] {
  const written = fullName(writer.name);
  if (reader.name.name === writer.name.name || reader.aliases.some((alias) => fullName(alias) === written)) return [];
  return [difference("NAME_MISMATCH", () => `The name of the schema has changed (path '${path}/name')`, `expected: ${written}`)];
}

function ofEnums(reader: AvroEnum, writer: AvroEnum, path: string): readonly Difference[] {
  const known = new Set(reader.symbols);
  const missing = writer.symbols.filter((symbol) => !known.has(symbol));
  if (missing.length === 0 || reader.default !== undefined) return [];
  const symbols = `[${missing.join(", ")}]`;
  const place = `${path}/symbols`;
  return [
    difference(
      "MISSING_ENUM_SYMBOLS",
      (newer, older) => `The ${newer} schema is missing enum symbols '${symbols}' at path '${place}' in the ${older} schema`,
      symbols,
    ),
  ];
}

function ofFixed(reader: AvroFixed, writer: AvroFixed, path: string): readonly Difference[] {
  if (reader.size === writer.size) return [];
  const place = `${path}/size`;
  return [
    difference(
      "FIXED_SIZE_MISMATCH",
      (newer, older) => `The size of FIXED type field at path '${place}' in the ${newer} schema does not match with the ${older} schema`,
      `expected: ${writer.size}, found: ${reader.size}`,
    ),
  ];
}

function missingDefault(name: string, place: string): Difference {
  return difference(
    "READER_FIELD_MISSING_DEFAULT_VALUE",
    (reader, writer) =>
      `The field '${name}' at path '${place}' in the ${reader} schema has no default value and is missing in the ${writer} schema`,
    name,
  );
}

function typeMismatch(reader: AvroSchema, writer: AvroSchema, path: string): Difference {
  return difference(
    "TYPE_MISMATCH",
    (newer, older) =>
      `The type (path '${path === "" ? "/" : path}') of a field in the ${newer} schema does not match with the ${older} schema`,
    `reader type: ${kind(reader)} not compatible with writer type: ${kind(writer)}`,
  );
}

function missingBranch(writer: AvroSchema, path: string): Difference {
  return difference(
    "MISSING_UNION_BRANCH",
    (newer, older) =>
      `The ${newer} schema is missing a type inside a union field at path '${path === "" ? "/" : path}' in the ${older} schema`,
    `reader union lacking writer type: ${kind(writer)}`,
  );
}

function kind({ type }: AvroSchema): string {
  return type === "error" ? "RECORD" : type.toUpperCase();
}

function difference(errorType: string, description: (reader: string, writer: string) => string, additionalInfo: string): Difference {
  return {
    errorType,
    print: (reader, writer) =>
      `{errorType:'${errorType}', description:'${description(reader, writer)}', additionalInfo:'${additionalInfo}'}`,
  };
}
