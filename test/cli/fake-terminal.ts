// A terminal that remembers what was said.

import { Readable } from "node:stream";
import type { Terminal } from "../../src/cli/terminal.ts";

export class FakeTerminal implements Terminal {
  readonly environment: Terminal["environment"];
  readonly stdin: NodeJS.ReadableStream;
  readonly hasTerminal: boolean;
  readonly isPiped = true;
  readonly isTyped = false;
  output = "";
  errors = "";

  constructor({
    environment = {},
    stdin = "",
    hasTerminal = false,
  }: { environment?: Terminal["environment"]; stdin?: string; hasTerminal?: boolean } = {}) {
    this.hasTerminal = hasTerminal;
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
