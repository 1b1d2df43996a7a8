// A .proto file with what has no order put into one (imports, options by name, fields by number, reserved numbers joined), and types called by their full names.

import type {
  ProtoEnum,
  ProtoExtend,
  ProtoField,
  ProtoFile,
  ProtoMessage,
  ProtoMethod,
  ProtoOption,
  ProtoRange,
  ProtoReserved,
  ProtoType,
} from "./file.ts";
import { isScalar } from "./file.ts";
import type { ProtoScope } from "./scope.ts";

export function normalizeProto(scope: ProtoScope): ProtoFile {
  const { file } = scope;
  const within = new Within(scope, file.package);
  return {
    ...file,
    imports: sortedBy(file.imports, ({ path }) => path),
    options: options(file.options),
    types: file.types.map((type) => within.type(type)),
    extensions: file.extensions.map((extend) => within.extend(extend)),
    services: file.services.map((service) => ({
      ...service,
      options: options(service.options),
      methods: service.methods.map((method) => within.method(method)),
    })),
  };
}

class Within {
  readonly #scope: ProtoScope;
  readonly #name: string;

  constructor(scope: ProtoScope, name: string) {
    this.#scope = scope;
    this.#name = name;
  }

  type(type: ProtoType): ProtoType {
    return type.kind === "enum" ? normalEnum(type) : this.message(type);
  }

  message(message: ProtoMessage): ProtoMessage {
    const inner = new Within(this.#scope, this.#name === "" ? message.name : `${this.#name}.${message.name}`);
    return {
      ...message,
      options: options(message.options),
      fields: inner.fields(message.fields),
      oneofs: message.oneofs.map((oneof) => ({ ...oneof, options: options(oneof.options), fields: inner.fields(oneof.fields) })),
      types: message.types.map((type) => inner.type(type)),
      reserved: joined(message.reserved),
      extensionRanges: message.extensionRanges.map((range) => ({ ranges: joinedRanges(range.ranges), options: options(range.options) })),
      extensions: message.extensions.map((extend) => inner.extend(extend)),
    };
  }

  extend({ extendee, fields }: ProtoExtend): ProtoExtend {
    return { extendee: this.#full(extendee), fields: this.fields(fields) };
  }

  method(method: ProtoMethod): ProtoMethod {
    return { ...method, input: this.#full(method.input), output: this.#full(method.output), options: options(method.options) };
  }

  fields(fields: readonly ProtoField[]): readonly ProtoField[] {
    return fields
      .map((field) => ({
        ...field,
        type: this.#full(field.type),
        options: options(field.options),
        group: field.group === undefined ? undefined : this.message(field.group),
      }))
      .sort((a, b) => a.number - b.number);
  }

  #full(type: string): string {
    const found = isScalar(type) ? undefined : this.#scope.find(type, this.#name);
    return found === undefined ? type : `.${found.fullName}`;
  }
}

function normalEnum(element: ProtoEnum): ProtoEnum {
  const values = element.values.map((value) => ({ ...value, options: options(value.options) }));
  return {
    ...element,
    options: options(element.options),
    values: values.sort((a, b) => a.number - b.number),
    reserved: joined(element.reserved),
  };
}

/** By name; those of one name keep their order, which is that of a repeated option's values. */
function options(given: readonly ProtoOption[]): readonly ProtoOption[] {
  return sortedBy(given, ({ name }) => name);
}

/** All numbers in one statement, all names in another. */
function joined(reserved: readonly ProtoReserved[]): readonly ProtoReserved[] {
  const ranges = joinedRanges(reserved.flatMap((one) => one.ranges));
  const names = reserved.flatMap((one) => one.names).sort();
  const isQuoted = reserved.some((one) => one.isQuoted);
  return [
    ...(ranges.length > 0 ? [{ ranges, names: [], isQuoted: false }] : []),
    ...(names.length > 0 ? [{ ranges: [], names, isQuoted }] : []),
  ];
}

function joinedRanges(ranges: readonly ProtoRange[]): readonly ProtoRange[] {
  const result: ProtoRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const before = result.at(-1);
    const end = before === undefined ? -Infinity : (before.last ?? Infinity);
    if (before === undefined || range.first > end + 1) result.push(range);
    else if ((range.last ?? Infinity) > end) result[result.length - 1] = { first: before.first, last: range.last };
  }
  return result;
}

function sortedBy<Item>(items: readonly Item[], key: (item: Item) => string): readonly Item[] {
  return items.toSorted((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}
