// What the bytes of a key, value or header say, as far as that can be known: by the schema whose id is before them, as JSON, as text, else as bytes.

import type { Content } from "../../http/api/shapes.ts";
import { base64Of, bytesOf, schemaIdOf } from "./content.ts";
import { decoderOf } from "./schemas.ts";

export interface Readable {
  /** "JSON", "text", "bytes", or the format of the schema. */
  readonly format: string;
  readonly schemaId?: number;
  /** As an expression sees it. */
  readonly value: unknown;
  /** On as few lines as can be. */
  readonly text: string;
  /** Why it was not read by its schema. */
  readonly problem?: string;
}

/** At once. */
export function readPlainly(content: Content | null): Readable {
  if (content === null) return { format: "null", value: null, text: "null" };
  const { text } = content;
  if (text === undefined || text.startsWith("\0")) {
    const bytes = bytesOf(content);
    return {
      format: "bytes",
      value: base64Of(bytes),
      text: [...bytes.subarray(0, 200)].map((byte) => byte.toString(16).padStart(2, "0")).join(" "),
    };
  }
  const start = text.trimStart()[0] ?? "";
  if (!content.isCut && (start === "{" || start === "["))
    try {
      return { format: "JSON", value: JSON.parse(text), text };
    } catch {
      return { format: "text", value: text, text };
    }
  return { format: "text", value: text, text };
}

/** By its schema where it has one. */
export async function readFully(content: Content | null): Promise<Readable> {
  const id = content === null ? undefined : mayHaveSchema(content);
  if (content === null || id === undefined) return readPlainly(content);
  try {
    const { format, decode } = await decoderOf(id);
    if (content.isCut) return { ...readPlainly(content), schemaId: id, problem: "cut: open the record" };
    const value = decode(bytesOf(content));
    return { format, schemaId: id, value, text: JSON.stringify(value) };
  } catch (error) {
    return { ...readPlainly(content), schemaId: id, problem: error instanceof Error ? error.message : String(error) };
  }
}

export function mayHaveSchema(content: Content): number | undefined {
  if (content.base64 === undefined ? content.text?.[0] !== "\0" : !content.base64.startsWith("A")) return undefined;
  return schemaIdOf(bytesOf(content));
}
