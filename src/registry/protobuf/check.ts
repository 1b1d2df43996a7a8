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
  for (const field of fields) {
    checkNumber(field, message, fullName);
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

function checkNumber({ name, number }: ProtoField, message: ProtoMessage, fullName: string): void {
  if (number < 1 || number > MOST)
    throw new InvalidSchema(`Field numbers are between 1 and ${MOST}: ${name} of "${fullName}" has ${number}`);
  if (contains(OF_PROTOBUF, number)) {
    throw new InvalidSchema(`Field numbers 19000 to 19999 are reserved for Protobuf itself: ${name} of "${fullName}" has ${number}`);
  }
  const reserved = message.reserved.flatMap(({ ranges }) => ranges);
  if (reserved.some((range) => contains(range, number)))
    throw new InvalidSchema(`Field ${name} of "${fullName}" uses reserved number ${number}`);
  if (message.reserved.some(({ names }) => names.includes(name)))
    throw new InvalidSchema(`Field name ${name} of "${fullName}" is reserved`);
  const extensions = message.extensionRanges.flatMap(({ ranges }) => ranges);
  if (extensions.some((range) => contains(range, number))) {
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

function contains({ first, last }: ProtoRange, number: number): boolean {
  return number >= first && number <= (last ?? MOST);
}

function once<Value>(values: readonly Value[], complaint: (value: Value) => string): void {
  const seen = new Set<Value>();
  for (const value of values) {
    if (seen.has(value)) throw new InvalidSchema(complaint(value));
    seen.add(value);
  }
}
