// A terminal that remembers what was said.

import { Readable } from "node:stream";
import type { Destination } from "../../src/cli/log-output.ts";
import type { Terminal } from "../../src/cli/terminal.ts";

export class FakeTerminal implements Terminal {
  readonly environment: Terminal["environment"];
  readonly stdin: NodeJS.ReadableStream;
  readonly hasTerminal: boolean;
  readonly isPiped = true;
  readonly isTyped = false;
  output = "";
  errors = "";
  readonly stdout: Destination = destination((text) => this.out(text));
  readonly stderr: Destination = destination((text) => this.error(text));

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

  drained(): Promise<void> {
    return Promise.resolve();
  }
}

function destination(take: (text: string) => void): Destination {
  return {
    writableLength: 0,
    write: (text, written) => {
      take(text);
      written?.();
    },
  };
}
