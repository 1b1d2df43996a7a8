// Records as others take them: lines of JSON, and code that writes them again with kafkajs.

import type { Content, NewRecord, StoredRecord } from "../../../http/api/shapes.ts";

export function ndjson(records: readonly StoredRecord[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

export function kafkajsCode(topic: string, { key, value, headers }: StoredRecord): string {
  const lines = [`key: ${literal(key)}`, `value: ${literal(value)}`];
  if (headers.length > 0)
    lines.push(`headers: { ${headers.map((header) => `[${JSON.stringify(header.key)}]: ${literal(header.value)}`).join(", ")} }`);
  return [
    'import { Kafka } from "kafkajs";',
    "",
    `const producer = new Kafka({ brokers: [${JSON.stringify(location.host)}] }).producer();`,
    "await producer.connect();",
    `await producer.send({ topic: ${JSON.stringify(topic)}, messages: [{ ${lines.join(", ")} }] });`,
    "await producer.disconnect();",
    "",
  ].join("\n");
}

/** The same once more, in the partition in which it was. */
export function again({ partition, key, value, headers }: StoredRecord): NewRecord {
  return {
    partition,
    key: given(key),
    value: given(value),
    headers: headers.map((header) => ({ key: header.key, value: given(header.value) })),
  };
}

function given(content: Content | null): NewRecord["key"] {
  if (content === null) return null;
  return content.base64 === undefined ? { text: content.text ?? "" } : { base64: content.base64 };
}

function literal(content: Content | null): string {
  if (content === null) return "null";
  return content.base64 === undefined ? JSON.stringify(content.text ?? "") : `Buffer.from(${JSON.stringify(content.base64)}, "base64")`;
}
