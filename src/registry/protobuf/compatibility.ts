// Whether a newer .proto file (the reader's) reads what an older one (the writer's) wrote: fields by number, by the kind that they have on the wire.
// Enums, services, options, imports and names of fields play no part.

import { type Difference, pathDifference } from "../format.ts";
import { allFields, type ProtoField, type ProtoMessage, type ProtoType } from "./file.ts";
import type { ProtoScope, ScopedType } from "./scope.ts";

export function protobufDifferences(reader: ProtoScope, writer: ProtoScope): readonly Difference[] {
  const differences: Difference[] = [];
  if (reader.file.package !== writer.file.package) {
    differences.push(
      pathDifference("PACKAGE_CHANGED", "The package in the {reader} schema does not match the package in the {writer} schema"),
    );
  }
  const comparison = new Comparison();
  const older = { types: writer.file.types, scope: writer, name: writer.file.package };
  const newer = { types: reader.file.types, scope: reader, name: reader.file.package };
  return [...differences, ...comparison.types(older, newer, "#/")];
}

/** Types that stand in a message or a file, whose full name (or package) is `name`. */
interface Level {
  readonly types: readonly ProtoType[];
  readonly scope: ProtoScope;
  readonly name: string;
}

interface Side {
  readonly message: ProtoMessage;
  readonly scope: ProtoScope;
  /** Its full name. */
  readonly name: string;
}

/** One scalar may become another of its group. Enums are of the first. */
const GROUPS: readonly (readonly string[])[] = [
  ["int32", "int64", "uint32", "uint64", "bool", "enum"],
  ["sint32", "sint64"],
  ["string", "bytes"],
  ["fixed32", "sfixed32"],
  ["fixed64", "sfixed64"],
  ["float"],
  ["double"],
];

class Comparison {
  /** Messages of other files that are compared or were, as pairs of where they come from. */
  readonly #seen = new Set<string>();

  types(older: Level, newer: Level, path: string): readonly Difference[] {
    const after = messagesOf(newer.types);
    return [...messagesOf(older.types)].flatMap(([name, message]) => {
      const place = path === "#/" ? `#/${name}` : `${path}/${name}`;
      const match = after.get(name);
      if (match === undefined) {
        return [
          pathDifference("MESSAGE_REMOVED", `The {reader} schema is missing a message type at path '${place}' in the {writer} schema`),
        ];
      }
      const from = { message, scope: older.scope, name: join(older.name, name) };
      return this.#messages(from, { message: match, scope: newer.scope, name: join(newer.name, name) }, place);
    });
  }

  #messages(older: Side, newer: Side, path: string): readonly Difference[] {
    const before = byNumber(older.message);
    const after = byNumber(newer.message);
    return [
      ...this.types(levelOf(older), levelOf(newer), path),
      ...[...before].flatMap(([number, field]) => this.#field(older, newer, [field, after.get(number)], `${path}/${number}`)),
      ...[...after].flatMap(([number, { label }]) => {
        if (before.has(number) || label !== "required") return [];
        const place = `${path}/${number}`;
        return [
          pathDifference(
            "REQUIRED_FIELD_ADDED",
            `The {reader} schema has a required field at path '${place}' that the {writer} schema has not`,
          ),
        ];
      }),
      ...differencesOfOneofs(older.message, newer.message, path),
    ];
  }

  #field(older: Side, newer: Side, [from, to]: readonly [ProtoField, ProtoField | undefined], path: string): readonly Difference[] {
    if (to === undefined) {
      if (from.label !== "required") return [];
      return [
        pathDifference(
          "REQUIRED_FIELD_REMOVED",
          `The {reader} schema is missing a required field at path '${path}' in the {writer} schema`,
        ),
      ];
    }
    if ((from.mapKey !== undefined) !== (to.mapKey !== undefined)) return [kindChanged(path)];
    const ofKeys = from.mapKey !== undefined && to.mapKey !== undefined ? scalarDifferences(from.mapKey, to.mapKey, path) : [];
    const oldType = older.scope.typeOf(from, older.name);
    const newType = newer.scope.typeOf(to, newer.name);
    if (oldType?.kind === "message" || newType?.kind === "message") {
      if (oldType?.kind !== "message" || newType?.kind !== "message") return [kindChanged(path)];
      return [...ofKeys, ...this.#namedTypes(oldType, newType, path)];
    }
    const oldScalar = oldType === undefined ? from.type : "enum";
    const newScalar = newType === undefined ? to.type : "enum";
    return [...ofKeys, ...scalarDifferences(oldScalar, newScalar, path), ...labelDifferences(from, to, newScalar, path)];
  }

  /** A message of another file is compared where it may be another one; those of the file itself are compared anyway. */
  #namedTypes(older: ScopedType, newer: ScopedType, path: string): readonly Difference[] {
    if (older.localName !== newer.localName) {
      const description = `The type of a MESSAGE field at path '${path}' in the {reader} schema does not match its type in the {writer} schema`;
      return [pathDifference("FIELD_NAMED_TYPE_CHANGED", description)];
    }
    if (older.source === newer.source) return [];
    if (older.type?.kind !== "message" || newer.type?.kind !== "message") return [];
    if (older.scope === undefined || newer.scope === undefined) return [];
    const pair = JSON.stringify([older.source, older.fullName, newer.source, newer.fullName]);
    if (this.#seen.has(pair)) return [];
    this.#seen.add(pair);
    const from = { message: older.type, scope: older.scope, name: older.fullName };
    return this.#messages(from, { message: newer.type, scope: newer.scope, name: newer.fullName }, path);
  }
}

/** What is in a oneof may be there alone: fields that could be set together before must not come together there. */
function differencesOfOneofs(older: ProtoMessage, newer: ProtoMessage, path: string): readonly Difference[] {
  const plain = new Set(older.fields.map(({ number }) => number));
  const differences: Difference[] = [];
  for (const { name, fields } of newer.oneofs) {
    const before = older.oneofs.find((oneof) => oneof.name === name);
    const moved = fields.filter(({ number }) => plain.has(number));
    const place = `${path}/${name}`;
    if (moved.length > 1) {
      const description = `The {reader} schema has moved more than one field into the oneof at path '${place}'`;
      differences.push(pathDifference("MULTIPLE_FIELDS_MOVED_TO_ONEOF", description));
    } else if (moved.length === 1 && before !== undefined) {
      const description = `The {reader} schema has moved a field into the oneof at path '${place}' that the {writer} schema has already`;
      differences.push(pathDifference("FIELD_MOVED_TO_EXISTING_ONEOF", description));
    }
    for (const { number } of before?.fields ?? []) {
      if (fields.some((field) => field.number === number)) continue;
      const description = `The {reader} schema is missing a oneof field at path '${place}/${number}' in the {writer} schema`;
      differences.push(pathDifference("ONEOF_FIELD_REMOVED", description));
    }
  }
  return differences;
}

function scalarDifferences(older: string, newer: string, path: string): readonly Difference[] {
  if (older === newer || GROUPS.some((group) => group.includes(older) && group.includes(newer))) return [];
  const description = `The kind of a SCALAR field at path '${path}' in the {reader} schema does not match its kind in the {writer} schema`;
  return [pathDifference("FIELD_SCALAR_KIND_CHANGED", description)];
}

/** Strings and bytes are read whatever their label: the last one counts. */
function labelDifferences(older: ProtoField, newer: ProtoField, scalar: string, path: string): readonly Difference[] {
  if (older.label === undefined || newer.label === undefined || older.label === newer.label) return [];
  if (scalar === "string" || scalar === "bytes") return [];
  const description = `The label of a numeric field at path '${path}' in the {reader} schema does not match its label in the {writer} schema`;
  return [pathDifference("FIELD_NUMERIC_LABEL_CHANGED", description)];
}

function kindChanged(path: string): Difference {
  return pathDifference(
    "FIELD_KIND_CHANGED",
    `The kind of a field at path '${path}' in the {reader} schema does not match its kind in the {writer} schema`,
  );
}

function messagesOf(types: readonly ProtoType[]): ReadonlyMap<string, ProtoMessage> {
  return new Map(types.flatMap((type) => (type.kind === "message" ? [[type.name, type]] : [])));
}

function byNumber(message: ProtoMessage): ReadonlyMap<number, ProtoField> {
  return new Map(allFields(message).map((field) => [field.number, field]));
}

function levelOf({ message, scope, name }: Side): Level {
  return { types: message.types, scope, name };
}

function join(outer: string, name: string): string {
  return outer === "" ? name : `${outer}.${name}`;
}
