// Which errors a reply tells, wherever its response has error codes: at the top, with topics, partitions, members. The function that looks
// through a reply is made from the declaration of its response, as codecs are: once for each API, and of nothing but declarations.

import type { Field, Shape } from "../../protocol/schema/field.ts";

/** Calls `tell` with each error code but NONE; gives how often there was NONE. */
export type CountErrors = (reply: object, tell: (errorCode: number) => void) => number;

/** `undefined` for a response without error codes. */
export function errorCounter(shape: Shape): CountErrors | undefined {
  const looks = looksAt(shape, "reply");
  if (looks === "") return undefined;
  return new Function("reply", "tell", `let none = 0;\nlet code = 0;\n${looks}return none;`) as CountErrors;
}

function looksAt(shape: Shape, value: string): string {
  return Object.entries(shape)
    .map(([name, field]) => lookAt(field, name, `${value}.${name}`))
    .join("");
}

function lookAt({ type }: Field<unknown, unknown>, name: string, value: string): string {
  if (type.kind === "primitive")
    return name === "errorCode" ? `code = ${value};\nif (code === 0 || code === undefined) none++; else tell(code);\n` : "";
  if (type.kind === "struct") {
    const inner = looksAt(type.struct.shape, value);
    return inner === "" ? "" : `if (${value} !== undefined && ${value} !== null) {\n${inner}}\n`;
  }
  const element = `${value.replaceAll(".", "_")}_each`;
  const inner = type.element.kind === "struct" ? looksAt(type.element.struct.shape, element) : "";
  return inner === "" ? "" : `for (const ${element} of ${value} ?? []) {\n${inner}}\n`;
}
