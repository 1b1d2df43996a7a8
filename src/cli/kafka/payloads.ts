// The values that `kafka-producer-perf-test` sends: random letters, lines of a file in random order, or numbers that count up. Random ones
// are views of a larger piece of random letters, so that to make them costs less than to send them.

import { randomFillSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { messageOf } from "../../client/client-error.ts";
import { FlagError } from "./flags.ts";

const LETTERS_BYTES = 1024 * 1024;
const LETTERS = 26;
const FIRST_LETTER = 65;

/** What the record of this index holds. */
export type Payloads = (index: number) => Buffer;

export function randomLetters(sizeBytes: number): Payloads {
  const letters = randomFillSync(Buffer.allocUnsafe(LETTERS_BYTES + sizeBytes));
  for (let at = 0; at < letters.length; at++) letters[at] = FIRST_LETTER + ((letters[at] ?? 0) % LETTERS);
  return () => {
    const start = Math.floor(Math.random() * LETTERS_BYTES);
    return letters.subarray(start, start + sizeBytes);
  };
}

export const countingUp: Payloads = (index) => Buffer.from(`${index}`);

/** The file's pieces between what matches the regular expression `delimiter`. Raises FlagError. */
export function piecesOf(path: string, delimiter: string): readonly Buffer[] {
  const pieces = contentOf(path).split(expressionOf(delimiter));
  while (pieces.at(-1) === "") pieces.pop();
  return pieces.map((piece) => Buffer.from(piece));
}

export function oneOf(pieces: readonly Buffer[]): Payloads {
  return () => pieces[Math.floor(Math.random() * pieces.length)] ?? Buffer.alloc(0);
}

function contentOf(path: string): string {
  let content = "";
  try {
    content = readFileSync(path, "utf8");
  } catch {
    // Said below: Kafka's tool tells a file that is missing not from one that is empty.
  }
  if (content === "")
    throw new FlagError("java.lang.IllegalArgumentException: File does not exist or empty file provided.", { isTerse: true });
  return content;
}

function expressionOf(delimiter: string): RegExp {
  try {
    return new RegExp(delimiter);
  } catch (error) {
    throw new FlagError(`--payload-delimiter ${delimiter}: ${messageOf(error)}`, { isTerse: true });
  }
}
