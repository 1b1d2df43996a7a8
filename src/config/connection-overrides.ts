// `max.connections.per.ip.overrides`: "127.0.0.1:100,crawler.example:5", hosts with the connections that each may have. Messages are Kafka's.

const NAME = "max.connections.per.ip.overrides";
const INTEGER = /^[+-]?\d+$/;
const MAX_INT32 = 2 ** 31 - 1;

/** What is wrong with the text. */
export function connectionOverridesFault(text: string): string | undefined {
  for (const entry of entriesOf(text)) {
    const end = entry.lastIndexOf(":");
    if (end === -1) return `Error parsing configuration property '${NAME}': begin 0, end -1, length ${entry.length}`;
    const count = entry.slice(end + 1).trim();
    if (!INTEGER.test(count) || Math.abs(Number(count)) > MAX_INT32) return `For input string: "${count}"`;
  }
  return undefined;
}

/** Of a text without fault. */
export function connectionOverrides(text: string): [host: string, limit: number][] {
  return entriesOf(text).map((entry) => {
    const end = entry.lastIndexOf(":");
    return [entry.slice(0, end).trim(), Number(entry.slice(end + 1))];
  });
}

function entriesOf(text: string): string[] {
  return text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}
