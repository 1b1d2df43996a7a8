// Avro among the formats of the registry.

import { pause } from "../effort.ts";
import { InvalidSchema, type ParsedSchema, type ParseOptions, type SchemaFormat } from "../format.ts";
import { type Json, MalformedJson, parseJson } from "../json-text.ts";
import { avroDifferences } from "./compatibility.ts";
import { type AvroTypes, parseAvro } from "./parse.ts";
import { normalizeAvro, printAvro } from "./print.ts";
import type { AvroSchema } from "./schema.ts";

export const avroFormat: SchemaFormat = { parse };

class ParsedAvro implements ParsedSchema {
  readonly canonicalText: string;
  readonly #schema: AvroSchema;

  constructor(schema: AvroSchema, referred: Iterable<string>) {
    this.#schema = schema;
    this.canonicalText = printAvro(schema, referred);
  }

  textAs(format: string): string {
    return format === "resolved" ? printAvro(this.#schema, []) : this.canonicalText;
  }

  differencesFrom(writer: ParsedSchema) {
    if (!(writer instanceof ParsedAvro)) throw new TypeError("two Avro schemas are compared");
    return avroDifferences(this.#schema, writer.#schema);
  }
}

/** As Confluent's registry does it by default, defaults are held to their fields' types only where schemas are normalized. */
async function parse(text: string, { references, isNew, normalize }: ParseOptions): Promise<ParsedSchema> {
  const types: AvroTypes = new Map();
  for (const reference of references) {
    parseAvro(read(reference.schema), types, { validateDefaults: false });
    await pause(reference.schema);
  }
  const referred = [...types.keys()];
  const json = read(text);
  await pause(text);
  const schema = parseAvro(json, types, { validateDefaults: isNew && normalize });
  await pause(text);
  return new ParsedAvro(normalize ? normalizeAvro(schema) : schema, referred);
}

/** A text that is a bare name of a type is taken for one, as Avro's library does with primitives. */
function read(text: string): Json {
  try {
    return parseJson(text, { comments: true });
  } catch (cause) {
    if (cause instanceof MalformedJson) throw new InvalidSchema(cause.message);
    throw cause;
  }
}
