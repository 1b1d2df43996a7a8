// Records as `kafka-console-consumer` prints them: the parts that `print.*` asks for, separated, then the value.

import type { PrintedRecord } from "../print-records.ts";
import { FlagError } from "./flags.ts";

const FORMATTERS = ["DefaultMessageFormatter", "LoggingMessageFormatter", "NoOpMessageFormatter"] as const;

/** Raises FlagError for a formatter that does not exist here. */
export function formatterOf(className: string | undefined, properties: ReadonlyMap<string, string>): (record: PrintedRecord) => string {
  const name = className?.split(".").at(-1) ?? FORMATTERS[0];
  if (!FORMATTERS.some((known) => known === name) || className?.startsWith("kafka."))
    throw new FlagError(`--formatter ${className}: there are ${FORMATTERS.join(", ")} (of org.apache.kafka.tools.consumer) here.`, {
      isTerse: true,
    });
  if (name === "NoOpMessageFormatter") return () => "";
  const isOn = (property: string, byDefault = false) => (properties.get(property)?.trim() ?? `${byDefault}`).toLowerCase() === "true";
  const separator = properties.get("key.separator") ?? "\t";
  const end = properties.get("line.separator") ?? "\n";
  const nullText = properties.get("null.literal") ?? "null";
  const keyText = textOf(properties.get("key.deserializer"), nullText);
  const valueText = textOf(properties.get("value.deserializer"), nullText);
  const headerText = textOf(properties.get("headers.deserializer"), nullText);
  const headersSeparator = properties.get("headers.separator") ?? ",";
  const parts: readonly (readonly [isWanted: boolean, part: (record: PrintedRecord) => string])[] = [
    [isOn("print.timestamp"), timestampText],
    [isOn("print.partition"), ({ partition }) => `Partition:${partition}`],
    [isOn("print.offset"), ({ offset }) => `Offset:${offset}`],
    [isOn("print.delivery"), ({ deliveryCount }) => `Delivery:${deliveryCount ?? "NOT_PRESENT"}`],
    [isOn("print.epoch"), () => "Epoch:NOT_PRESENT"],
    [
      isOn("print.headers"),
      ({ headers }) => headers.map(({ key, value }) => `${key}:${headerText(value)}`).join(headersSeparator) || "NO_HEADERS",
    ],
    [isOn("print.key"), ({ key }) => keyText(key)],
    [isOn("print.value", true), ({ value }) => valueText(value)],
  ];
  const wanted = parts.filter(([isWanted]) => isWanted).map(([, part]) => part);
  return (record) => `${wanted.map((part) => part(record)).join(separator)}${end}`;
}

function timestampText({ timestamp, isLogAppendTime }: PrintedRecord): string {
  if (timestamp < 0) return "NO_TIMESTAMP";
  return `${isLogAppendTime ? "LogAppendTime" : "CreateTime"}:${timestamp}`;
}

type TextOf = (bytes: Buffer | null) => string;

const DESERIALIZERS: { readonly [name: string]: (bytes: Buffer) => string } = {
  StringDeserializer: (bytes) => bytes.toString("utf8"),
  ByteArrayDeserializer: (bytes) => bytes.toString("utf8"),
  IntegerDeserializer: (bytes) => `${bytes.readInt32BE(0)}`,
  ShortDeserializer: (bytes) => `${bytes.readInt16BE(0)}`,
  LongDeserializer: (bytes) => `${bytes.readBigInt64BE(0)}`,
  FloatDeserializer: (bytes) => `${bytes.readFloatBE(0)}`,
  DoubleDeserializer: (bytes) => `${bytes.readDoubleBE(0)}`,
  BooleanDeserializer: (bytes) => `${bytes.readInt8(0) !== 0}`,
};

function textOf(className: string | undefined, nullText: string): TextOf {
  const deserialize = DESERIALIZERS[className?.split(".").at(-1) ?? "StringDeserializer"];
  if (deserialize === undefined)
    throw new FlagError(`${className} is not a deserializer of this command; there are ${Object.keys(DESERIALIZERS).join(", ")}.`, {
      isTerse: true,
    });
  return (bytes) => (bytes === null ? nullText : deserialize(bytes));
}
