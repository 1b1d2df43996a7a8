// Reads an Avro schema from its JSON and holds it to Avro's specification (1.12, "Schema Declaration" and "Names"). Names are known from where
// they are defined on, within the types that they stand in themselves, and from the schemas that are referred to.

import { InvalidSchema } from "../format.ts";
import { type Json, type JsonEntry, member, stringMember, writeJson } from "../json-text.ts";
import { isDefaultOf } from "./default-value.ts";
import {
  type AvroField,
  type AvroName,
  type AvroNamed,
  type AvroRecord,
  type AvroSchema,
  fullName,
  isNamed,
  nameOf,
  PRIMITIVES,
} from "./schema.ts";

/** Types by full name. */
export type AvroTypes = Map<string, AvroNamed>;

/** Reads a schema; the types that it defines are added to `types`, in which those of its references are. */
export function parseAvro(json: Json, types: AvroTypes, { validateDefaults }: { readonly validateDefaults: boolean }): AvroSchema {
  return new Parser(types, validateDefaults).schema(json, "");
}

const OF_SCHEMAS = ["doc", "fields", "items", "name", "namespace", "size", "symbols", "values", "type", "aliases"];
const OF_FIELDS = ["default", "doc", "name", "order", "type", "aliases"];
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

class Parser {
  readonly #types: AvroTypes;
  readonly #validateDefaults: boolean;

  constructor(types: AvroTypes, validateDefaults: boolean) {
    this.#types = types;
    this.#validateDefaults = validateDefaults;
  }

  schema(json: Json, namespace: string): AvroSchema {
    if (json.kind === "string") return this.#named(json.value, namespace, []);
    if (json.kind === "array") return this.#union(json.items, namespace);
    if (json.kind !== "object") throw new InvalidSchema(`Schema not yet supported: ${writeJson(json)}`);
    const type = member(json, "type");
    if (type === undefined) throw new InvalidSchema(`No type: ${writeJson(json)}`);
    if (type.kind !== "string") return this.schema(type, namespace);
    switch (type.value) {
      case "record":
      case "error":
        return this.#record(json, type.value, namespace);
      case "enum":
        return this.#enum(json, namespace);
      case "fixed":
        return this.#fixed(json, namespace);
      case "array":
        return { type: "array", items: this.#inner(json, "items", namespace), properties: others(json, OF_SCHEMAS) };
      case "map":
        return { type: "map", values: this.#inner(json, "values", namespace), properties: others(json, OF_SCHEMAS) };
      default:
        return this.#named(type.value, stringMember(json, "namespace") ?? namespace, others(json, OF_SCHEMAS));
    }
  }

  #named(text: string, namespace: string, properties: readonly JsonEntry[]): AvroSchema {
    const primitive = PRIMITIVES.find((name) => name === text);
    if (primitive !== undefined) return { type: primitive, properties };
    const found = this.#types.get(fullName(nameOf(text, namespace))) ?? this.#types.get(text);
    if (found === undefined) throw new InvalidSchema(`Undefined name: "${text}"`);
    return found;
  }

  #union(items: readonly Json[], namespace: string): AvroSchema {
    const branches = items.map((item) => this.schema(item, namespace));
    const seen = new Set<string>();
    for (const branch of branches) {
      if (branch.type === "union") throw new InvalidSchema(`Nested union: ${writeJson({ kind: "array", items })}`);
      const name = isNamed(branch) ? fullName(branch.name) : branch.type;
      if (seen.has(name)) throw new InvalidSchema(`Duplicate in union: ${name}`);
      seen.add(name);
    }
    return { type: "union", branches };
  }

  #record(json: Json, type: "record" | "error", namespace: string): AvroSchema {
    const record: AvroRecord = { type, ...named(json, namespace), fields: [], properties: others(json, OF_SCHEMAS) };
    this.#define(record);
    const fields = member(json, "fields");
    if (fields?.kind !== "array") throw new InvalidSchema(`Record has no fields: ${writeJson(json)}`);
    const names = new Set<string>();
    for (const item of fields.items) {
      const field = this.#field(item, record.name);
      if (names.has(field.name)) throw new InvalidSchema(`Duplicate field ${field.name} in record ${fullName(record.name)}`);
      names.add(field.name);
      record.fields.push(field);
    }
    return record;
  }

  #field(json: Json, record: AvroName): AvroField {
    const name = stringMember(json, "name");
    if (name === undefined) throw new InvalidSchema(`No field name: ${writeJson(json)}`);
    checkName(name);
    const typeOfField = member(json, "type");
    if (typeOfField === undefined) throw new InvalidSchema(`No field type: ${writeJson(json)}`);
    const type = this.schema(typeOfField, record.namespace);
    const value = member(json, "default");
    if (value !== undefined && this.#validateDefaults && !isDefaultOf(type, value)) {
      throw new InvalidSchema(`Invalid default for field ${name}: ${writeJson(value)} is not of type ${describe(type)}`);
    }
    return {
      name,
      type,
      doc: stringMember(json, "doc"),
      default: value,
      order: orderOf(json),
      aliases: strings(json, "aliases") ?? [],
      properties: others(json, OF_FIELDS),
    };
  }

  #enum(json: Json, namespace: string): AvroSchema {
    const symbols = strings(json, "symbols");
    if (symbols === undefined) throw new InvalidSchema(`Enum has no symbols: ${writeJson(json)}`);
    symbols.forEach(checkName);
    const seen = new Set<string>();
    const twice = symbols.find((symbol) => seen.size === seen.add(symbol).size);
    if (twice !== undefined) throw new InvalidSchema(`Duplicate enum symbol: ${twice}`);
    const value = stringMember(json, "default");
    if (value !== undefined && !symbols.includes(value)) {
      throw new InvalidSchema(`The Enum Default: ${value} is not in the enum symbol set: [${symbols.join(", ")}]`);
    }
    const properties = others(json, [...OF_SCHEMAS, "default"]);
    return this.#define({ type: "enum", ...named(json, namespace), symbols, default: value, properties });
  }

  #fixed(json: Json, namespace: string): AvroSchema {
    const size = member(json, "size");
    if (size?.kind !== "number" || !/^[0-9]+$/.test(size.text) || Number(size.text) > 0x7fffffff) {
      throw new InvalidSchema(`Invalid or no size: ${writeJson(json)}`);
    }
    return this.#define({ type: "fixed", ...named(json, namespace), size: Number(size.text), properties: others(json, OF_SCHEMAS) });
  }

  #define<Schema extends AvroNamed>(schema: Schema): Schema {
    const name = fullName(schema.name);
    if (this.#types.has(name)) throw new InvalidSchema(`Can't redefine: ${name}`);
    this.#types.set(name, schema);
    return schema;
  }

  #inner(json: Json, key: "items" | "values", namespace: string): AvroSchema {
    const inner = member(json, key);
    if (inner === undefined)
      throw new InvalidSchema(`${key === "items" ? "Array has no items" : "Map has no values"} type: ${writeJson(json)}`);
    return this.schema(inner, namespace);
  }
}

function named(json: Json, enclosing: string) {
  const text = stringMember(json, "name");
  if (text === undefined) throw new InvalidSchema(`No name in schema: ${writeJson(json)}`);
  const name = nameOf(text, stringMember(json, "namespace") ?? enclosing);
  checkName(name.name);
  if (name.namespace !== "") name.namespace.split(".").forEach(checkName);
  const aliases = (strings(json, "aliases") ?? []).map((alias) => nameOf(alias, name.namespace));
  return { name, doc: stringMember(json, "doc"), aliases };
}

function checkName(name: string): void {
  if (name === "") throw new InvalidSchema("Empty name");
  if (!NAME.test(name)) throw new InvalidSchema(`Illegal character in: ${name}`);
}

function orderOf(json: Json): AvroField["order"] {
  const order = stringMember(json, "order")?.toLowerCase() ?? "ascending";
  if (order !== "ascending" && order !== "descending" && order !== "ignore") throw new InvalidSchema(`Invalid order: ${order}`);
  return order;
}

/** An array of strings; anything else in it or in its place is an error. */
function strings(json: Json, key: string): string[] | undefined {
  const value = member(json, key);
  if (value === undefined || (value.kind === "literal" && value.value === null)) return undefined;
  if (value.kind !== "array") throw new InvalidSchema(`${key} is not an array: ${writeJson(value)}`);
  return value.items.map((item) => {
    if (item.kind !== "string") throw new InvalidSchema(`${key} holds what is not a string: ${writeJson(item)}`);
    return item.value;
  });
}

function others(json: Json, known: readonly string[]): readonly JsonEntry[] {
  return json.kind === "object" ? json.entries.filter(([key]) => !known.includes(key)) : [];
}

function describe(schema: AvroSchema): string {
  if (schema.type === "union") return `[${schema.branches.map(describe).join(", ")}]`;
  return isNamed(schema) ? fullName(schema.name) : schema.type;
}
