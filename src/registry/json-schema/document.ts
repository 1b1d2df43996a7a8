// A JSON Schema with what its `$ref`s lead to: within itself, by pointer or anchor, and in the documents that are referred to. Bases of URIs follow
// `$id` (`id` in draft 4), as the specification has it.

import { InvalidSchema } from "../format.ts";
import type { JsonValue } from "../json-text.ts";

export type JsonObject = { readonly [key: string]: JsonValue };

/** A schema within a document: its value (an object or a boolean), and the URI that its references are relative to. */
export interface SchemaNode {
  readonly value: JsonObject | boolean;
  readonly base: string;
}

/** Without a base of its own, a document has this one; no reference can name it. */
const NO_BASE = "schema:/";

/** Beyond these many `$ref`s that lead to one another there is nothing else. */
const LONGEST_CHAIN = 100;

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export class SchemaDocuments {
  /** Schemas by absolute URI: documents, what has an `$id` of its own, and anchors. */
  readonly #schemas = new Map<string, SchemaNode>();
  readonly #nodes = new WeakMap<JsonObject, SchemaNode>();
  readonly root: SchemaNode;

  /** `referred` are documents by the names that references give them. */
  constructor(root: JsonObject | boolean, referred: ReadonlyMap<string, JsonObject | boolean>) {
    const base = idOf(root, NO_BASE) ?? NO_BASE;
    for (const [name, document] of referred) this.#add(document, absolute(name, base) ?? name);
    this.#add(root, NO_BASE);
    this.root = this.node(root, NO_BASE);
  }

  /** The schema `value`, which stands where `base` is the base. */
  node(value: JsonObject | boolean, base: string): SchemaNode {
    if (typeof value === "boolean") return { value, base };
    const known = this.#nodes.get(value);
    if (known !== undefined) return known;
    const node = { value, base: idOf(value, base) ?? base };
    this.#nodes.set(value, node);
    return node;
  }

  /** What `node` leads to by `$ref`, however many there are; itself without one. */
  follow(node: SchemaNode): SchemaNode {
    let found = node;
    for (let steps = 0; steps < LONGEST_CHAIN; steps++) {
      const ref = referenceOf(found.value);
      if (ref === undefined) return found;
      found = this.#resolve(ref, found.base);
    }
    throw new InvalidSchema(`References go round in a circle: ${String(referenceOf(node.value))}`);
  }

  /** Throws `InvalidSchema` for the first reference of the root document that leads nowhere, or round in a circle. */
  checkReferences(): void {
    this.#eachSchema(this.root.value, NO_BASE, (node) => this.follow(node));
  }

  #add(document: JsonObject | boolean, uri: string): void {
    this.#schemas.set(uri, this.node(document, uri));
    this.#eachSchema(document, uri, (node, value) => {
      if (ownId(value) !== undefined && !this.#schemas.has(node.base)) this.#schemas.set(node.base, node);
      for (const key of ["$anchor", "$dynamicAnchor"]) {
        const anchor = value[key];
        if (typeof anchor === "string") this.#schemas.set(`${node.base}#${anchor}`, node);
      }
      // What later drafts call an anchor.
      const id = value["$id"] ?? value["id"];
      if (typeof id === "string" && id.startsWith("#")) this.#schemas.set(node.base + id, node);
    });
  }

  /** Everything that may be a schema; `base` holds where `value` stands. */
  #eachSchema(value: JsonValue, base: string, visit: (node: SchemaNode, value: JsonObject) => void): void {
    if (Array.isArray(value)) for (const item of value) this.#eachSchema(item, base, visit);
    if (!isObject(value)) return;
    const node = this.node(value, base);
    visit(node, value);
    for (const [key, inner] of Object.entries(value)) {
      if (!HOLD_NO_SCHEMAS.includes(key)) this.#eachSchema(inner, node.base, visit);
    }
  }

  #resolve(ref: string, base: string): SchemaNode {
    const [document = "", fragment = ""] = split(ref);
    const uri = document === "" ? base : (absolute(document, base) ?? document);
    const direct = this.#schemas.get(fragment === "" ? uri : `${uri}#${fragment}`);
    if (direct !== undefined) return direct;
    const holder = this.#schemas.get(uri) ?? this.#schemas.get(document);
    const found = holder === undefined ? undefined : this.#byPointer(holder, fragment);
    if (found !== undefined) return found;
    // Meta-schemas need no reference. What fits them is any schema, which we do not look into.
    if (/^https?:\/\/json-schema\.org\//.test(uri)) return { value: true, base: uri };
    throw new InvalidSchema(`Could not resolve reference: ${ref}`);
  }

  #byPointer(holder: SchemaNode, fragment: string): SchemaNode | undefined {
    if (fragment !== "" && !fragment.startsWith("/")) return undefined;
    let value: JsonValue = holder.value;
    let base = holder.base;
    for (const part of fragment.split("/").slice(1)) {
      const key = unescapePart(part);
      const inner: JsonValue | undefined = Array.isArray(value)
        ? value[Number(key)]
        : isObject(value) && Object.hasOwn(value, key)
          ? value[key]
          : undefined;
      if (inner === undefined) return undefined;
      value = inner;
      if (isObject(value)) base = idOf(value, base) ?? base;
    }
    return isObject(value) || typeof value === "boolean" ? this.node(value, base) : undefined;
  }
}

/** What stands there is data, whatever it looks like. */
const HOLD_NO_SCHEMAS = ["enum", "const", "default", "examples"];

function referenceOf(value: JsonObject | boolean): string | undefined {
  if (typeof value === "boolean") return undefined;
  const ref = value["$ref"] ?? value["$dynamicRef"];
  return typeof ref === "string" ? ref : undefined;
}

/** The absolute URI by which a schema names itself, if it does. */
function idOf(value: JsonValue, base: string): string | undefined {
  const id = ownId(value);
  return id === undefined ? undefined : absolute(split(id)[0] ?? "", base);
}

function ownId(value: JsonValue): string | undefined {
  if (!isObject(value)) return undefined;
  const id = value["$id"] ?? value["id"];
  return typeof id === "string" && !id.startsWith("#") ? id : undefined;
}

function absolute(uri: string, base: string): string | undefined {
  return URL.canParse(uri, base) ? new URL(uri, base).href : undefined;
}

function split(ref: string): readonly string[] {
  const hash = ref.indexOf("#");
  return hash < 0 ? [ref, ""] : [ref.slice(0, hash), ref.slice(hash + 1)];
}

function unescapePart(part: string): string {
  const pointer = part.replaceAll("~1", "/").replaceAll("~0", "~");
  try {
    return decodeURIComponent(pointer);
  } catch {
    return pointer;
  }
}
