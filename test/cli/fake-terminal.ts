// A terminal that remembers what was said.

import { Readable } from "node:stream";
import type { Terminal } from "../../src/cli/terminal.ts";

export class FakeTerminal implements Terminal {
  readonly environment: Terminal["environment"];
  readonly stdin: NodeJS.ReadableStream;
  readonly hasTerminal = false;
  readonly isTyped = false;
  output = "";
  errors = "";

  constructor({ environment = {}, stdin = "" }: { environment?: Terminal["environment"]; stdin?: string } = {}) {
    this.environment = environment;
    this.stdin = Readable.from([stdin]);
  }

  out(text: string): void {
    this.output += text;
  }

  error(text: string): void {
    this.errors += text;
  }
}
