// Writes an Avro schema as Avro's own library does: no white space, attributes in a fixed order (type, name, namespace, doc, what the type has, other
// attributes, aliases), a type in full where it first comes and by name afterwards. Nothing is left out, unlike in the Parsing Canonical Form.

import { type Json, type JsonEntry, jsonString, writeJson } from "../json-text.ts";
import { type AvroField, type AvroNamed, type AvroSchema, fullName, isNamed, nameWithin } from "./schema.ts";

/** `known` are the full names of types that are written by name alone, because a reference brings them. */
export function printAvro(schema: AvroSchema, known: Iterable<string>): string {
  return writeJson(new Printer(known).schema(schema, ""));
}

/**
 * The schema with what has no order in one: other attributes sorted by name, aliases by full name, and a scale of zero left out, which is what
 * none means.
 */
export function normalizeAvro(schema: AvroSchema, seen = new Map<AvroNamed, AvroNamed>()): AvroSchema {
  switch (schema.type) {
    case "union":
      return { type: "union", branches: schema.branches.map((branch) => normalizeAvro(branch, seen)) };
    case "array":
      return { ...schema, items: normalizeAvro(schema.items, seen), properties: sorted(schema.properties) };
    case "map":
      return { ...schema, values: normalizeAvro(schema.values, seen), properties: sorted(schema.properties) };
    default:
      return isNamed(schema) ? normalizeNamed(schema, seen) : { ...schema, properties: sorted(schema.properties) };
  }
}

function normalizeNamed(schema: AvroNamed, seen: Map<AvroNamed, AvroNamed>): AvroNamed {
  const known = seen.get(schema);
  if (known !== undefined) return known;
  const aliases = schema.aliases.toSorted((a, b) => (fullName(a) < fullName(b) ? -1 : 1));
  const normal: AvroNamed = { ...schema, aliases, properties: sorted(schema.properties), ...("fields" in schema ? { fields: [] } : {}) };
  seen.set(schema, normal);
  if ("fields" in schema && "fields" in normal) {
    for (const field of schema.fields) {
      const type = normalizeAvro(field.type, seen);
      normal.fields.push({ ...field, type, aliases: field.aliases.toSorted(), properties: sorted(field.properties) });
    }
  }
  return normal;
}

function sorted(properties: readonly JsonEntry[]): readonly JsonEntry[] {
  const isDecimal = properties.some(([key, value]) => key === "logicalType" && value.kind === "string" && value.value === "decimal");
  return properties
    .filter(([key, value]) => !(isDecimal && key === "scale" && value.kind === "number" && Number(value.text) === 0))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
}

class Printer {
  readonly #written: Set<string>;

  constructor(known: Iterable<string>) {
    this.#written = new Set(known);
  }

  schema(schema: AvroSchema, namespace: string): Json {
    switch (schema.type) {
      case "union":
        return array(schema.branches.map((branch) => this.schema(branch, namespace)));
      case "array":
        return object(["type", jsonString("array")], ["items", this.schema(schema.items, namespace)], ...properties(schema));
      case "map":
        return object(["type", jsonString("map")], ["values", this.schema(schema.values, namespace)], ...properties(schema));
      default:
        if (isNamed(schema)) return this.#named(schema, namespace);
        return schema.properties.length === 0 ? jsonString(schema.type) : object(["type", jsonString(schema.type)], ...properties(schema));
    }
  }

  #named(schema: AvroNamed, namespace: string): Json {
    const name = fullName(schema.name);
    if (this.#written.has(name)) return jsonString(nameWithin(schema.name, namespace));
    this.#written.add(name);
    const space: JsonEntry[] = schema.name.namespace === namespace ? [] : [["namespace", jsonString(schema.name.namespace)]];
    const aliases = schema.aliases.map((alias) => jsonString(nameWithin(alias, schema.name.namespace)));
    return object(
      ["type", jsonString(schema.type)],
      ["name", jsonString(schema.name.name)],
      ...space,
      ...doc(schema),
      ...this.#body(schema),
      ...properties(schema),
      ...(aliases.length > 0 ? [["aliases", array(aliases)] as const] : []),
    );
  }

  #body(schema: AvroNamed): readonly JsonEntry[] {
    switch (schema.type) {
      case "fixed":
        return [["size", { kind: "number", text: String(schema.size) }]];
      case "enum": {
        const symbols = array(schema.symbols.map(jsonString));
        return [["symbols", symbols], ...(schema.default === undefined ? [] : [["default", jsonString(schema.default)] as const])];
      }
      default:
        return [["fields", array(schema.fields.map((field) => this.#field(field, schema.name.namespace)))]];
    }
  }

  #field(field: AvroField, namespace: string): Json {
    return object(
      ["name", jsonString(field.name)],
      ["type", this.schema(field.type, namespace)],
      ...doc(field),
      ...(field.default === undefined ? [] : [["default", asJava(field.default)] as const]),
      ...(field.order === "ascending" ? [] : [["order", jsonString(field.order)] as const]),
      ...(field.aliases.length === 0 ? [] : [["aliases", array(field.aliases.map(jsonString))] as const]),
      ...properties(field),
    );
  }
}

function properties({ properties: entries }: { readonly properties: readonly JsonEntry[] }): readonly JsonEntry[] {
  return entries.map(([key, value]) => [key, asJava(value)]);
}

function doc({ doc: text }: { readonly doc: string | undefined }): readonly JsonEntry[] {
  return text === undefined ? [] : [["doc", jsonString(text)]];
}

function object(...entries: readonly JsonEntry[]): Json {
  return { kind: "object", entries };
}

function array(items: readonly Json[]): Json {
  return { kind: "array", items };
}

/** Fractions and exponents as Java prints a double; whole numbers keep their digits. */
function asJava(json: Json): Json {
  switch (json.kind) {
    case "object":
      return { kind: "object", entries: json.entries.map(([key, value]) => [key, asJava(value)]) };
    case "array":
      return array(json.items.map(asJava));
    case "number":
      return { kind: "number", text: /^-?[0-9]+$/.test(json.text) ? json.text : javaDouble(Number(json.text)) };
    default:
      return json;
  }
}

/** `Double.toString`: decimal between 10^-3 and 10^7, else with an exponent; always with a digit after the point. */
function javaDouble(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '"Infinity"' : '"-Infinity"';
  if (value === 0) return Object.is(value, -0) ? "-0.0" : "0.0";
  const magnitude = Math.abs(value);
  if (magnitude >= 1e-3 && magnitude < 1e7) return Number.isInteger(value) ? `${value}.0` : String(value);
  const [digits = "", exponent = ""] = value.toExponential().split("e");
  return `${digits.includes(".") ? digits : `${digits}.0`}E${Number(exponent)}`;
}
