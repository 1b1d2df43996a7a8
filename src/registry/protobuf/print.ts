// Writes a .proto file in one form: two spaces of indentation; options, what is reserved, fields, oneofs, then types. Comments are gone.

import type {
  ProtoEnum,
  ProtoExtend,
  ProtoField,
  ProtoFile,
  ProtoMessage,
  ProtoOption,
  ProtoRange,
  ProtoReserved,
  ProtoService,
  ProtoType,
  ProtoValue,
} from "./file.ts";

export function printProto(file: ProtoFile): string {
  const isEdition = /^[0-9]/.test(file.syntax);
  const groups = new Set(file.extensions.flatMap(({ fields }) => fields.flatMap(({ group }) => group?.name ?? [])));
  const head = [`${isEdition ? "edition" : "syntax"} = "${file.syntax}";`];
  if (file.package !== "") head.push(`package ${file.package};`);
  const sections = [
    head,
    file.imports.map(({ path, kind }) => `import ${kind === undefined ? "" : `${kind} `}"${path}";`),
    file.options.map(optionLine),
    ...file.types.filter((type) => !groups.has(type.name)).map(linesOfType),
    ...file.extensions.map(linesOfExtend),
    ...file.services.map(linesOfService),
  ];
  // Types follow one another without an empty line, as the section that they are.
  const [first = [], imports = [], options = [], ...rest] = sections;
  const filled = [first, imports, options, rest.flat()].filter((section) => section.length > 0);
  return `${filled.map((section) => section.join("\n")).join("\n\n")}\n`;
}

function linesOfType(type: ProtoType): readonly string[] {
  return type.kind === "enum" ? linesOfEnum(type) : linesOfMessage(type, `message ${type.name}`);
}

function linesOfMessage(message: ProtoMessage, opening: string): readonly string[] {
  const groups = groupNames(message);
  return block(opening, [
    message.options.map(optionLine),
    message.reserved.map(reservedLine),
    message.extensionRanges.map(({ ranges, options }) => `extensions ${ranges.map(printRange).join(", ")}${bracketed(options)};`),
    message.fields.flatMap(linesOfField),
    ...message.oneofs.map(({ name, options, fields }) => block(`oneof ${name}`, [options.map(optionLine), fields.flatMap(linesOfField)])),
    ...message.types.filter((type) => !groups.has(type.name)).map(linesOfType),
    ...message.extensions.map(linesOfExtend),
  ]);
}

/** Messages that groups declare are printed where these are. */
function groupNames({ fields, oneofs, extensions }: ProtoMessage): ReadonlySet<string> {
  const all = [...fields, ...oneofs.flatMap((oneof) => oneof.fields), ...extensions.flatMap((extend) => extend.fields)];
  return new Set(all.flatMap(({ group }) => group?.name ?? []));
}

function linesOfField(field: ProtoField): readonly string[] {
  const label = field.label === undefined ? "" : `${field.label} `;
  const options = bracketed(field.options);
  if (field.group !== undefined) return linesOfMessage(field.group, `${label}group ${field.group.name} = ${field.number}${options}`);
  const type = field.mapKey === undefined ? field.type : `map<${field.mapKey}, ${field.type}>`;
  return [`${label}${type} ${field.name} = ${field.number}${options};`];
}

function linesOfEnum({ name, options, values, reserved }: ProtoEnum): readonly string[] {
  return block(`enum ${name}`, [
    options.map(optionLine),
    reserved.map(reservedLine),
    values.map((value) => `${value.name} = ${value.number}${bracketed(value.options)};`),
  ]);
}

function linesOfExtend({ extendee, fields }: ProtoExtend): readonly string[] {
  return block(`extend ${extendee}`, [fields.flatMap(linesOfField)]);
}

function linesOfService({ name, options, methods }: ProtoService): readonly string[] {
  return block(`service ${name}`, [
    options.map(optionLine),
    methods.flatMap((method) => {
      const input = `${method.streamsInput ? "stream " : ""}${method.input}`;
      const output = `${method.streamsOutput ? "stream " : ""}${method.output}`;
      const opening = `rpc ${method.name} (${input}) returns (${output})`;
      return method.options.length === 0 ? [`${opening};`] : block(opening, [method.options.map(optionLine)]);
    }),
  ]);
}

function reservedLine({ ranges, names, isQuoted }: ProtoReserved): string {
  return `reserved ${[...ranges.map(printRange), ...names.map((name) => (isQuoted ? `"${name}"` : name))].join(", ")};`;
}

function printRange({ first, last }: ProtoRange): string {
  return first === last ? String(first) : `${first} to ${last ?? "max"}`;
}

function optionLine(option: ProtoOption): string {
  return `option ${assignment(option)};`;
}

function bracketed(options: readonly ProtoOption[]): string {
  return options.length === 0 ? "" : ` [${options.map(assignment).join(", ")}]`;
}

function assignment({ name, value }: ProtoOption): string {
  return `${name} = ${printValue(value)}`;
}

function printValue(value: ProtoValue): string {
  switch (value.kind) {
    case "string":
      return `"${value.text}"`;
    case "scalar":
      return value.text;
    case "message":
      return `{ ${value.words.join(" ")} }`;
  }
}

/** Sections are set apart by empty lines. */
function block(opening: string, sections: readonly (readonly string[])[]): readonly string[] {
  const filled = sections.filter((section) => section.length > 0);
  if (filled.length === 0) return [`${opening} {}`];
  const body = filled.flatMap((section, index) => (index === 0 ? section : ["", ...section]));
  return [`${opening} {`, ...body.map((line) => (line === "" ? "" : `  ${line}`)), "}"];
}
