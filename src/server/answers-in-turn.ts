// Answers of a connection that are waited for while requests of their kind are taken up behind them: they leave in the order of their requests.
// That is for batches which wait to be committed somewhere far: a producer's next ones are appended meanwhile. Whatever else is asked
// behind them is taken up when they are answered, so that it sees what was appended before it.

import { produce } from "../../protocol/messages/index.ts";

const API_KEY_BYTES = 2;
/** Requests that wait for their answers in turn, beyond which no further one is taken up. */
const MAX_IN_TURN = 32;

/** Something is there to be sent, or comes later; it rejects where the connection is to be closed instead. */
export class AnswerInTurn<Answer> {
  readonly answered: Promise<Answer>;

  constructor(answered: Promise<Answer>) {
    this.answered = answered;
  }
}

/** Whether a request may be taken up while others before it are waited for. */
export function mayFollow(frame: Buffer): boolean {
  return frame.length >= API_KEY_BYTES && frame.readInt16BE(0) === produce.key;
}

interface Place<Answer> {
  answer: { readonly value: Answer } | undefined;
}

export class AnswersInTurn<Answer> {
  readonly #places: Place<Answer>[] = [];
  readonly #send: (answer: Answer) => void;

  /** @param send called with the first when it is there, then with those behind it */
  constructor(send: (answer: Answer) => void) {
    this.#send = send;
  }

  get count(): number {
    return this.#places.length;
  }

  /** No further one is taken up. */
  get isFull(): boolean {
    return this.#places.length >= MAX_IN_TURN;
  }

  /** Takes the next place; gives what sets its answer, and says whether any was sent. */
  wait(): (answer: Answer) => boolean {
    const place: Place<Answer> = { answer: undefined };
    this.#places.push(place);
    return (value) => {
      place.answer = { value };
      return this.#sendReady();
    };
  }

  /** An answer that is there, and whose turn comes after those that are waited for. */
  add(value: Answer): void {
    this.#places.push({ answer: { value } });
  }

  #sendReady(): boolean {
    let isSent = false;
    for (let first = this.#places[0]; first?.answer !== undefined; first = this.#places[0]) {
      this.#places.shift();
      this.#send(first.answer.value);
      isSent = true;
    }
    return isSent;
  }
}
