// JSON Schema among the formats of the registry: drafts 4, 6, 7, 2019-09 and 2020-12, by `$schema`; 7 without it. Whether a schema is one is decided by
// its draft's own meta-schema. Conditions (`if`, `then`, `else`), `format` and keywords that no draft has are not compared.

import { loadPatterns, type Pattern, type PatternCompiler } from "../../base/patterns.ts";
import { pause } from "../effort.ts";
import { InvalidSchema, type ParsedSchema, type ParseOptions, type SchemaFormat } from "../format.ts";
import { type Json, jsonValue, MalformedJson, parseJson, sortKeys, writeJson } from "../json-text.ts";
import { jsonSchemaDifferences } from "./compatibility.ts";
import { isObject, type JsonObject, SchemaDocuments } from "./document.ts";
import { loadMetaSchemas, type MetaSchemas } from "./meta-schemas.ts";

export async function jsonSchemaFormat(): Promise<SchemaFormat> {
  const [metaSchemas, patterns] = await Promise.all([loadMetaSchemas(), loadPatterns()]);
  return { parse: (text, options) => parse(text, options, metaSchemas, patterns) };
}

class ParsedJsonSchema implements ParsedSchema {
  readonly canonicalText: string;
  readonly #documents: SchemaDocuments;
  readonly #patterns: PatternCompiler;
  readonly #compiled = new Map<string, Pattern | undefined>();

  constructor(canonicalText: string, documents: SchemaDocuments, patterns: PatternCompiler) {
    this.canonicalText = canonicalText;
    this.#documents = documents;
    this.#patterns = patterns;
  }

  textAs(): string {
    return this.canonicalText;
  }

  differencesFrom(writer: ParsedSchema) {
    if (!(writer instanceof ParsedJsonSchema)) throw new TypeError("two JSON Schemas are compared");
    return jsonSchemaDifferences(this.#documents, writer.#documents, (pattern, name) => this.#fits(pattern, name));
  }

  /** The engine wants a whole text fitted, patterns of JSON Schema fit anywhere. What is no pattern fits nothing. */
  #fits(pattern: string, name: string): boolean {
    const compiled = this.#compiled.get(pattern) ?? this.#patterns(`(?s:.*)(?:${pattern})(?s:.*)`);
    this.#compiled.set(pattern, compiled);
    return compiled?.matches(name) ?? false;
  }
}

async function parse(
  text: string,
  { references, isNew, normalize }: ParseOptions,
  metaSchemas: MetaSchemas,
  patterns: PatternCompiler,
): Promise<ParsedSchema> {
  const json = read(text);
  const schema = schemaOf(json);
  await pause(text);
  if (isNew) {
    const complaint = metaSchemas.complaint(JSON.parse(text));
    if (complaint !== undefined) throw new InvalidSchema(complaint);
  }
  const referred = new Map<string, JsonObject | boolean>();
  for (const reference of references) {
    const document = schemaOf(read(reference.schema));
    referred.set(reference.name, document);
    await pause(reference.schema);
  }
  await pause(text);
  const documents = new SchemaDocuments(schema, referred);
  await pause(text);
  documents.checkReferences();
  return new ParsedJsonSchema(writeJson(normalize ? sortKeys(json) : json), documents, patterns);
}

function read(text: string): Json {
  try {
    return parseJson(text);
  } catch (cause) {
    if (cause instanceof MalformedJson) throw new InvalidSchema(cause.message);
    throw cause;
  }
}

function schemaOf(json: Json): JsonObject | boolean {
  const value = jsonValue(json);
  if (!isObject(value) && typeof value !== "boolean") throw new InvalidSchema("A JSON Schema is an object or a boolean");
  return value;
}
