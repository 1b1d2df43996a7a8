// What stands for a name that is chosen at run time, or that has the scenario's prefix so that no other scenario's is the same: facts say
// "t" for the topic and "C" for the member, on whatever broker.

import { ZERO_UUID } from "../../protocol/schema/support.ts";

export class Names {
  readonly prefix: string;
  /** Shown by actual. */
  readonly #shown = new Map<string, string>();

  constructor(prefix: string) {
    this.prefix = prefix;
    this.#shown.set(ZERO_UUID, "<no id>");
  }

  /** From now on `actual` is `shown` wherever it stands. */
  call(actual: string, shown: string): void {
    if (actual !== "") this.#shown.set(actual, shown);
  }

  in(text: string): string {
    let result = text;
    for (const [actual, shown] of this.#shown) if (result.includes(actual)) result = result.replaceAll(actual, shown);
    return result.replaceAll(this.prefix, "").replace(GENERATED_ID, "<generated id>");
  }
}

/** As brokers make them for members. */
const GENERATED_ID = /\b(raw-)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/;
