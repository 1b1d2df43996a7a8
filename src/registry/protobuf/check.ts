// What a .proto file has to hold to beside its grammar, as Protobuf's own compiler has it: names and numbers that are used once, types that exist, and
// what the versions of the language allow.

import { InvalidSchema } from "../format.ts";
import { allFields, isScalar, type ProtoEnum, type ProtoField, type ProtoMessage, type ProtoRange } from "./file.ts";
import type { ProtoScope } from "./scope.ts";

const MOST = 2 ** 29 - 1;
const OF_PROTOBUF = { first: 19_000, last: 19_999 };

/** Throws `InvalidSchema` for the first fault. */
export function checkProto(scope: ProtoScope): void {
  const { file } = scope;
  for (const { type, fullName } of scope.ownTypes()) {
    if (type?.kind === "message") checkMessage(type, fullName, scope);
    if (type?.kind === "enum") checkEnum(type, fullName, file.syntax);
  }
  for (const { extendee, fields } of file.extensions) {
    if (scope.find(extendee, file.package)?.kind !== "message")
      throw new InvalidSchema(`"${extendee}" is not a message that can be extended`);
    for (const field of fields) scope.typeOf(field, file.package);
  }
  for (const { name, methods } of file.services) {
    for (const type of methods.flatMap(({ input, output }) => [input, output])) {
      if (scope.find(type, file.package)?.kind !== "message") throw new InvalidSchema(`"${type}" of service ${name} is not a message`);
    }
  }
}

function checkMessage(message: ProtoMessage, fullName: string, scope: ProtoScope): void {
  const { syntax } = scope.file;
  const fields = allFields(message);
  const names = [...fields.map(({ name }) => name), ...message.oneofs.map(({ name }) => name)];
  once(names, (name) => `"${name}" is already defined in "${fullName}"`);
  once(
    fields.map(({ number }) => number),
    (number) => `Field number ${number} has already been used in "${fullName}"`,
  );
  const kept = keptOf(message);
  for (const field of fields) {
    checkNumber(field, kept, fullName);
    checkType(field, fullName, scope);
    if (syntax === "proto3" && field.label === "required")
      throw new InvalidSchema(`Required fields are not allowed in proto3: ${field.name}`);
    if (syntax === "proto3" && field.group !== undefined) throw new InvalidSchema(`Groups are not allowed in proto3: ${field.name}`);
  }
  for (const field of message.fields) {
    const needsLabel = syntax === "proto2" && field.label === undefined && field.mapKey === undefined;
    if (needsLabel) throw new InvalidSchema(`Expected "required", "optional", or "repeated" before field ${field.name} of "${fullName}"`);
  }
  for (const { name, fields: choices } of message.oneofs) {
    if (choices.length === 0) throw new InvalidSchema(`Oneof ${name} of "${fullName}" has no fields`);
    const wrong = choices.find(({ label, mapKey }) => label !== undefined || mapKey !== undefined);
    if (wrong !== undefined) throw new InvalidSchema(`Field ${wrong.name} of oneof ${name} has a label or is a map`);
  }
}

/** What fields of a message must not use. */
interface Kept {
  readonly reserved: Ranges;
  readonly reservedNames: ReadonlySet<string>;
  readonly extensions: Ranges;
}

function keptOf({ reserved, extensionRanges }: ProtoMessage): Kept {
  return {
    reserved: new Ranges(reserved.flatMap(({ ranges }) => ranges)),
    reservedNames: new Set(reserved.flatMap(({ names }) => names)),
    extensions: new Ranges(extensionRanges.flatMap(({ ranges }) => ranges)),
  };
}

/** Merged, so that one look-up takes few steps. */
class Ranges {
  readonly #merged: { readonly first: number; last: number }[] = [];

  constructor(ranges: readonly ProtoRange[]) {
    for (const { first, last } of ranges.toSorted((one, other) => one.first - other.first)) {
      const before = this.#merged.at(-1);
      if (before !== undefined && first <= before.last) before.last = Math.max(before.last, last ?? MOST);
      else this.#merged.push({ first, last: last ?? MOST });
    }
  }

  has(number: number): boolean {
    let [low, high] = [0, this.#merged.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#merged[middle]?.last ?? MOST) < number) low = middle + 1;
      else high = middle;
    }
    return (this.#merged[low]?.first ?? Number.POSITIVE_INFINITY) <= number;
  }
}

function checkNumber({ name, number }: ProtoField, kept: Kept, fullName: string): void {
  if (number < 1 || number > MOST)
    throw new InvalidSchema(`Field numbers are between 1 and ${MOST}: ${name} of "${fullName}" has ${number}`);
  if (number >= OF_PROTOBUF.first && number <= OF_PROTOBUF.last) {
    throw new InvalidSchema(`Field numbers 19000 to 19999 are reserved for Protobuf itself: ${name} of "${fullName}" has ${number}`);
  }
  if (kept.reserved.has(number)) throw new InvalidSchema(`Field ${name} of "${fullName}" uses reserved number ${number}`);
  if (kept.reservedNames.has(name)) throw new InvalidSchema(`Field name ${name} of "${fullName}" is reserved`);
  if (kept.extensions.has(number)) {
    throw new InvalidSchema(`Field ${name} of "${fullName}" has number ${number}, which is kept for extensions`);
  }
}

const NOT_KEYS = ["double", "float", "bytes"];

function checkType(field: ProtoField, fullName: string, scope: ProtoScope): void {
  if (field.mapKey !== undefined && (!isScalar(field.mapKey) || NOT_KEYS.includes(field.mapKey))) {
    throw new InvalidSchema(`Key in map fields cannot be ${field.mapKey}: ${field.name} of "${fullName}"`);
  }
  scope.typeOf(field, fullName);
}

function checkEnum({ values, options }: ProtoEnum, fullName: string, syntax: string): void {
  const [first] = values;
  if (first === undefined) throw new InvalidSchema(`Enum "${fullName}" has no values`);
  if (syntax === "proto3" && first.number !== 0) throw new InvalidSchema(`The first value of enum "${fullName}" must be zero in proto3`);
  once(
    values.map(({ name }) => name),
    (name) => `"${name}" is already defined in "${fullName}"`,
  );
  if (options.some(({ name, value }) => name === "allow_alias" && value.kind === "scalar" && value.text === "true")) return;
  once(
    values.map(({ number }) => number),
    (number) => `Enum "${fullName}" has number ${number} twice without allow_alias`,
  );
}

function once<Value>(values: readonly Value[], complaint: (value: Value) => string): void {
  const seen = new Set<Value>();
  for (const value of values) {
    if (seen.has(value)) throw new InvalidSchema(complaint(value));
    seen.add(value);
  }
}
