// Reads Protobuf messages (protobuf.dev, "Encoding") by the descriptors of their schemas, which are messages themselves and come from the registry.
// A field that no descriptor knows is told by its number.

import { ByteReader, plain } from "./bytes.ts";

interface Field {
  readonly name: string;
  readonly number: number;
  readonly type: number;
  readonly typeName: string;
  readonly isRepeated: boolean;
}

interface Message {
  readonly fullName: string;
  readonly fields: ReadonlyMap<number, Field>;
  readonly nested: readonly Message[];
  readonly isMapEntry: boolean;
}

interface Known {
  readonly messages: Map<string, Message>;
  readonly enums: Map<string, ReadonlyMap<number, string>>;
}

type Raw = readonly (readonly [number: number, value: bigint | Uint8Array])[];
const MOST_DEPTH = 60;
const MESSAGE = 11;

/** @param files FileDescriptorProto: those that are imported, then the schema itself */
export function protobufDecoder(files: readonly Uint8Array[]): (bytes: Uint8Array) => unknown {
  const known: Known = { messages: new Map(), enums: new Map() };
  let top: readonly Message[] = [];
  for (const file of files) top = readFile(file, known);
  return (bytes) => {
    const reader = new ByteReader(bytes);
    const count = Number(reader.zigzag());
    const path = count === 0 ? [0] : Array.from({ length: count }, () => Number(reader.zigzag()));
    let here = top;
    let message: Message | undefined;
    for (const index of path) {
      message = here[index];
      here = message?.nested ?? [];
    }
    return told(rest(reader), message, known, 0);
  };
}

function rest(reader: ByteReader): Raw {
  const fields: (readonly [number, bigint | Uint8Array])[] = [];
  while (!reader.isAtEnd) {
    const tag = Number(reader.varint());
    const number = tag >>> 3;
    switch (tag & 7) {
      case 0:
        fields.push([number, reader.varint()]);
        break;
      case 1:
        fields.push([number, reader.take(8)]);
        break;
      case 2:
        fields.push([number, reader.take(Number(reader.varint()))]);
        break;
      case 5:
        fields.push([number, reader.take(4)]);
        break;
      default:
        throw new Error("these are no bytes of Protobuf");
    }
  }
  return fields;
}

function told(raw: Raw, message: Message | undefined, known: Known, depth: number): unknown {
  if (depth > MOST_DEPTH) throw new Error("messages are within each other too deeply");
  const result: Record<string, unknown> = Object.create(null);
  for (const [number, value] of raw) {
    const field = message?.fields.get(number);
    if (field === undefined) add(result, String(number), typeof value === "bigint" ? plain(value) : guessed(value), false);
    else if (value instanceof Uint8Array && isPacked(field))
      for (const each of unpacked(value, field, known)) add(result, field.name, each, true);
    else addField(result, field, value, known, depth);
  }
  return result;
}

function addField(result: Record<string, unknown>, field: Field, value: bigint | Uint8Array, known: Known, depth: number): void {
  const type = known.messages.get(field.typeName);
  const one =
    field.type === MESSAGE && value instanceof Uint8Array
      ? told(rest(new ByteReader(value)), type, known, depth + 1)
      : scalar(value, field, known);
  if (type?.isMapEntry === true) {
    const entry = one as { readonly key?: unknown; readonly value?: unknown };
    const map = (result[field.name] ?? Object.create(null)) as Record<string, unknown>;
    map[String(entry.key ?? "")] = entry.value ?? null;
    result[field.name] = map;
  } else add(result, field.name, one, field.isRepeated);
}

function add(result: Record<string, unknown>, name: string, value: unknown, isRepeated: boolean): void {
  const old = result[name];
  if (Array.isArray(old)) old.push(value);
  else if (isRepeated) result[name] = [value];
  else result[name] = value;
}

/** Numbers of a repeated field come together. */
function isPacked({ type, isRepeated }: Field): boolean {
  return isRepeated && ![9, 10, MESSAGE, 12].includes(type);
}

function unpacked(bytes: Uint8Array, field: Field, known: Known): unknown[] {
  const reader = new ByteReader(bytes);
  const values: unknown[] = [];
  const size = [1, 6, 16].includes(field.type) ? 8 : [2, 7, 15].includes(field.type) ? 4 : 0;
  while (!reader.isAtEnd) values.push(scalar(size === 0 ? reader.varint() : reader.take(size), field, known));
  return values;
}

function scalar(value: bigint | Uint8Array, { type, typeName }: Field, known: Known): unknown {
  if (typeof value === "bigint") {
    if (type === 8) return value !== 0n;
    if (type === 14) return known.enums.get(typeName)?.get(Number(BigInt.asIntN(32, value))) ?? plain(BigInt.asIntN(32, value));
    if (type === 17 || type === 18) return plain((value >> 1n) ^ -(value & 1n));
    return plain(type === 4 || type === 13 ? value : BigInt.asIntN(64, value));
  }
  const reader = new ByteReader(value);
  switch (type) {
    case 1:
      return reader.double();
    case 2:
      return reader.float();
    case 6:
      return plain(reader.fixed64());
    case 7:
      return reader.fixed32();
    case 15:
      return reader.fixed32() | 0;
    case 16:
      return plain(BigInt.asIntN(64, reader.fixed64()));
    case 9:
      return new TextDecoder().decode(value);
    default:
      return hex(value);
  }
}

function guessed(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return hex(bytes);
  }
}

function hex(bytes: Uint8Array): string {
  return `0x${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

// ---- descriptors (google/protobuf/descriptor.proto)

function readFile(bytes: Uint8Array, known: Known): readonly Message[] {
  const raw = rest(new ByteReader(bytes));
  const scope = stringIn(raw, 2) === "" ? "" : `.${stringIn(raw, 2)}`;
  for (const each of partsIn(raw, 5)) readEnum(each, scope, known);
  return partsIn(raw, 4).map((each) => readMessage(each, scope, known));
}

function readMessage(raw: Raw, scope: string, known: Known): Message {
  const fullName = `${scope}.${stringIn(raw, 1)}`;
  for (const each of partsIn(raw, 4)) readEnum(each, fullName, known);
  const nested = partsIn(raw, 3).map((each) => readMessage(each, fullName, known));
  const fields = partsIn(raw, 2).map((field) => ({
    name: stringIn(field, 1),
    number: numberIn(field, 3),
    type: numberIn(field, 5),
    typeName: stringIn(field, 6),
    isRepeated: numberIn(field, 4) === 3,
  }));
  const isMapEntry = partsIn(raw, 7).some((options) => numberIn(options, 7) === 1);
  // Entries of maps are no types that an index counts.
  const message = {
    fullName,
    fields: new Map(fields.map((field) => [field.number, field])),
    nested: nested.filter((each) => !each.isMapEntry),
    isMapEntry,
  };
  known.messages.set(fullName, message);
  return message;
}

function readEnum(raw: Raw, scope: string, known: Known): void {
  const values = partsIn(raw, 2).map((value) => [numberIn(value, 2), stringIn(value, 1)] as const);
  known.enums.set(`${scope}.${stringIn(raw, 1)}`, new Map(values));
}

function partsIn(raw: Raw, number: number): Raw[] {
  return raw.flatMap(([at, value]) => (at === number && value instanceof Uint8Array ? [rest(new ByteReader(value))] : []));
}

function stringIn(raw: Raw, number: number): string {
  const value = raw.find(([at]) => at === number)?.[1];
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : "";
}

function numberIn(raw: Raw, number: number): number {
  const value = raw.find(([at]) => at === number)?.[1];
  return typeof value === "bigint" ? Number(BigInt.asIntN(32, value)) : 0;
}
