// What a JSON Schema says, as one of few kinds that can be compared: `type` with the keywords of that type, `enum`, `not`, and combinations. A schema
// that says several things at once (a type and an enum) is an allOf of them; several types are an anyOf.

import type { JsonValue } from "../json-text.ts";
import { isObject, type JsonObject, type SchemaDocuments, type SchemaNode } from "./document.ts";

export type Criterion = "allOf" | "anyOf" | "oneOf";

/** The rest of an object or a tuple: nothing more, anything, or what a schema describes. */
export type Rest = boolean | SchemaNode;

export type Model =
  | { readonly kind: "anything" | "nothing" | "boolean" | "null" }
  | CombinedModel
  | ObjectModel
  | ArrayModel
  | StringModel
  | NumberModel
  | { readonly kind: "enum"; readonly values: readonly JsonValue[] }
  | { readonly kind: "not"; readonly schema: SchemaNode };

export interface CombinedModel {
  readonly kind: "combined";
  readonly criterion: Criterion;
  readonly branches: readonly Branch[];
}

/** A branch is a schema of its own, or one thing that a schema says beside others. */
export type Branch = SchemaNode | Model;

export interface ObjectModel {
  readonly kind: "object";
  readonly properties: ReadonlyMap<string, SchemaNode>;
  readonly patterns: readonly { readonly source: string; readonly schema: SchemaNode }[];
  readonly rest: Rest;
  readonly required: ReadonlySet<string>;
  readonly most: number | undefined;
  readonly least: number | undefined;
  /** What else has to be there, by the property that demands it. */
  readonly dependencies: ReadonlyMap<string, readonly string[] | SchemaNode>;
}

export interface ArrayModel {
  readonly kind: "array";
  readonly items: readonly SchemaNode[];
  readonly rest: Rest;
  /** Whether there are positions; else `rest` is what all items are. */
  readonly isTuple: boolean;
  readonly most: number | undefined;
  readonly least: number | undefined;
  readonly isUnique: boolean;
}

export interface StringModel {
  readonly kind: "string";
  readonly most: number | undefined;
  readonly least: number | undefined;
  readonly pattern: string | undefined;
}

export interface NumberModel {
  readonly kind: "number";
  readonly isInteger: boolean;
  readonly most: number | undefined;
  readonly least: number | undefined;
  readonly below: number | undefined;
  readonly above: number | undefined;
  readonly multipleOf: number | undefined;
}

/** `node` must not be a `$ref` any more. */
export function modelOf({ value, base }: SchemaNode, documents: SchemaDocuments): Model {
  if (typeof value === "boolean") return { kind: value ? "anything" : "nothing" };
  const schemas = new Within(value, base, documents);
  const said: Model[] = [...schemas.types(), ...schemas.combinations()];
  if (Array.isArray(value["enum"])) said.push({ kind: "enum", values: value["enum"] });
  if (Object.hasOwn(value, "const")) said.push({ kind: "enum", values: [value["const"] ?? null] });
  const not = schemas.schema("not");
  if (not !== undefined) said.push({ kind: "not", schema: not });
  const [only = { kind: "anything" }] = said;
  return said.length > 1 ? { kind: "combined", criterion: "allOf", branches: said } : only;
}

const KEYWORDS: { readonly [type: string]: readonly string[] } = {
  object: [
    ...["properties", "patternProperties", "additionalProperties", "unevaluatedProperties", "required", "maxProperties", "minProperties"],
    ...["dependencies", "dependentRequired", "dependentSchemas", "propertyNames"],
  ],
  array: ["items", "prefixItems", "additionalItems", "unevaluatedItems", "contains", "maxItems", "minItems", "uniqueItems"],
  string: ["maxLength", "minLength", "pattern"],
  number: ["maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum", "multipleOf"],
};

/** The keywords of one schema. */
class Within {
  readonly #value: JsonObject;
  readonly #base: string;
  readonly #documents: SchemaDocuments;

  constructor(value: JsonObject, base: string, documents: SchemaDocuments) {
    this.#value = value;
    this.#base = base;
    this.#documents = documents;
  }

  schema(key: string): SchemaNode | undefined {
    return this.#nodeOf(this.#value[key]);
  }

  /** What `type` says, or, without it, the keywords of a type. */
  types(): readonly Model[] {
    const type = this.#value["type"];
    if (typeof type === "string") return [this.#ofType(type)];
    if (Array.isArray(type)) {
      const models = type.filter((name) => typeof name === "string").map((name) => this.#ofType(name));
      return models.length === 1 ? models : [{ kind: "combined", criterion: "anyOf", branches: models }];
    }
    const spoken = Object.keys(KEYWORDS).filter((name) => KEYWORDS[name]?.some((key) => Object.hasOwn(this.#value, key)));
    return spoken.map((name) => this.#ofType(name));
  }

  combinations(): readonly Model[] {
    const models: Model[] = [];
    for (const criterion of ["allOf", "anyOf", "oneOf"] as const) {
      const branches = this.#value[criterion];
      if (Array.isArray(branches))
        models.push({ kind: "combined", criterion, branches: branches.flatMap((one) => this.#nodeOf(one) ?? []) });
    }
    return models;
  }

  #ofType(type: string): Model {
    switch (type) {
      case "object":
        return this.#object();
      case "array":
        return this.#array();
      case "string":
        return { kind: "string", most: this.#number("maxLength"), least: this.#number("minLength"), pattern: this.#text("pattern") };
      case "number":
      case "integer":
        return this.#numbers(type === "integer");
      case "boolean":
      case "null":
        return { kind: type };
      default:
        return { kind: "anything" };
    }
  }

  #object(): ObjectModel {
    const required = this.#value["required"];
    return {
      kind: "object",
      properties: this.#schemas("properties"),
      patterns: [...this.#schemas("patternProperties")].map(([source, schema]) => ({ source, schema })),
      rest: this.#rest("additionalProperties", "unevaluatedProperties"),
      required: new Set(Array.isArray(required) ? required.filter((name) => typeof name === "string") : []),
      most: this.#number("maxProperties"),
      least: this.#number("minProperties"),
      dependencies: this.#dependencies(),
    };
  }

  #dependencies(): ObjectModel["dependencies"] {
    const found = new Map<string, readonly string[] | SchemaNode>();
    for (const key of ["dependencies", "dependentRequired", "dependentSchemas"]) {
      const value = this.#value[key];
      for (const [name, demanded] of isObject(value) ? Object.entries(value) : []) {
        const schema = this.#nodeOf(demanded);
        if (Array.isArray(demanded))
          found.set(
            name,
            demanded.filter((one) => typeof one === "string"),
          );
        else if (schema !== undefined) found.set(name, schema);
      }
    }
    return found;
  }

  #array(): ArrayModel {
    const first = this.#value["prefixItems"] ?? this.#value["items"];
    const isTuple = Array.isArray(first);
    const items = isTuple ? first.flatMap((item) => this.#nodeOf(item) ?? []) : [];
    const further = Array.isArray(this.#value["items"]) ? "additionalItems" : "items";
    return {
      kind: "array",
      items,
      rest: this.#rest(further, "unevaluatedItems"),
      isTuple,
      most: this.#number("maxItems"),
      least: this.#number("minItems"),
      isUnique: this.#value["uniqueItems"] === true,
    };
  }

  /** Draft 4 has exclusive bounds as a flag beside the bound. */
  #numbers(isInteger: boolean): NumberModel {
    const most = this.#number("maximum");
    const least = this.#number("minimum");
    const isBelow = this.#value["exclusiveMaximum"] === true;
    const isAbove = this.#value["exclusiveMinimum"] === true;
    return {
      kind: "number",
      isInteger,
      most: isBelow ? undefined : most,
      least: isAbove ? undefined : least,
      below: isBelow ? most : this.#number("exclusiveMaximum"),
      above: isAbove ? least : this.#number("exclusiveMinimum"),
      multipleOf: this.#number("multipleOf"),
    };
  }

  #rest(...keys: readonly string[]): Rest {
    const key = keys.find((name) => Object.hasOwn(this.#value, name));
    const value = key === undefined ? undefined : this.#value[key];
    if (isObject(value) && Object.keys(value).length > 0) return this.#documents.node(value, this.#base);
    return value !== false;
  }

  #schemas(key: string): ReadonlyMap<string, SchemaNode> {
    const value = this.#value[key];
    const found = new Map<string, SchemaNode>();
    for (const [name, inner] of isObject(value) ? Object.entries(value) : []) {
      const schema = this.#nodeOf(inner);
      if (schema !== undefined) found.set(name, schema);
    }
    return found;
  }

  #nodeOf(value: JsonValue | undefined): SchemaNode | undefined {
    return isObject(value) || typeof value === "boolean" ? this.#documents.node(value, this.#base) : undefined;
  }

  #number(key: string): number | undefined {
    const value = this.#value[key];
    return typeof value === "number" ? value : undefined;
  }

  #text(key: string): string | undefined {
    const value = this.#value[key];
    return typeof value === "string" ? value : undefined;
  }
}
