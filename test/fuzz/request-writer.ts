// Writes requests by their declarations, by code of its own: what encodes here has nothing in common with the broker's codecs but the
// declarations, and it can lie where those cannot: about counts, lengths and nulls, in varints and in tagged fields.

import type { Field, FieldType, Primitive, Struct } from "../../protocol/schema/field.ts";
import type { Message } from "../../protocol/schema/message.ts";
import { includesVersion } from "../../protocol/schema/versions.ts";
import type { Chance } from "./chance.ts";
import { Draft } from "./draft.ts";
import type { Persona } from "./persona.ts";
import { likelyWord, oddWord } from "./words.ts";

export interface Manner {
  /** Of how many values one is odd; 0: none. */
  readonly oddOneIn: number;
  /** Of how many counts, lengths and other details one is a lie; 0: none. */
  readonly lieOneIn: number;
  /** Record batches for fields that hold such. */
  readonly records: () => Buffer;
}

const UINT32 = 2 ** 32;
const MOST_ODD_ELEMENTS = 40;
const DEEPEST = 4;
/** Of bytes that are no text, each is read as a character of three: some longer ones fit into no answer. */
const LONG_TEXT = 10_000;

export class RequestWriter {
  readonly #out = new Draft();
  readonly #persona: Persona;
  readonly #chance: Chance;
  readonly #manner: Manner;
  readonly #version: number;
  readonly #isFlexible: boolean;

  constructor(message: Message, version: number, { persona, chance, manner }: { persona: Persona; chance: Chance; manner: Manner }) {
    this.#version = version;
    this.#isFlexible = message.isFlexible(version);
    this.#persona = persona;
    this.#chance = chance;
    this.#manner = manner;
    this.#struct(message.struct, "", 0);
  }

  get body(): Buffer {
    return this.#out.bytes();
  }

  #lies(): boolean {
    const { lieOneIn } = this.#manner;
    return lieOneIn > 0 && this.#chance.oneIn(lieOneIn);
  }

  #isTagged({ traits }: Field<unknown>): boolean {
    return this.#isFlexible && traits.tag !== undefined && includesVersion(traits.taggedVersions, this.#version);
  }

  #struct({ shape }: Struct, name: string, depth: number): void {
    const fields = Object.entries(shape);
    for (const [fieldName, field] of fields) {
      if (includesVersion(field.traits.versions, this.#version) && !this.#isTagged(field)) this.#field(field, fieldName, name, depth);
    }
    if (this.#isFlexible) this.#taggedFields(fields, name, depth);
  }

  #field(field: Field<unknown>, name: string, parent: string, depth: number): void {
    const mayBeNull = includesVersion(field.traits.nullableVersions, this.#version);
    const { type } = field;
    if (type.kind === "struct") {
      const isNull = mayBeNull && this.#chance.oneIn(2);
      if (mayBeNull) this.#out.int8(isNull ? -1 : 1);
      if (!isNull) this.#struct(type.struct, name, depth + 1);
      return;
    }
    if ((mayBeNull && this.#chance.oneIn(4)) || this.#lies()) this.#null(type);
    else this.#value(type, name, parent, depth);
  }

  #value(type: FieldType, name: string, parent: string, depth: number): void {
    if (type.kind === "primitive") this.#primitive(type.name, name, parent);
    else if (type.kind === "struct") this.#struct(type.struct, name, depth + 1);
    else this.#array(type.element, name, depth);
  }

  /** Of what has no null, the zero. */
  #null(type: FieldType): void {
    const isShort = type.kind === "primitive" && type.name === "string";
    if (type.kind === "primitive" && !["string", "bytes", "records"].includes(type.name)) this.#encode(type.name, 0);
    else if (this.#isFlexible) this.#out.unsignedVarint(0);
    else if (isShort) this.#out.int16(-1);
    else this.#out.int32(-1);
  }

  #array(element: FieldType, name: string, depth: number): void {
    const { oddOneIn } = this.#manner;
    const isMany = oddOneIn > 0 && depth < 2 && this.#chance.oneIn(oddOneIn * 4);
    const count = isMany ? this.#chance.below(MOST_ODD_ELEMENTS) : depth > DEEPEST ? 0 : this.#chance.pick([0, 1, 1, 1, 1, 2, 3]);
    this.#count(count, 4);
    for (let index = 0; index < count; index++) this.#value(element, name, name, depth + 1);
  }

  /** Of an array, of bytes (4), of a string (2). */
  #count(count: number, bytes: 2 | 4): void {
    const told = this.#lies() ? this.#lie(count) : count;
    if (this.#isFlexible) this.#varint(told + 1);
    else if (bytes === 4) this.#out.int32(told);
    else this.#out.int16(told);
  }

  #lie(count: number): number {
    return this.#chance.pick([count + 1, count - 1, -1, -2, 0x7fffffff, 0x7fff, -0x80000000, 1_000_000, 65_536, 0x10000000, count * 2 + 1]);
  }

  #varint(value: number): void {
    const rest = ((value % UINT32) + UINT32) % UINT32;
    if (!this.#lies()) this.#out.unsignedVarint(rest);
    else if (this.#chance.oneIn(2)) this.#out.longVarint(rest, this.#chance.between(2, 10));
    else
      this.#out.raw(
        Buffer.from(
          this.#chance.pick([
            [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            [0x80, 0x80, 0x80, 0x80, 0x80, 0x00],
            [0xff, 0xff, 0xff, 0xff, 0x1f],
            [0x80],
          ]),
        ),
      );
  }

  #primitive(type: Primitive, name: string, parent: string): void {
    const isOdd = this.#isOdd();
    if (type === "records" && !isOdd) {
      this.#bytes(this.#manner.records());
      return;
    }
    const word = isOdd ? oddWord(type, this.#chance, "wild") : likelyWord({ name, parent, type }, this.#persona, this.#chance);
    if (word === null) this.#null({ kind: "primitive", name: type });
    else this.#encode(type, word);
  }

  #isOdd(): boolean {
    const { oddOneIn } = this.#manner;
    return oddOneIn > 0 && this.#chance.oneIn(oddOneIn);
  }

  #encode(type: Primitive, word: unknown): void {
    const out = this.#out;
    const number = typeof word === "number" ? word : 0;
    if (type === "bool") out.int8(word === true ? (this.#lies() ? 0x7f : 1) : 0);
    else if (type === "int8") out.int8(number);
    else if (type === "int16" || type === "uint16") out.int16(number);
    else if (type === "int32") out.int32(number);
    else if (type === "int64" || type === "bigInt64") out.int64(number);
    else if (type === "float64") out.float64(number);
    else if (type === "uuid") out.raw(Buffer.alloc(16, Buffer.from(typeof word === "string" ? word : "AA", "base64url")));
    else if (type === "string") this.#text(String(word));
    else this.#bytes(Buffer.isBuffer(word) ? word : Buffer.alloc(0));
  }

  #text(text: string): void {
    const isText = text.length < LONG_TEXT || this.#chance.oneIn(2);
    const honestly = isText ? Buffer.from(text) : Buffer.alloc(text.length, 0xff);
    const bytes = this.#lies() ? Buffer.concat([honestly, Buffer.from([0xc3, 0x28, 0xed, 0xa0, 0x80, 0xff])]) : honestly;
    this.#count(bytes.length, 2);
    this.#out.raw(bytes);
  }

  #bytes(bytes: Buffer): void {
    this.#count(bytes.length, 4);
    this.#out.raw(bytes);
  }

  #taggedFields(fields: readonly [string, Field<unknown>][], parent: string, depth: number): void {
    const tagged = fields.filter(([, field]) => this.#isTagged(field) && this.#chance.oneIn(3));
    const parts = tagged
      .sort(([, one], [, other]) => (one.traits.tag ?? 0) - (other.traits.tag ?? 0))
      .map(([name, field]) => ({ tag: field.traits.tag ?? 0, bytes: this.#apart(() => this.#field(field, name, parent, depth)) }));
    if (this.#lies()) parts.push({ tag: this.#chance.pick([0, 1, 9999, 0x7fffffff]), bytes: this.#chance.bytes(this.#chance.below(30)) });
    if (this.#lies()) parts.reverse();
    this.#varint(this.#lies() ? this.#lie(parts.length) : parts.length);
    for (const { tag, bytes } of parts) {
      this.#varint(tag);
      this.#varint(this.#lies() ? this.#lie(bytes.length) : bytes.length);
      this.#out.raw(bytes);
    }
  }

  /** What is written meanwhile. */
  #apart(write: () => void): Buffer {
    const start = this.#out.length;
    write();
    return this.#out.cut(start);
  }
}
