// `kafka-console-producer`: each line of stdin is a record, with headers and a key before the value where the reader is told so.

import type { NewRecord } from "../../../protocol/records/batch-builder.ts";
import { Compression } from "../../../protocol/records/batch-header.ts";
import { Client } from "../client.ts";
import { CommandError } from "../command-error.ts";
import { Sender } from "../sender.ts";
import { BOOTSTRAP_SERVER, COMMAND_CONFIG, FlagError, type Flags } from "./flags.ts";
import { javaLine } from "./java-error.ts";
import { clientSettings, type Io, parseProperties, readTextFile, type Tool } from "./tool.ts";

const CODECS: { readonly [name: string]: Compression } = {
  none: Compression.NONE,
  gzip: Compression.GZIP,
  snappy: Compression.SNAPPY,
  lz4: Compression.LZ4,
  zstd: Compression.ZSTD,
};
const WITHOUT_EFFECT =
  "accepted without effect: this command sends what has come at once and waits for the answers of all in-sync replicas";
const LINE_READER = "org.apache.kafka.tools.LineMessageReader";

export const kafkaConsoleProducer: Tool = {
  purpose: "Send each line of stdin as a record.",
  flags: [
    BOOTSTRAP_SERVER,
    { name: "broker-list", value: "host:port", help: "the same" },
    COMMAND_CONFIG,
    { name: "topic", value: "name", help: "the topic" },
    { name: "reader-property", value: "name=value", help: "parse.key, key.separator, parse.headers, headers.*, null.marker, ignore.error" },
    { name: "property", value: "name=value", help: "the older name of --reader-property" },
    { name: "reader-config", value: "file", help: "a file of reader properties" },
    {
      name: "compression-codec",
      value: "codec",
      isValueOptional: true,
      help: "none, gzip (default with the flag alone), snappy, lz4 or zstd",
    },
    { name: "command-property", value: "name=value", help: "a producer setting; compression.type and acks count" },
    { name: "producer-property", value: "name=value", help: "the older name of --command-property" },
    { name: "producer.config", value: "file", help: "the older name of --command-config" },
    { name: "sync", help: WITHOUT_EFFECT },
    { name: "request-required-acks", value: "acks", help: "all, -1, 0 or 1; the answer of all is waited for" },
    { name: "line-reader", value: "class", help: `${LINE_READER}, the only one there is here` },
    ...["batch-size", "max-memory-bytes", "max-partition-memory-bytes", "message-send-max-retries", "metadata-expiry-ms"].map(
      withoutEffect,
    ),
    ...["max-block-ms", "request-timeout-ms", "retry-backoff-ms", "socket-buffer-size", "timeout"].map(withoutEffect),
  ],
  run: async (flags, io) => {
    flags.need("topic");
    const servers = flags.get("bootstrap-server") ?? flags.get("broker-list");
    if (servers === undefined) throw new FlagError('Missing required argument "[bootstrap-server]"');
    warnOfOldFlags(flags, io);
    const reader = flags.get("line-reader");
    if (reader !== undefined && reader !== LINE_READER)
      throw new FlagError(`java.lang.ClassNotFoundException: ${reader}`, { isTerse: true });
    const properties = readerProperties(flags);
    const settings = producerSettings(flags);
    const compression = compressionOf(flags, settings);
    checkAcks(flags.get("request-required-acks") ?? settings.get("acks"));
    const client = new Client(servers);
    try {
      const topic = flags.get("topic") ?? "";
      const partitions = (await client.partitionsOf(topic, true)) ?? [];
      const sender = new Sender(client, topic, partitions, { compression });
      await sendLines(sender, new LineReader(properties), io);
      return 0;
    } finally {
      await client.close();
    }
  },
  failed: (error, io) => {
    io.error(error instanceof LineError ? `org.apache.kafka.common.KafkaException: ${error.message}` : javaLine(error));
    return 1;
  },
};

function withoutEffect(name: string) {
  return { name, value: "number", help: WITHOUT_EFFECT };
}

function warnOfOldFlags(flags: Flags, io: Io): void {
  const old = [
    ["producer-property", "--command-property"],
    ["producer.config", "--command-config"],
    ["property", "--reader-property"],
  ] as const;
  for (const [name, instead] of old)
    if (flags.has(name)) io.out(`Warning: --${name} is deprecated and will be removed in a future version. Use ${instead} instead.`);
}

function readerProperties(flags: Flags): Map<string, string> {
  const file = flags.get("reader-config");
  const properties = new Map(file === undefined ? [] : parseProperties(readTextFile(file)));
  for (const text of [...flags.all("property"), ...flags.all("reader-property")]) addProperty(properties, text);
  return properties;
}

function producerSettings(flags: Flags): Map<string, string> {
  const settings = new Map([...clientSettings(flags.get("command-config")), ...clientSettings(flags.get("producer.config"))]);
  for (const text of [...flags.all("command-property"), ...flags.all("producer-property")]) addProperty(settings, text);
  return settings;
}

export function addProperty(properties: Map<string, string>, text: string): void {
  const at = text.indexOf("=");
  properties.set(at < 0 ? text : text.slice(0, at), at < 0 ? "" : text.slice(at + 1));
}

function compressionOf(flags: Flags, settings: ReadonlyMap<string, string>): Compression {
  const name = flags.has("compression-codec") ? flags.get("compression-codec") || "gzip" : (settings.get("compression.type") ?? "none");
  const codec = CODECS[name];
  if (codec !== undefined) return codec;
  const known = Object.keys(CODECS).join(", ");
  throw new FlagError(
    `org.apache.kafka.common.config.ConfigException: Invalid value ${name} for configuration compression.type: String must be one of: ${known}`,
    { isTerse: true },
  );
}

function checkAcks(acks: string | undefined): void {
  if (acks === undefined || ["all", "-1", "0", "1"].includes(acks)) return;
  throw new FlagError(
    `org.apache.kafka.common.config.ConfigException: Invalid value ${acks} for configuration acks: String must be one of: all, -1, 0, 1`,
    { isTerse: true },
  );
}

async function sendLines(sender: Sender, reader: LineReader, { terminal }: Io): Promise<void> {
  const { createInterface } = await import("node:readline");
  const lines = createInterface({ input: terminal.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  const prompt = () => (terminal.isTyped ? terminal.out(">") : undefined);
  prompt();
  try {
    for await (const line of lines) {
      await sender.add(reader.read(line));
      prompt();
    }
  } finally {
    await sender.flush();
  }
}

class LineError extends CommandError {}

/** `headers<tab>key<tab>value`, where headers are `name:value,name:value`. */
class LineReader {
  readonly #hasKey: boolean;
  readonly #hasHeaders: boolean;
  readonly #keySeparator: string;
  readonly #headersDelimiter: string;
  readonly #headersSeparator: string;
  readonly #headersKeySeparator: string;
  readonly #isIgnoringErrors: boolean;
  readonly #nullMarker: string | undefined;
  #lineNumber = 0;

  constructor(properties: ReadonlyMap<string, string>) {
    const isTrue = (name: string) => properties.get(name)?.trim().toLowerCase() === "true";
    this.#hasKey = isTrue("parse.key");
    this.#hasHeaders = isTrue("parse.headers");
    this.#isIgnoringErrors = isTrue("ignore.error");
    this.#keySeparator = properties.get("key.separator") ?? "\t";
    this.#headersDelimiter = properties.get("headers.delimiter") ?? "\t";
    this.#headersSeparator = properties.get("headers.separator") ?? ",";
    this.#headersKeySeparator = properties.get("headers.key.separator") ?? ":";
    this.#nullMarker = properties.get("null.marker");
  }

  read(line: string): NewRecord {
    this.#lineNumber++;
    const [headers, rest] = this.#hasHeaders ? this.#split(line, this.#headersDelimiter, "headers delimiter") : [undefined, line];
    const [key, value] = this.#hasKey ? this.#split(rest, this.#keySeparator, "key separator") : [undefined, rest];
    return { key: this.#bytes(key), value: this.#bytes(value), headers: headers === undefined ? [] : this.#headers(headers) };
  }

  #split(text: string, separator: string, what: string): [string | undefined, string] {
    const at = text.indexOf(separator);
    if (at >= 0) return [text.slice(0, at), text.slice(at + separator.length)];
    if (this.#isIgnoringErrors) return [undefined, text];
    throw new LineError(`No ${what} found on line number ${this.#lineNumber}: '${text}'`);
  }

  #headers(text: string) {
    if (this.#nullMarker !== undefined && text === this.#nullMarker) return [];
    return text.split(this.#headersSeparator).map((pair) => {
      const at = pair.indexOf(this.#headersKeySeparator);
      if (at < 0 && !this.#isIgnoringErrors)
        throw new LineError(`No header key separator found in pair '${pair}' on line number ${this.#lineNumber}`);
      const key = at < 0 ? pair : pair.slice(0, at);
      return { key, value: at < 0 ? null : this.#bytes(pair.slice(at + this.#headersKeySeparator.length)) };
    });
  }

  #bytes(text: string | undefined): Buffer | null {
    return text === undefined || text === this.#nullMarker ? null : Buffer.from(text);
  }
}
