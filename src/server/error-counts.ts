// Which errors a reply tells, wherever its response has error codes: at the top, with topics, partitions, members. What looks through a reply is
// put together from the declaration of its response, once for each API.

import type { Field, Shape } from "../../protocol/schema/field.ts";

/** Called with each error code of a reply, NONE as well. */
export type TellError = (errorCode: number) => void;
type Look = (value: Readonly<Record<string, unknown>>, tell: TellError) => void;

const ERROR_CODE = "errorCode";

/** `undefined` for a response without any. */
export function errorLook(shape: Shape): Look | undefined {
  const looks = Object.entries(shape).flatMap(([name, field]) => lookAt(name, field) ?? []);
  const [first, ...others] = looks;
  if (first === undefined || others.length === 0) return first;
  return (value, tell) => {
    for (const look of looks) look(value, tell);
  };
}

function lookAt(name: string, { type }: Field<unknown, unknown>): Look | undefined {
  if (type.kind === "primitive") {
    if (name !== ERROR_CODE) return undefined;
    return (value, tell) => tell(typeof value[name] === "number" ? value[name] : 0);
  }
  if (type.kind === "struct") {
    const inner = errorLook(type.struct.shape);
    return inner && ((value, tell) => within(value[name], inner, tell));
  }
  const inner = type.element.kind === "struct" ? errorLook(type.element.struct.shape) : undefined;
  return (
    inner &&
    ((value, tell) => {
      const elements = value[name];
      if (Array.isArray(elements)) for (const element of elements) within(element, inner, tell);
    })
  );
}

function within(value: unknown, look: Look, tell: TellError): void {
  if (typeof value === "object" && value !== null) look(value as Readonly<Record<string, unknown>>, tell);
}
