// What a broker answers instead of doing what was asked: its error code and, where it has one, its sentence.

import { Errors, errorMessage, errorName } from "../../protocol/errors.ts";
import { ClientError } from "./client-error.ts";

export class Refusal extends ClientError {
  readonly errorCode: number;
  /** What the broker said, apart from the code. */
  readonly sentence: string | null;

  constructor(errorCode: number, what: string, sentence: string | null) {
    super(`${what}: ${sentence ?? errorMessage(errorCode) ?? "refused"} (${errorName(errorCode)})`);
    this.name = "Refusal";
    this.errorCode = errorCode;
    this.sentence = sentence;
  }
}

export function failOn(errorCode: number, what: string, sentence: string | null = null): void {
  if (errorCode !== Errors.NONE) throw new Refusal(errorCode, what, sentence);
}

/** For an answer about one thing that did not come. */
export function present<Value>(value: Value | undefined, what: string): Value {
  if (value === undefined) throw new ClientError(`The broker gave no answer for ${what}.`);
  return value;
}
