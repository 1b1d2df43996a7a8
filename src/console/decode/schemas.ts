// Decoders by the ids of schemas, from the registry at the same address. Those of a format are loaded when the first schema of it is met.

import { askJson, pathOf } from "../ask/http.ts";
import { withoutSchemaId } from "./content.ts";

export interface Decoder {
  readonly format: "Avro" | "Protobuf" | "JSON Schema";
  /** @param bytes with the id before them */
  readonly decode: (bytes: Uint8Array) => unknown;
}

interface Registered {
  readonly schema: string;
  readonly schemaType?: string;
  readonly references?: readonly Reference[];
}

interface Reference {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

const MOST_REFERENCES = 200;
const known = new Map<number, Promise<Decoder>>();

/** Rejects with Fault where the registry does not know the schema. */
export function decoderOf(id: number): Promise<Decoder> {
  const found = known.get(id);
  if (found !== undefined) return found;
  const made = makeDecoder(id);
  known.set(id, made);
  made.catch(() => known.delete(id));
  return made;
}

async function makeDecoder(id: number): Promise<Decoder> {
  const path = pathOf("schemas", "ids", id);
  const schema = await askJson<Registered>(path);
  switch (schema.schemaType ?? "AVRO") {
    case "PROTOBUF": {
      const { protobufDecoder } = await import("./protobuf.ts");
      const serialized = { query: { format: "serialized" } };
      const own = await askJson<Registered>(path, serialized);
      const files = [...(await textsBefore(schema, serialized)), own.schema].map((text) =>
        Uint8Array.from(atob(text), (each) => each.charCodeAt(0)),
      );
      const decode = protobufDecoder(files);
      return { format: "Protobuf", decode: (bytes) => decode(withoutSchemaId(bytes)) };
    }
    case "JSON":
      return { format: "JSON Schema", decode: (bytes) => JSON.parse(new TextDecoder().decode(withoutSchemaId(bytes))) };
    default: {
      const { avroDecoder } = await import("./avro.ts");
      const decode = avroDecoder([...(await textsBefore(schema, {})), schema.schema]);
      return { format: "Avro", decode: (bytes) => decode(withoutSchemaId(bytes)) };
    }
  }
}

/** Of what a schema refers to, each after what it refers to itself. */
async function textsBefore(
  schema: Registered,
  options: { readonly query?: { readonly format: string } },
  seen = new Set<string>(),
): Promise<string[]> {
  const texts: string[] = [];
  for (const { subject, version } of schema.references ?? []) {
    const name = `${subject} ${version}`;
    if (seen.has(name) || seen.size >= MOST_REFERENCES) continue;
    seen.add(name);
    const path = pathOf("subjects", subject, "versions", version);
    const referred = await askJson<Registered>(path);
    texts.push(...(await textsBefore(referred, options, seen)));
    texts.push(options.query === undefined ? referred.schema : (await askJson<Registered>(path, options)).schema);
  }
  return texts;
}
