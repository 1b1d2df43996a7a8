// Answers of a read turn that have not left yet, some of which are made when what the turn appended has been written.

import { Writer } from "../../protocol/wire/writer.ts";

/** Of the answers that are written one behind the other. */
const TYPICAL_ANSWER_BYTES = 80;

/** Answers up to this size in sum are joined into one buffer; larger ones are gathered by the kernel. */
export const JOINED_BYTES = 16 * 1024;

/** `undefined`: no answer (acks=0). */
export type Answer = readonly Buffer[] | undefined;
/** Writes its frame, or nothing; may throw, which ends the connection. */
export type AnswerAfterWrite = (writer: Writer) => void;

export interface MadeAnswers {
  readonly buffers: Buffer[];
  readonly sizeBytes: number;
  /** Why an answer cannot be given: what came before it is to be sent, and nothing of that one. */
  readonly error: Error | undefined;
}

export function madeAnswers(unsent: readonly (Buffer | AnswerAfterWrite)[]): MadeAnswers {
  const writer = new Writer(unsent.length * TYPICAL_ANSWER_BYTES);
  let sizeBytes = 0;
  try {
    for (const each of unsent) {
      if (typeof each === "function") each(writer);
      else writer.bytes(each);
      sizeBytes = writer.sizeBytes;
    }
  } catch (error) {
    const whole = Buffer.concat(writer.finish()).subarray(0, sizeBytes);
    return { buffers: [whole], sizeBytes, error: error instanceof Error ? error : new Error(String(error)) };
  }
  return { buffers: writer.finish(), sizeBytes, error: undefined };
}
