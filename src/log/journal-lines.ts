// The lines of a metadata journal: JSON behind the checksum of its text, each ended by a line feed.
//
//   <CRC-32C, 8 hex digits> <JSON>

import { crc32c } from "../../protocol/wire/crc32c.ts";

const LINE_FEED = 0x0a;
const CHECKSUM_CHARACTERS = 8;

export interface JournalLine {
  readonly text: string;
  /** Where the next one starts. */
  readonly end: number;
}

export function encodeLine(value: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(value));
  return Buffer.concat([Buffer.from(prefixOf(crc32c(text))), text, Buffer.from([LINE_FEED])]);
}

function prefixOf(checksum: number): string {
  return `${checksum.toString(16).padStart(CHECKSUM_CHARACTERS, "0")} `;
}

/** `undefined` when no whole and undamaged line starts here. */
export function decodeLine(content: Buffer, start: number): JournalLine | undefined {
  const lineEnd = content.indexOf(LINE_FEED, start);
  const textStart = start + CHECKSUM_CHARACTERS + 1;
  if (lineEnd < textStart) return undefined;
  if (content.toString("latin1", start, textStart) !== prefixOf(crc32c(content, textStart, lineEnd))) return undefined;
  return { text: content.toString("utf8", textStart, lineEnd), end: lineEnd + 1 };
}

/** Does a whole line follow the damaged one at `start`? Then it is not an end that a crash left unfinished. */
export function hasLineAfter(content: Buffer, start: number): boolean {
  for (let at = content.indexOf(LINE_FEED, start); at !== -1; at = content.indexOf(LINE_FEED, at + 1)) {
    if (decodeLine(content, at + 1) !== undefined) return true;
  }
  return false;
}

/** Every whole line, wherever it stands, and how many others there are. */
export function wholeLines(content: Buffer): {
  readonly texts: readonly string[];
  readonly damaged: number;
  readonly isFirstWhole: boolean;
} {
  const texts: string[] = [];
  let damaged = 0;
  for (let at = 0; at < content.length; ) {
    const line = decodeLine(content, at);
    if (line === undefined) damaged++;
    else texts.push(line.text);
    const lineEnd = content.indexOf(LINE_FEED, at);
    at = lineEnd === -1 ? content.length : lineEnd + 1;
  }
  return { texts, damaged, isFirstWhole: decodeLine(content, 0) !== undefined };
}
