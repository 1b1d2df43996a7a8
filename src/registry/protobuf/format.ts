// Protobuf among the formats of the registry. A schema is a .proto file, or a FileDescriptorProto in Base64, which is made into one.

import { pause } from "../effort.ts";
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

  async textAs(format: string): Promise<string> {
    if (format !== "serialized") return this.canonicalText;
    const { serializedDescriptor } = await import("./to-descriptor.ts");
    return serializedDescriptor(this.#scope);
  }

  differencesFrom(writer: ParsedSchema) {
    if (!(writer instanceof ParsedProtobuf)) throw new TypeError("two Protobuf schemas are compared");
    return protobufDifferences(this.#scope, writer.#scope);
  }
}

async function parse(text: string, { references, isNew, normalize }: ParseOptions): Promise<ParsedSchema> {
  const imported = new Map<string, ImportedFile>();
  for (const { name, subject, version, schema } of references) {
    imported.set(name, { file: parseProto(schema), source: `${subject}/${version}` });
    await pause(schema);
  }
  const file = await read(text);
  await pause(text);
  const scope = new ProtoScope({ file, source: "" }, imported);
  await pause(text);
  if (isNew) checkProto(scope);
  await pause(text);
  return new ParsedProtobuf(normalize ? normalizeProto(scope) : scope.file, scope);
}

async function read(text: string): Promise<ProtoFile> {
  if (!isBase64(text.trim())) return parseProto(text);
  const { fileFromDescriptor } = await import("./from-descriptor.ts");
  return fileFromDescriptor(text.trim());
}

/** Whether a text can be bytes in Base64; no .proto file is. */
function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
}
