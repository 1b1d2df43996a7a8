// What the registry knows of a format of schemas. Each of the three (Avro, JSON Schema, Protobuf) is a folder beside this file that offers a
// `SchemaFormat`; formats.ts loads it when the first schema of its kind comes.

/** As the API names them. */
export type SchemaType = "AVRO" | "JSON" | "PROTOBUF";

/** A schema that another one builds upon: `name` is what the text calls it (a type's full name, a URI, an import path). */
export interface SchemaReference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** A reference with the text that it leads to, and where it was found. */
export interface ResolvedReference extends SchemaReference {
  readonly schema: string;
}

/** One way in which a schema cannot read what was written by another. */
export interface Difference {
  /** A fixed word: `READER_FIELD_MISSING_DEFAULT_VALUE`. */
  readonly errorType: string;
  /** The difference as the API prints it; `reader` and `writer` are what the two schemas are called in it, "new" and "old" or the reverse. */
  print(reader: string, writer: string): string;
}

/** A valid schema. */
export interface ParsedSchema {
  /** The text that is stored and that identifies the schema. */
  readonly canonicalText: string;
  /** The text in another form, by the formats that the API has (`resolved`, `serialized`); unknown ones give the canonical text. */
  textAs(format: string): string | Promise<string>;
  /** How this schema, as the reader, fails to read what `writer` describes. Empty if it does not. Both are of the same type. */
  differencesFrom(writer: ParsedSchema): readonly Difference[];
}

/** What parsing depends on beside the text. */
export interface ParseOptions {
  /** The schemas referred to, also by one another; what others build upon comes first. */
  readonly references: readonly ResolvedReference[];
  /** New ones are held to more than those that are stored already, which were judged when they came, or by another registry. */
  readonly isNew: boolean;
  /** The canonical text is made equal for schemas that differ in nothing that matters. */
  readonly normalize: boolean;
}

/** How schemas of one type are read. `parse` throws `InvalidSchema`. */
export interface SchemaFormat {
  parse(text: string, options: ParseOptions): Promise<ParsedSchema>;
}

/** The text is not a schema; `message` says why. */
export class InvalidSchema extends Error {
  constructor(message: string) {
    super(message);
    this.name = "InvalidSchema";
  }
}

/** A difference as Protobuf and JSON Schema print it. `{reader}` and `{writer}` in the description are the two schemas. */
export function pathDifference(errorType: string, description: string): Difference {
  return {
    errorType,
    print: (reader, writer) =>
      `{errorType:"${errorType}", description:"${description.replaceAll("{reader}", reader).replaceAll("{writer}", writer)}"}`,
  };
}
