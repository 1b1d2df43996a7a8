import { expect, test } from "vitest";
import { type Destination, LogOutput } from "../../src/cli/log-output.ts";

/** A reader that takes nothing until it is told to. */
class StoppedReader implements Destination {
  writableLength = 0;
  readonly taken: string[] = [];
  #waiting: { text: string; written: (error?: Error) => void }[] = [];

  write(text: string, written: (error?: Error) => void = () => undefined): void {
    this.writableLength += text.length;
    this.#waiting.push({ text, written });
  }

  read(error?: Error): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const { text, written } of waiting) {
      this.writableLength -= text.length;
      if (error === undefined) this.taken.push(text);
      written(error);
    }
  }
}

function open() {
  const reader = new StoppedReader();
  const output: LogOutput = new LogOutput(reader, (lines) => output.write(`${lines} lost`));
  return { reader, output };
}

const LINE = "x".repeat(100 * 1024);

test("what a reader leaves unread waits up to a MiB; how much was dropped beyond it is told once it reads again", () => {
  const { reader, output } = open();
  for (let count = 0; count < 25; count++) output.write(LINE);
  expect(reader.writableLength).toBe(10 * LINE.length);
  reader.read();
  reader.read();
  expect(reader.taken).toEqual([...Array(10).fill(LINE), "15 lost"]);
});

test("lines that could not be written are told when one can be", () => {
  const { reader, output } = open();
  output.write("one");
  output.write("two");
  reader.read(new Error("no space left"));
  output.write("three");
  reader.read();
  reader.read();
  expect(reader.taken).toEqual(["three", "2 lost"]);
});

test("a reader that is gone for good is not told anything", () => {
  const { reader, output } = open();
  for (let count = 0; count < 3; count++) {
    output.write("one");
    reader.read(new Error("broken pipe"));
  }
  expect(reader.writableLength).toBe(0);
});
