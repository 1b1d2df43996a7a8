// Protobuf among the formats of the registry. A schema is a .proto file, or a FileDescriptorProto in Base64, which is made into one.

import type { ParsedSchema, ParseOptions, SchemaFormat } from "../format.ts";
import { checkProto } from "./check.ts";
import { protobufDifferences } from "./compatibility.ts";
import type { ProtoFile } from "./file.ts";
import { normalizeProto } from "./normalize.ts";
import { parseProto } from "./parse.ts";
import { printProto } from "./print.ts";
import { type ImportedFile, ProtoScope } from "./scope.ts";

export const protobufFormat: SchemaFormat = { parse };

class ParsedProtobuf implements ParsedSchema {
  readonly canonicalText: string;
  readonly #scope: ProtoScope;

  constructor(file: ProtoFile, scope: ProtoScope) {
    this.#scope = scope;
    this.canonicalText = printProto(file);
  }

  textAs(): string {
    return this.canonicalText;
  }

  differencesFrom(writer: ParsedSchema) {
    if (!(writer instanceof ParsedProtobuf)) throw new TypeError("two Protobuf schemas are compared");
    return protobufDifferences(this.#scope, writer.#scope);
  }
}

function parse(text: string, { references, isNew, normalize }: ParseOptions): ParsedSchema {
  const imported = new Map<string, ImportedFile>();
  for (const { name, subject, version, schema } of references)
    imported.set(name, { file: parseProto(schema), source: `${subject}/${version}` });
  const scope = new ProtoScope({ file: parseProto(text), source: "" }, imported);
  if (isNew) checkProto(scope);
  return new ParsedProtobuf(normalize ? normalizeProto(scope) : scope.file, scope);
}
