// How `kafka-console-producer` makes records of lines: `headers<tab>key<tab>value`, of which the reader's properties say what is there.

import type { NewRecord } from "../../../protocol/records/batch-builder.ts";
import { CommandError } from "../command-error.ts";

/** `headers<tab>key<tab>value`, where headers are `name:value,name:value`. */
export class LineReader {
  readonly #hasKey: boolean;
  readonly #hasHeaders: boolean;
  readonly #keySeparator: string;
  readonly #headersDelimiter: string;
  readonly #headersSeparator: string;
  readonly #headersKeySeparator: string;
  readonly #isIgnoringErrors: boolean;
  readonly #nullMarker: string | undefined;
  #lineNumber = 0;

  /** Raises CommandError for separators that could not be told apart. */
  constructor(properties: ReadonlyMap<string, string>) {
    const text = (name: string, byDefault: string) => properties.get(name) || byDefault;
    const isTrue = (name: string) => properties.get(name)?.trim().toLowerCase() === "true";
    this.#hasKey = isTrue("parse.key");
    this.#hasHeaders = isTrue("parse.headers");
    this.#isIgnoringErrors = isTrue("ignore.error");
    this.#keySeparator = text("key.separator", "\t");
    this.#headersDelimiter = text("headers.delimiter", "\t");
    this.#headersSeparator = text("headers.separator", ",");
    this.#headersKeySeparator = text("headers.key.separator", ":");
    this.#nullMarker = properties.get("null.marker");
    this.#refuseEqual();
  }

  #refuseEqual(): void {
    const delimiter = ["headers.delimiter", this.#headersDelimiter] as const;
    const separator = ["headers.separator", this.#headersSeparator] as const;
    const keySeparator = ["headers.key.separator", this.#headersKeySeparator] as const;
    const marker = ["null.marker", this.#nullMarker] as const;
    const pairs = [
      [delimiter, separator],
      [delimiter, keySeparator],
      [separator, keySeparator],
      [marker, ["key.separator", this.#keySeparator]],
      [marker, separator],
      [marker, delimiter],
      [marker, keySeparator],
    ] as const;
    for (const [[name, text], [other, otherText]] of pairs)
      if (text === otherText) throw readerError(`${name} and ${other} may not be equal`);
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
    throw readerError(`No ${what} found on line number ${this.#lineNumber}: '${text}'`);
  }

  #headers(text: string) {
    if (this.#nullMarker !== undefined && text === this.#nullMarker) return [];
    return text.split(this.#headersSeparator).map((pair) => {
      const at = pair.indexOf(this.#headersKeySeparator);
      if (at < 0 && !this.#isIgnoringErrors)
        throw readerError(`No header key separator found in pair '${pair}' on line number ${this.#lineNumber}`);
      const key = at < 0 ? pair : pair.slice(0, at);
      return { key, value: at < 0 ? null : this.#bytes(pair.slice(at + this.#headersKeySeparator.length)) };
    });
  }

  #bytes(text: string | undefined): Buffer | null {
    return text === undefined || text === this.#nullMarker ? null : Buffer.from(text);
  }
}

function readerError(sentence: string): CommandError {
  return new CommandError(`org.apache.kafka.common.KafkaException: ${sentence}`);
}
