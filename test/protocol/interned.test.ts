// Names that were read before are the same text as when read anew.

import fc from "fast-check";
import { expect, it } from "vitest";
import { internedUtf8 } from "../../protocol/wire/interned.ts";

it("gives the text that the bytes say, also where names share a place in the table", () => {
  const names = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.string({ unit: "grapheme", maxLength: 60 }),
    fc.constantFrom("topic-a", "topic-b", "tapic-a", ""),
  );
  fc.assert(
    fc.property(fc.array(names, { maxLength: 50 }), fc.nat(10), (texts, padding) => {
      for (const text of [...texts, ...texts]) {
        const bytes = Buffer.concat([Buffer.alloc(padding, "x"), Buffer.from(text), Buffer.alloc(padding, "y")]);
        const read = internedUtf8(bytes, padding, bytes.length - padding);
        expect(read).toBe(bytes.toString("utf8", padding, bytes.length - padding));
      }
    }),
    { numRuns: 300 },
  );
});
